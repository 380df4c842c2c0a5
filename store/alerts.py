"""Alerts, as far as row security shows them to the caller."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.database import Cursor

_COLUMNS = """
    alert.sequence, alert.alert_id::text, alert.kind, alert.state,
    alert.person_id, person.crn, person.name,
    zone.reference, version.name, alert.zone_version, alert.visit_id::text,
    alert.began_at, alert.last_inside_at, alert.ended_at, alert.received_at, alert.raised_at, alert.updated_at
"""
_TABLES = """
    alerts alert
    JOIN people person ON person.person_id = alert.person_id
    JOIN zones zone ON zone.zone_id = alert.zone_id
    JOIN zone_versions version ON version.zone_id = alert.zone_id AND version.version = alert.zone_version
"""


@dataclass(frozen=True, slots=True)
class StoredAlert:
    sequence: int
    alert_id: str
    kind: str
    state: str
    person_id: int
    crn: str
    person_name: str
    zone_reference: str
    zone_name: str
    zone_version: int
    visit_id: str
    began_at: datetime
    last_inside_at: datetime
    ended_at: datetime | None
    received_at: datetime
    raised_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """What to list; None does not filter. ``before`` is the sequence of the last alert of the page before."""

    is_open: bool | None = None
    person_id: int | None = None
    zone_reference: str | None = None
    raised_since: datetime | None = None
    before: int | None = None


def list_alerts(cursor: Cursor, wanted: AlertFilter, limit: int) -> list[StoredAlert]:
    """Newest first. Sequences become visible in their order, so a page never moves under a reader."""
    conditions: list[tuple[str, Any]] = [
        ("alert.state = %s", None if wanted.is_open is None else "open" if wanted.is_open else "ended"),
        ("alert.person_id = %s", wanted.person_id),
        ("alert.zone_id = (SELECT zone_id FROM zones WHERE reference = %s)", wanted.zone_reference),
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
