"""Alerts, as far as row security shows them to the caller."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.alert_rows import LAST_HEARD
from store.database import Cursor

_COLUMNS = f"""
    alert.sequence, alert.alert_id::text, alert.kind, alert.severity, alert.urgency, alert.state,
    alert.person_id, person.crn, person.name,
    zone.reference, version.name, alert.zone_version, alert.visit_id::text,
    alert.began_at, alert.last_evidence_at, alert.ended_at, alert.received_at, alert.raised_at, alert.updated_at,
    CASE WHEN alert.state = 'open' THEN {LAST_HEARD} END,
    CASE WHEN alert.state = 'open' THEN (
      SELECT min(silence.began_at) FROM alerts silence
      WHERE silence.activation_id = alert.activation_id AND silence.state = 'open'
        AND silence.kind = 'no_communication') END
"""  # noqa: S608 -- our own column names
_TABLES = """
    alerts alert
    LEFT JOIN people person ON person.person_id = alert.person_id
    LEFT JOIN zones zone ON zone.zone_id = alert.zone_id
    LEFT JOIN zone_versions version ON version.zone_id = alert.zone_id AND version.version = alert.zone_version
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


def list_alerts(cursor: Cursor, wanted: AlertFilter, limit: int) -> list[StoredAlert]:
    """Newest first. Sequences become visible in their order, so a page never moves under a reader."""
    conditions: list[tuple[str, Any]] = [
        ("(alert.state = 'open') = %s", wanted.is_open),
        ("alert.person_id = %s", wanted.person_id),
        ("alert.zone_id = (SELECT zone_id FROM zones WHERE reference = %s)", wanted.zone_reference),
        ("alert.kind = %s", wanted.kind),
        ("alert.severity = %s", wanted.severity),
        ("alert.urgency = %s", wanted.urgency),
        ("alert.raised_at >= %s", wanted.raised_since),
        ("alert.sequence < %s", wanted.before),
    ]
    used = [(condition, value) for condition, value in conditions if value is not None]
    where = " AND ".join(condition for condition, _ in used) or "true"
    cursor.execute(
        f"SELECT {_COLUMNS} FROM {_TABLES} WHERE {where} ORDER BY alert.sequence DESC LIMIT %s",  # noqa: S608 -- literals
        (*(value for _, value in used), limit),
    )
    return [StoredAlert(*row) for row in cursor.fetchall()]


def find_alert(cursor: Cursor, alert_id: uuid.UUID) -> tuple[StoredAlert, dict[str, Any]] | None:
    """An alert and its evidence."""
    cursor.execute(
        f"SELECT {_COLUMNS}, alert.evidence FROM {_TABLES} WHERE alert.alert_id = %s::uuid",  # noqa: S608 -- literals
        (str(alert_id),),
    )
    row = cursor.fetchone()
    return None if row is None else (StoredAlert(*row[:-1]), row[-1])
