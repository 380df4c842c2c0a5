"""Alerts: lists that are never cut without saying so, and one alert with its evidence."""

import uuid
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from alerts.casework import possible_for
from alerts.casework_rules import current_rules
from api.casework_schemas import EntryOut, PlanAtAlert, WaitingOut
from api.cursors import decode_number, encode_number, next_link
from api.documentation import documented
from api.fields import CursorText, Limit, Moment, PersonFilter, ZoneFilter
from api.schemas import AlertOut, AlertsPage, AlertWithEvidence
from api.security import Caller, Requires, refuse_unseen
from api.services import CurrentServices
from model.casework import CaseStatus
from model.enums import AlertKind, Severity, Urgency
from store.alerts import AlertFilter, CaseFilter, StoredAlert, count_waiting, find_alert, list_alerts
from store.cases import list_entries
from store.clock import service_now
from store.database import Cursor
from store.messages import note_receipt
from store.response_plans import find_plan

router = APIRouter(tags=["alerts"])

MAY_LIST = Requires(Permission.ALERTS_READ, Action.ALERTS_LIST)
ME = "me"
NOBODY = "nobody"
AlertId = Annotated[uuid.UUID, Path(description="The alert's id")]

_ALERT: dict[str, object] = {
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
CASE_EXAMPLE = {
    "status": "acknowledged",
    "etag": '"2"',
    "assigned_to": "officer.jones",
    "clocks": {
        "acknowledged": {
            "due_at": "2026-11-22T10:03:14.310000Z",
            "at": "2026-11-22T10:01:05Z",
            "by": "officer.jones",
            "is_overdue": False,
        },
        "first_action": {"due_at": "2026-11-22T10:13:14.310000Z", "at": None, "by": None, "is_overdue": False},
        "outcome": {"due_at": "2026-11-23T09:58:14.310000Z", "at": None, "by": None, "is_overdue": False},
    },
    "account_invited_at": None,
    "contested_at": None,
    "review_due_at": None,
    "closed_at": None,
    "closed_by": None,
    "outcome": None,
    "outcome_is_breach": None,
    "outcome_rules_version": None,
}
_ALERT["case"] = CASE_EXAMPLE
_WAITING = {
    "to_do": 12,
    "unacknowledged": 3,
    "unassigned": 4,
    "overdue": 1,
    "oldest_raised_at": "2026-10-02T21:14:09.120000Z",
}
_WORK = {
    "plan": {
        "zone_reference": "EZ-1042",
        "alert_kind": None,
        "version": 2,
        "steps": [
            {
                "code": "call_wearer",
                "text": "Ring the wearer: ask them to leave, and for their account.",
                "phone": None,
                "due_at": "2026-11-22T10:08:14.310000Z",
                "done_at": None,
                "done_by": None,
            }
        ],
        "emergency_when": "At once where somebody may come to harm.",
    },
    "history": [
        {
            "etag": '"2"',
            "action": "acknowledge",
            "by": "officer.jones",
            "at": "2026-11-22T10:01:05Z",
            "words": "officer.jones acknowledged it",
            "text": None,
        }
    ],
    "possible_actions": ["start_review", "note", "contact", "assign", "hand_over", "complete_step"],
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


def read_case_filter(
    *,
    caller: Annotated[Caller, Depends(MAY_LIST)],
    status: Annotated[CaseStatus | None, Query(description="Only those worked so far")] = None,
    is_to_do: Annotated[
        bool | None, Query(alias="to_do", description="true: neither closed nor retracted, however old")
    ] = None,
    assigned_to: Annotated[
        str | None,
        Query(min_length=1, max_length=200, description="A subject, `me`, or `nobody` for those on nobody's desk"),
    ] = None,
    is_overdue: Annotated[
        bool | None, Query(alias="overdue", description="true: a clock that still runs has run out")
    ] = None,
) -> CaseFilter:
    is_unassigned = assigned_to == NOBODY
    subject = caller.identity.subject if assigned_to == ME else assigned_to
    return CaseFilter(
        status=status,
        is_to_do=is_to_do,
        assigned_to=None if is_unassigned else subject,
        is_assigned=False if is_unassigned else None,
        is_overdue=is_overdue,
    )


@router.get("/v1/alerts", **documented(Permission.ALERTS_READ, {"alerts": [_ALERT], "waiting": _WAITING, "next": None}))
def read_alerts(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(MAY_LIST)],
    services: CurrentServices,
    wanted: Annotated[AlertFilter, Depends(read_filter)],
    worked: Annotated[CaseFilter, Depends(read_case_filter)],
    limit: Limit = 100,
) -> AlertsPage:
    """Alerts, newest first. `next` is there whenever there are more; alerts raised meanwhile do not move a page.

    None leaves a list for its age, and `waiting` counts what is still to be done, whatever the filters.
    """
    with services.pool.transaction(caller.identity) as transaction:
        rules, now = current_rules(transaction), service_now(transaction)
        found = list_alerts(transaction, wanted, worked, limit + 1, rules, now)
        waiting = count_waiting(transaction, rules, now)
        page = found[:limit]
        about = Subject(
            wanted.person_id,
            window_from=wanted.raised_since,
            row_count=len(page),
            person_ids=[alert.person_id for alert in page],
        )
        record_allowed(transaction, caller.identity, Action.ALERTS_LIST, about)
    more = None
    if found[limit:]:
        more = next_link(request.url.path, _parameters(wanted, worked, limit), encode_number(page[-1].sequence))
    return AlertsPage(
        alerts=[AlertOut.of(alert, now) for alert in page], waiting=WaitingOut.model_validate(waiting), next=more
    )


@router.get(
    "/v1/alerts/{alert_id}",
    **documented(Permission.ALERTS_READ, {**_ALERT, "evidence": _EVIDENCE, **_WORK}, HTTPStatus.NOT_FOUND),
)
def read_alert(
    caller: Annotated[Caller, Depends(Requires(Permission.ALERTS_READ, Action.ALERT_READ))],
    services: CurrentServices,
    response: Response,
    alert_id: AlertId,
) -> AlertWithEvidence:
    """One alert with its evidence, its plan and its history. The header ETag is what the next action has to match.

    The evidence holds places: the audit records this as a read of location data.
    """
    asked = {"alert_id": str(alert_id)}
    with services.pool.transaction(caller.identity) as transaction:
        rules, now = current_rules(transaction), service_now(transaction)
        found = find_alert(transaction, alert_id, rules, now)
        if found is not None:
            alert, evidence = found
            note_receipt(transaction, caller.identity.subject, alert_id)
            answer = _whole(transaction, caller, alert, evidence, now)
            about = Subject(alert.person_id, alert.began_at, alert.ended_at, row_count=1, detail=asked)
            record_allowed(transaction, caller.identity, Action.ALERT_READ, about)
    if found is None:
        raise refuse_unseen(services, caller, Action.ALERT_READ, Subject(detail=asked), "alert")
    response.headers["ETag"] = answer.case.etag
    return answer


def _whole(
    transaction: Cursor, caller: Caller, alert: StoredAlert, evidence: dict[str, Any], now: datetime
) -> AlertWithEvidence:
    case, subject = alert.case, caller.identity.subject
    history = list_entries(transaction, case.alert_id)
    plan = None if case.response_plan_id is None else find_plan(transaction, case.response_plan_id)
    return AlertWithEvidence.whole(
        alert,
        now,
        evidence=evidence,
        plan=None if plan is None else PlanAtAlert.of(plan, case.raised_at, history),
        history=[EntryOut.of(entry) for entry in history],
        possible_actions=possible_for(transaction, subject, case.alert_id),
    )


def _parameters(wanted: AlertFilter, worked: CaseFilter, limit: int) -> dict[str, str | int | None]:
    """The filters as the query of the next page."""
    return {
        "open": _flag(wanted.is_open),
        "person": wanted.person_id,
        "zone": wanted.zone_reference,
        "kind": wanted.kind,
        "severity": wanted.severity,
        "urgency": wanted.urgency,
        "status": worked.status,
        "to_do": _flag(worked.is_to_do),
        "assigned_to": NOBODY if worked.is_assigned is False else worked.assigned_to,
        "overdue": _flag(worked.is_overdue),
        "since": None if wanted.raised_since is None else wanted.raised_since.isoformat(),
        "limit": limit,
    }


def _flag(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()
