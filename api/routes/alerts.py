"""Alerts: lists that are never cut without saying so, and one alert with its evidence."""

import uuid
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.cursors import decode_number, encode_number, next_link
from api.documentation import documented
from api.fields import CursorText, Limit, Moment, PersonFilter, ZoneFilter
from api.schemas import AlertOut, AlertsPage, AlertWithEvidence
from api.security import Caller, Requires, refuse_unseen
from api.services import CurrentServices
from model.enums import AlertKind, Severity, Urgency
from store.alerts import AlertFilter, find_alert, list_alerts

router = APIRouter(tags=["alerts"])

AlertId = Annotated[uuid.UUID, Path(description="The alert's id")]

_ALERT = {
    "alert_id": "0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55",
    "kind": "exclusion_zone_breach",
    "severity": "breach",
    "urgency": "immediate",
    "state": "open",
    "person": {"person_id": 17, "crn": "X123456", "name": "Sam Example"},
    "zone": {"reference": "EZ-1042", "name": "Market Square", "version": 2},
    "visit_id": "6f0d7d0e-9f64-5a0e-8a38-0d5a3a3b8c11",
    "began_at": "2026-11-22T09:58:12Z",
    "last_evidence_at": "2026-11-22T10:04:12Z",
    "ended_at": None,
    "received_at": "2026-11-22T09:58:14Z",
    "raised_at": "2026-11-22T09:58:14.310000Z",
    "updated_at": "2026-11-22T10:04:14.120000Z",
    "last_heard_at": "2026-11-22T10:04:14Z",
    "silent_since": None,
}
_EVIDENCE = {
    "rule": "dot-1",
    "positions": [{"fix_time": "2026-11-22T09:58:12Z", "lat": 51.5014, "lon": -0.1419, "accuracy_m": 8.0}],
}


def read_filter(
    *,
    is_open: Annotated[
        bool | None, Query(alias="open", description="true: still lasting; false: ended or retracted")
    ] = None,
    person: PersonFilter = None,
    zone: ZoneFilter = None,
    kind: Annotated[AlertKind | None, Query(description="Only of this kind")] = None,
    severity: Annotated[Severity | None, Query(description="Only of this severity")] = None,
    urgency: Annotated[Urgency | None, Query(description="Only told in this way")] = None,
    since: Annotated[Moment | None, Query(description="Only those raised at this time or later")] = None,
    cursor: CursorText = None,
) -> AlertFilter:
    return AlertFilter(
        is_open=is_open,
        person_id=person,
        zone_reference=zone,
        kind=kind,
        severity=severity,
        urgency=urgency,
        raised_since=since,
        before=decode_number(cursor),
    )


@router.get("/v1/alerts", **documented(Permission.ALERTS_READ, {"alerts": [_ALERT], "next": None}))
def read_alerts(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.ALERTS_READ, Action.ALERTS_LIST))],
    services: CurrentServices,
    wanted: Annotated[AlertFilter, Depends(read_filter)],
    limit: Limit = 100,
) -> AlertsPage:
    """Alerts, newest first. `next` is there whenever there are more; alerts raised meanwhile do not move a page."""
    with services.pool.transaction(caller.identity) as transaction:
        found = list_alerts(transaction, wanted, limit + 1)
        page = found[:limit]
        about = Subject(person_id=wanted.person_id, window_from=wanted.raised_since, row_count=len(page))
        record_allowed(transaction, caller.identity, Action.ALERTS_LIST, about)
    more = None
    if found[limit:]:
        more = next_link(request.url.path, _parameters(wanted, limit), encode_number(page[-1].sequence))
    return AlertsPage(alerts=[AlertOut.of(alert) for alert in page], next=more)


@router.get(
    "/v1/alerts/{alert_id}",
    **documented(Permission.ALERTS_READ, {**_ALERT, "evidence": _EVIDENCE}, HTTPStatus.NOT_FOUND),
)
def read_alert(
    caller: Annotated[Caller, Depends(Requires(Permission.ALERTS_READ, Action.ALERT_READ))],
    services: CurrentServices,
    alert_id: AlertId,
) -> AlertWithEvidence:
    """One alert with its evidence. The evidence holds places: the audit records this as a read of location data."""
    asked = {"alert_id": str(alert_id)}
    with services.pool.transaction(caller.identity) as transaction:
        found = find_alert(transaction, alert_id)
        if found is not None:
            alert, _ = found
            about = Subject(alert.person_id, alert.began_at, alert.ended_at, row_count=1, detail=asked)
            record_allowed(transaction, caller.identity, Action.ALERT_READ, about)
    if found is None:
        raise refuse_unseen(services, caller, Action.ALERT_READ, Subject(detail=asked), "alert")
    return AlertWithEvidence.with_evidence(*found)


def _parameters(wanted: AlertFilter, limit: int) -> dict[str, str | int | None]:
    """The filters as the query of the next page."""
    return {
        "open": None if wanted.is_open is None else str(wanted.is_open).lower(),
        "person": wanted.person_id,
        "zone": wanted.zone_reference,
        "kind": wanted.kind,
        "severity": wanted.severity,
        "urgency": wanted.urgency,
        "since": None if wanted.raised_since is None else wanted.raised_since.isoformat(),
        "limit": limit,
    }
