"""Alerts, the log of their changes, and the outbox, as a batch writes them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from psycopg2.extensions import AsIs
from psycopg2.extras import Json

from model.alerts import Alert, AlertChange, ToldAlert, more_urgent
from model.enums import Urgency
from model.times import from_microseconds, moment_or_none, text_or_none
from store.database import Cursor
from store.late_data import work_late_data
from store.locks import Lock, hold_until_commit
from store.rows import insert_rows

CLOCK = AsIs("service_clock()")
NEXT_ALERT = AsIs("nextval('alert_sequence')")


def write_alerts(cursor: Cursor, changes: Sequence[AlertChange], channels: Sequence[str]) -> None:
    """Alerts, the log of their changes and the outbox; last, because the log's lock is held to the commit."""
    if not changes:
        return
    changes = _as_first_told(cursor, changes)
    hold_until_commit(cursor, Lock.ALERT_EVENTS)
    _upsert_alerts(cursor, {change.alert.alert_id: change.alert for change in changes}.values())
    work_late_data(cursor, changes)
    cursor.execute("SELECT nextval('alert_event_sequence') FROM generate_series(1, %s)", (len(changes),))
    event_ids = [event_id for (event_id,) in cursor.fetchall()]
    insert_rows(
        cursor,
        "INSERT INTO alert_events (event_id, alert_id, person_id, change, urgency, happened_at, payload) VALUES %s",
        (
            (
                event_id,
                str(change.alert.alert_id),
                change.alert.person_id,
                change.kind.value,
                change.alert.urgency.value,
                CLOCK,
                Json(_event_document(change)),
            )
            for event_id, change in zip(event_ids, changes, strict=True)
        ),
    )
    insert_rows(
        cursor,
        "INSERT INTO outbox (event_id, channel) VALUES %s",
        [(event_id, channel) for event_id in event_ids for channel in channels],
    )


def _as_first_told(cursor: Cursor, changes: Sequence[AlertChange]) -> list[AlertChange]:
    """One alert a visit: under the identifier that an earlier release gave it, and never less urgent than before."""
    visit_ids = [str(change.alert.visit_id) for change in changes if change.alert.visit_id is not None]
    cursor.execute("SELECT visit_id, alert_id, urgency FROM alerts WHERE visit_id = ANY(%s::uuid[])", (visit_ids,))
    told = {UUID(visit_id): (UUID(alert_id), Urgency(urgency)) for visit_id, alert_id, urgency in cursor.fetchall()}
    return [replace(change, alert=_told_before(change.alert, told)) for change in changes]


def _told_before(alert: Alert, told: Mapping[UUID, tuple[UUID, Urgency]]) -> Alert:
    if alert.visit_id is None or alert.visit_id not in told:
        return alert
    alert_id, urgency = told[alert.visit_id]
    return replace(alert, alert_id=alert_id, urgency=more_urgent(urgency, alert.urgency))


def _upsert_alerts(cursor: Cursor, alerts: Iterable[Alert]) -> None:
    insert_rows(
        cursor,
        "INSERT INTO alerts (alert_id, sequence, kind, severity, urgency, state, person_id, activation_id, zone_id,"
        " zone_version, visit_id, began_at, last_evidence_at, ended_at, received_at, raised_at, updated_at, evidence)"
        " VALUES %s ON CONFLICT (alert_id) DO UPDATE SET kind = excluded.kind, severity = excluded.severity,"
        " urgency = excluded.urgency,"
        " state = excluded.state, zone_version = excluded.zone_version, began_at = excluded.began_at,"
        " last_evidence_at = excluded.last_evidence_at, ended_at = excluded.ended_at,"
        " updated_at = excluded.updated_at, evidence = excluded.evidence",
        (
            (
                str(alert.alert_id),
                NEXT_ALERT,
                alert.kind.value,
                alert.severity.value,
                alert.urgency.value,
                alert.state.value,
                alert.person_id,
                alert.activation_id,
                alert.zone_id,
                alert.zone_version,
                None if alert.visit_id is None else str(alert.visit_id),
                from_microseconds(alert.began_us),
                from_microseconds(alert.last_evidence_us),
                moment_or_none(alert.ended_us),
                from_microseconds(alert.received_us),
                CLOCK,
                CLOCK,
                Json(alert.evidence),
            )
            for alert in alerts
        ),
    )


def _event_document(change: AlertChange) -> dict[str, Any]:
    """What a receiver is told: no coordinates, they are read from the alert itself, by those who may."""
    alert, before = change.alert, change.before
    return {
        "alert_id": str(alert.alert_id),
        "change": change.kind.value,
        "kind": alert.kind.value,
        "severity": alert.severity.value,
        "urgency": alert.urgency.value,
        "state": alert.state.value,
        "person_id": alert.person_id,
        "zone_id": alert.zone_id,
        "zone_version": alert.zone_version,
        "began_at": from_microseconds(alert.began_us).isoformat(),
        "last_evidence_at": from_microseconds(alert.last_evidence_us).isoformat(),
        "ended_at": text_or_none(alert.ended_us),
        **({} if before is None else {"before": _told_document(before)}),
    }


def _told_document(told: ToldAlert) -> dict[str, Any]:
    return {
        "kind": told.kind.value,
        "severity": told.severity.value,
        "state": told.state.value,
        "began_at": from_microseconds(told.began_us).isoformat(),
        "last_evidence_at": from_microseconds(told.last_evidence_us).isoformat(),
        "ended_at": text_or_none(told.ended_us),
    }
