"""Why an alert was raised, how sure it is, and why not sooner."""

import uuid
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from alerts.explanation import Explanation, explain, for_wearer
from api.documentation import documented
from api.errors import ProblemError
from api.security import Caller, Requires, refuse_unseen
from api.services import CurrentServices
from model.times import from_microseconds, moment_or_none
from store.explanations import load_alert_case

router = APIRouter(tags=["alerts"])


class Audience(StrEnum):
    STAFF = "staff"
    WEARER = "wearer"


_POSITION = {
    "fix_time": "2026-03-02T09:58:12Z",
    "received_at": "2026-03-02T09:58:14Z",
    "upload_delay_s": 2.0,
    "lat": 51.5014,
    "lon": -0.1419,
    "mechanism": "gps",
    "accuracy_m": 8.0,
    "reckoned_accuracy_m": 8.0,
    "depth_m": 72.1,
    "place": "72 m inside",
    "p_inside": 1.0,
    "p_stay": 1.0,
    "verdict": "for_alone",
    "flags": [],
    "counted_for": "confirmed it by itself",
    "in_words": "2 March 2026 09:58:12+00:00: GPS, within 8 m, 72 m inside, probability over 0.999 of being inside the"
    " zone; confirmed it by itself.",
}
_RULE = {
    "name": "presence",
    "version": "2",
    "is_current": True,
    "confirmed_by": "one_alone",
    "in_words": "One position alone: probability over 0.999, and 0.99 is enough; 72 m deep, and 50 m is enough.",
}
_ZONE = {
    "reference": "EZ-1042",
    "name": "Market Square",
    "version": 2,
    "kind": "exclusion",
    "geometry": {"type": "Point", "coordinates": [-0.1419, 51.5014], "radius_m": 150.0},
    "size": "a circle of 150 m radius",
    "schedule": "at all times",
    "in_force_from": None,
    "in_force_to": None,
    "valid_from": "2026-01-05T00:00:00Z",
    "valid_to": None,
    "active_from": None,
    "active_to": None,
    "is_disclosed": True,
    "preset": "fast",
    "policy": {"for_probability": 0.75, "alone_probability": 0.99, "alone_depth_m": 50.0, "confirm_count": 2},
}
_ENDING = (
    "It goes on: no position has ended it. The wearer was last seen inside the zone at 2 March 2026 10:04:12+00:00."
)
_HEADLINE = "Sam Example (CRN X123456) was in the exclusion zone Market Square (EZ-1042). The alert is open."
_EXPLANATION: dict[str, Any] = {
    "alert_id": "0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55",
    "kind": "exclusion_zone_breach",
    "severity": "breach",
    "urgency": "immediate",
    "state": "open",
    "crn": "X123456",
    "headline": _HEADLINE,
    "rule": _RULE,
    "zone": _ZONE,
    "authorisations": [],
    "positions": [_POSITION],
    "nearest": _POSITION,
    "why_not_sooner": ["The first position that spoke for it was enough: nothing before it did."],
    "ending": _ENDING,
    "changes": [],
    "facts": {},
    "limits": {},
    "sections": [{"heading": "What happened", "paragraphs": [_HEADLINE, _ENDING]}],
}


@router.get(
    "/v1/alerts/{alert_id}/explanation",
    **documented(Permission.ALERTS_READ, _EXPLANATION, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def read_explanation(
    caller: Annotated[Caller, Depends(Requires(Permission.ALERTS_READ, Action.ALERT_EXPLAIN))],
    services: CurrentServices,
    alert_id: Annotated[uuid.UUID, Path(description="The alert's id")],
    audience: Annotated[
        Audience, Query(description="wearer: to hand to the wearer, without distances, buffers and approaches")
    ] = Audience.STAFF,
) -> Explanation:
    """Why one alert was raised, how sure it is, why not sooner, and what changed since: in figures and plain English.

    It holds places: the audit records this as a read of location data. What is for the wearer has to be asked for as
    such; of an approach, and of a zone that is not disclosed to them, there is none.
    """
    asked = {"alert_id": str(alert_id), "audience": audience.value}
    with services.pool.transaction(caller.identity) as transaction:
        case = load_alert_case(transaction, alert_id)
        if case is not None:
            alert = case.alert
            ended_at = moment_or_none(alert.ended_us)
            about = Subject(alert.person_id, from_microseconds(alert.began_us), ended_at, row_count=1, detail=asked)
            record_allowed(transaction, caller.identity, Action.ALERT_EXPLAIN, about)
    if case is None:
        raise refuse_unseen(services, caller, Action.ALERT_EXPLAIN, Subject(detail=asked), "alert")
    explanation = explain(case)
    if audience is Audience.STAFF:
        return explanation
    document = for_wearer(explanation)
    if document is None:
        raise ProblemError(
            HTTPStatus.CONFLICT,
            "There is no document of this for the wearer: it is an approach, or not disclosed to them.",
        )
    return document
