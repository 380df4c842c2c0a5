"""Alerts, the log of their changes, and the outbox, as a batch writes them."""

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg2.extensions import AsIs
from psycopg2.extras import Json

from model.enums import Mechanism, PositionFlag
from model.times import from_microseconds
from model.visits import Alert, AlertChange, EvidencePosition, Visit
from store.database import Cursor
from store.locks import Lock, hold_until_commit
from store.rows import insert_rows

CLOCK = AsIs("clock_timestamp()")
NEXT_ALERT = AsIs("nextval('alert_sequence')")


def write_alerts(cursor: Cursor, changes: Sequence[AlertChange], channels: Sequence[str]) -> None:
    """Alerts, the log of their changes and the outbox; last, because the log's lock is held to the commit."""
    if not changes:
        return
    hold_until_commit(cursor, Lock.ALERT_EVENTS)
    _upsert_alerts(cursor, {change.alert.alert_id: change.alert for change in changes}.values())
    cursor.execute("SELECT nextval('alert_event_sequence') FROM generate_series(1, %s)", (len(changes),))
    event_ids = [event_id for (event_id,) in cursor.fetchall()]
    insert_rows(
        cursor,
        "INSERT INTO alert_events (event_id, alert_id, person_id, change, happened_at, payload) VALUES %s",
        (
            (
                event_id,
                str(change.alert.alert_id),
                change.alert.visit.person_id,
                change.kind.value,
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


def _upsert_alerts(cursor: Cursor, alerts: Iterable[Alert]) -> None:
    insert_rows(
        cursor,
        "INSERT INTO alerts (alert_id, sequence, kind, state, person_id, activation_id, zone_id, zone_version,"
        " visit_id, began_at, last_inside_at, ended_at, received_at, raised_at, updated_at, evidence) VALUES %s"
        " ON CONFLICT (alert_id) DO UPDATE SET state = excluded.state, last_inside_at = excluded.last_inside_at,"
        " ended_at = excluded.ended_at, updated_at = excluded.updated_at, evidence = excluded.evidence",
        (
            (
                str(alert.alert_id),
                NEXT_ALERT,
                alert.kind.value,
                alert.state.value,
                alert.visit.person_id,
                alert.visit.activation_id,
                alert.visit.zone_id,
                alert.visit.zone_version,
                str(alert.visit.visit_id),
                from_microseconds(alert.visit.entered_us),
                from_microseconds(alert.visit.last_inside_us),
                None if alert.visit.left_us is None else from_microseconds(alert.visit.left_us),
                from_microseconds(alert.visit.evidence.entry.received_us),
                CLOCK,
                CLOCK,
                Json(_evidence_document(alert.visit)),
            )
            for alert in alerts
        ),
    )


def _event_document(change: AlertChange) -> dict[str, Any]:
    """What a receiver is told: no coordinates, they are read from the alert itself, by those who may."""
    alert, visit = change.alert, change.alert.visit
    return {
        "alert_id": str(alert.alert_id),
        "change": change.kind.value,
        "kind": alert.kind.value,
        "state": alert.state.value,
        "person_id": visit.person_id,
        "zone_id": visit.zone_id,
        "zone_version": visit.zone_version,
        "began_at": from_microseconds(visit.entered_us).isoformat(),
        "last_inside_at": from_microseconds(visit.last_inside_us).isoformat(),
        "ended_at": None if visit.left_us is None else from_microseconds(visit.left_us).isoformat(),
        "positions_inside": visit.positions_inside,
    }


def _evidence_document(visit: Visit) -> dict[str, Any]:
    """Why the alert was raised, with what was known: the positions, the zone's version, the rule."""
    return {
        "rule": "plain dot",
        "rule_version": 1,
        "zone_version": visit.zone_version,
        "positions_inside": visit.positions_inside,
        "positions": {
            "entry": _position_document(visit.evidence.entry),
            "deepest": _position_document(visit.evidence.deepest),
            "latest": _position_document(visit.evidence.latest),
        },
    }


def _position_document(position: EvidencePosition) -> dict[str, Any]:
    return {
        "device_id": position.device_id,
        "fix_time": from_microseconds(position.fix_time_us).isoformat(),
        "received_at": from_microseconds(position.received_us).isoformat(),
        "lat": position.lat,
        "lon": position.lon,
        "accuracy_m": position.accuracy_m,
        "mechanism": Mechanism(position.mechanism).word,
        "depth_m": round(position.depth_m, 2),
        "flags": PositionFlag(position.flags).words,
        "fix_key": str(position.fix_key),  # 64 bits: more than a number of JSON carries everywhere
    }
