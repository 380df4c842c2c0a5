"""Alerts with their cases, as far as row security shows them to the caller."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from model.casework import AlertCase, CaseClocks
from model.casework_rules import CaseworkRules
from store.alert_rows import LAST_HEARD, SHOWN_EVIDENCE
from store.case_clocks import CLOCKS, DUE, OVERDUE, clock_parameters
from store.caseloads import OF_FEW_PEOPLE, few_people
from store.cases import CASE, COLUMNS, OPEN, case_of
from store.database import Cursor, fetch_one

_COLUMNS = f"""
    alert.sequence, alert.alert_id::text, alert.kind, alert.severity, alert.urgency, alert.state,
    alert.person_id, person.crn, person.name,
    zone.reference, version.name, alert.zone_version, alert.visit_id::text,
    alert.began_at, alert.last_evidence_at, alert.ended_at, alert.received_at, alert.raised_at, alert.updated_at,
    CASE WHEN alert.state = 'open' THEN {LAST_HEARD} END,
    CASE WHEN alert.state = 'open' THEN (
      SELECT min(silence.began_at) FROM alerts silence
      WHERE silence.activation_id = alert.activation_id AND silence.state = 'open'
        AND silence.kind = 'no_communication') END,
    {CASE}, {DUE}
"""  # noqa: S608 -- our own column names
_TABLES = f"""
    alerts alert
    JOIN alert_cases alert_case USING (alert_id)
    LEFT JOIN people person ON person.person_id = alert.person_id
    LEFT JOIN zones zone ON zone.zone_id = alert.zone_id
    LEFT JOIN zone_versions version ON version.zone_id = alert.zone_id AND version.version = alert.zone_version
    {CLOCKS}
"""


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """What does not apply is None: a device's alert has no zone and no visit, our own no person either."""

    sequence: int
    alert_id: str
    kind: str
    severity: str
    urgency: str
    state: str
    person_id: int | None
    crn: str | None
    person_name: str | None
    zone_reference: str | None
    zone_name: str | None
    zone_version: int | None
    visit_id: str | None
    began_at: datetime
    last_evidence_at: datetime
    ended_at: datetime | None
    received_at: datetime
    raised_at: datetime
    updated_at: datetime
    last_heard_at: datetime | None  # of an open alert's device
    silent_since: datetime | None  # while that device is silent: what it last said still stands
    case: AlertCase
    clocks: CaseClocks


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """What to list; None does not filter. ``before`` is the sequence of the last alert of the page before."""

    is_open: bool | None = None
    person_id: int | None = None
    zone_reference: str | None = None
    kind: str | None = None
    severity: str | None = None
    urgency: str | None = None
    raised_since: datetime | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """How far it was worked; None does not filter."""

    status: str | None = None
    is_to_do: bool | None = None  # neither closed nor retracted
    assigned_to: str | None = None
    is_assigned: bool | None = None
    is_overdue: bool | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Of all alerts that the caller may see, however old: what is still to be done."""

    to_do: int
    unacknowledged: int
    unassigned: int
    overdue: int
    oldest_raised_at: datetime | None


_CONDITIONS = {
    "is_open": "(alert.state = 'open') = %(is_open)s",
    "person_id": "alert.person_id = %(person_id)s",
    "zone_reference": "alert.zone_id = (SELECT zone_id FROM zones WHERE reference = %(zone_reference)s)",
    "kind": "alert.kind = %(kind)s",
    "severity": "alert.severity = %(severity)s",
    "urgency": "alert.urgency = %(urgency)s",
    "raised_since": "alert.raised_at >= %(raised_since)s",
    "status": "alert_case.status = %(status)s",
    "is_to_do": f"({OPEN}) = %(is_to_do)s",
    "assigned_to": "alert_case.assigned_to = %(assigned_to)s",
    "is_assigned": "(alert_case.assigned_to IS NOT NULL) = %(is_assigned)s",
    "is_overdue": f"{OVERDUE} = %(is_overdue)s",
    "before": "alert.sequence < %(before)s",
    "few_people": OF_FEW_PEOPLE,
}


def list_alerts(
    cursor: Cursor, wanted: AlertFilter, worked: CaseFilter, limit: int, rules: CaseworkRules, now: datetime
) -> list[StoredAlert]:
    """Newest first, none left out for its age. Sequences become visible in their order, so a page never moves."""
    given = asdict(wanted) | asdict(worked) | few_people(cursor)
    where = " AND ".join(_CONDITIONS[name] for name, value in given.items() if value is not None) or "true"
    cursor.execute(
        f"SELECT {_COLUMNS} FROM {_TABLES} WHERE {where} ORDER BY alert.sequence DESC LIMIT %(limit)s",  # noqa: S608 -- literals
        given | {"limit": limit} | clock_parameters(rules, now),
    )
    return [_alert_of(row) for row in cursor.fetchall()]


def find_alert(
    cursor: Cursor, alert_id: uuid.UUID, rules: CaseworkRules, now: datetime
) -> tuple[StoredAlert, dict[str, Any]] | None:
    """An alert and its evidence."""
    cursor.execute(
        f"SELECT {_COLUMNS}, {SHOWN_EVIDENCE} FROM {_TABLES} WHERE alert.alert_id = %(alert)s::uuid",  # noqa: S608 -- literals
        {"alert": str(alert_id)} | clock_parameters(rules, now),
    )
    row = cursor.fetchone()
    return None if row is None else (_alert_of(row[:-1]), row[-1])


def count_waiting(cursor: Cursor, rules: CaseworkRules, now: datetime) -> Waiting:
    few = few_people(cursor)
    cursor.execute(
        "SELECT count(*), count(*) FILTER (WHERE alert_case.acknowledged_at IS NULL),"  # noqa: S608 -- literals
        f" count(*) FILTER (WHERE alert_case.assigned_to IS NULL), count(*) FILTER (WHERE {OVERDUE}),"
        f" min(alert_case.raised_at) FROM alerts alert JOIN alert_cases alert_case USING (alert_id) {CLOCKS}"
        f" WHERE {OPEN} AND {OF_FEW_PEOPLE if few else 'true'}",
        few | clock_parameters(rules, now),
    )
    return Waiting(*fetch_one(cursor))


def _alert_of(row: Sequence[Any]) -> StoredAlert:
    own = len(fields(StoredAlert)) - 2
    case, clocks = row[own : own + len(COLUMNS)], row[own + len(COLUMNS) :]
    return StoredAlert(*(*row[:own], case_of(case), CaseClocks(*clocks)))


def people_of_alerts(cursor: Cursor, alert_ids: Sequence[uuid.UUID]) -> list[int]:
    """Whom the alerts are about, as far as the caller sees them."""
    cursor.execute(
        "SELECT DISTINCT person_id FROM alerts WHERE alert_id = ANY (%s::uuid[]) AND person_id IS NOT NULL",
        ([str(one) for one in alert_ids],),
    )
    return [person_id for (person_id,) in cursor.fetchall()]
