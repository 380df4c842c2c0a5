"""One batch, one transaction: offsets, positions, visits, alerts, outbox. All of it is written, or nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from psycopg2.extensions import AsIs
from psycopg2.extras import Json, execute_values

from geofence.columns import PositionRows
from model.enums import RejectionReason
from model.times import from_microseconds
from model.visits import Alert, AlertChange, Visit
from store.database import Connection, Cursor
from store.offsets import Claim, advance
from store.positions import write_newer, write_older, write_quarantined
from store.registry import lock_registry_shared, read_revision

ALERT_EVENT_LOCK = 1129272904
PAGE = 1000
CLOCK = AsIs("clock_timestamp()")
NEXT_ALERT = AsIs("nextval('alert_sequence')")


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A batch of the raw archive as its row."""

    topic: str
    partition: int
    first_offset: int
    next_offset: int
    message_count: int
    received_from_us: int
    received_to_us: int
    body: bytes
    previous_hash: bytes
    chain_hash: bytes


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A ping that could not be accepted, with the original bytes of its message."""

    topic: str
    partition: int
    message_offset: int
    item: int
    key: bytes | None
    value: bytes
    reason: RejectionReason
    detail: str
    received_us: int


@dataclass(frozen=True, slots=True)
class BatchWrite:
    """Everything that one batch changes."""

    raw: Sequence[RawRecord]
    newer: PositionRows
    older: PositionRows
    quarantined: PositionRows
    dead_letters: Sequence[DeadLetter]
    visits: Sequence[Visit]
    presence: dict[tuple[int, int], Visit | None]
    alert_changes: Sequence[AlertChange]
    channels: Sequence[str]  # that alert changes are delivered to


@dataclass(frozen=True, slots=True)
class Written:
    claims: list[Claim]  # to hold on by from here
    stored: int
    repeated: int
    quarantined: int


class RegistryChangedError(Exception):
    """A zone or an activation was changed since the batch was decided: decide it again."""


def write_batch(connection: Connection, claims: Sequence[Claim], write: BatchWrite, revision: int) -> Written:
    """Write the batch that was decided under ``claims`` and the registry's ``revision``.

    Raises FencedError when a partition was taken over and RegistryChangedError when the registry has moved on;
    nothing is written then.
    """
    held = {(claim.topic, claim.partition): claim for claim in claims}
    with connection, connection.cursor() as cursor:
        advanced = [
            advance(cursor, held[raw.topic, raw.partition], raw.next_offset, raw.chain_hash)
            for raw in sorted(write.raw, key=lambda raw: (raw.topic, raw.partition))
        ]
        lock_registry_shared(cursor)
        if read_revision(cursor) != revision:
            raise RegistryChangedError
        _write_raw(cursor, write.raw)
        stored = write_newer(cursor, write.newer)
        late = write_older(cursor, write.older)
        quarantined = write_quarantined(cursor, write.quarantined)
        _write_dead_letters(cursor, write.dead_letters)
        _write_visits(cursor, write.visits)
        _write_presence(cursor, write.presence)
        _write_alerts(cursor, write.alert_changes, write.channels)
    repeated = len(write.newer) + len(write.older) + len(write.quarantined) - stored - late - quarantined
    return Written(advanced, stored + late, repeated, quarantined)


def _insert(cursor: Cursor, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    execute_values(cursor, statement, list(rows), page_size=PAGE)


def _write_raw(cursor: Cursor, records: Sequence[RawRecord]) -> None:
    _insert(
        cursor,
        "INSERT INTO raw_batches (topic, partition, first_offset, next_offset, message_count, received_from,"
        " received_to, body, previous_hash, chain_hash) VALUES %s",
        (
            (
                raw.topic,
                raw.partition,
                raw.first_offset,
                raw.next_offset,
                raw.message_count,
                from_microseconds(raw.received_from_us),
                from_microseconds(raw.received_to_us),
                raw.body,
                raw.previous_hash,
                raw.chain_hash,
            )
            for raw in records
        ),
    )


def _write_dead_letters(cursor: Cursor, letters: Sequence[DeadLetter]) -> None:
    _insert(
        cursor,
        "INSERT INTO dead_letters (topic, partition, message_offset, item, key, value, reason, detail, received_at)"
        " VALUES %s ON CONFLICT DO NOTHING",
        (
            (
                letter.topic,
                letter.partition,
                letter.message_offset,
                letter.item,
                letter.key,
                letter.value,
                letter.reason.value,
                letter.detail,
                from_microseconds(letter.received_us),
            )
            for letter in letters
        ),
    )


def _write_visits(cursor: Cursor, visits: Sequence[Visit]) -> None:
    _insert(
        cursor,
        "INSERT INTO visits (visit_id, activation_id, person_id, zone_id, zone_version, entered_at, last_inside_at,"
        " left_at, positions_inside) VALUES %s ON CONFLICT (visit_id) DO UPDATE SET"
        " last_inside_at = excluded.last_inside_at, left_at = excluded.left_at,"
        " positions_inside = excluded.positions_inside",
        (
            (
                str(visit.visit_id),
                visit.activation_id,
                visit.person_id,
                visit.zone_id,
                visit.zone_version,
                from_microseconds(visit.entered_us),
                from_microseconds(visit.last_inside_us),
                None if visit.left_us is None else from_microseconds(visit.left_us),
                visit.positions_inside,
            )
            for visit in visits
        ),
    )


def _write_presence(cursor: Cursor, presence: dict[tuple[int, int], Visit | None]) -> None:
    clear = [key for key, visit in presence.items() if visit is None]
    if clear:
        _insert(
            cursor,
            "DELETE FROM presence USING (VALUES %s) AS clear (activation_id, zone_id)"
            " WHERE presence.activation_id = clear.activation_id AND presence.zone_id = clear.zone_id",
            clear,
        )
    _insert(
        cursor,
        "INSERT INTO presence (activation_id, zone_id, visit_id, zone_version, entered_at, last_inside_at,"
        " positions_inside, evidence) VALUES %s ON CONFLICT (activation_id, zone_id) DO UPDATE SET"
        " visit_id = excluded.visit_id, zone_version = excluded.zone_version, entered_at = excluded.entered_at,"
        " last_inside_at = excluded.last_inside_at, positions_inside = excluded.positions_inside,"
        " evidence = excluded.evidence",
        (
            (
                visit.activation_id,
                visit.zone_id,
                str(visit.visit_id),
                visit.zone_version,
                from_microseconds(visit.entered_us),
                from_microseconds(visit.last_inside_us),
                visit.positions_inside,
                Json(asdict(visit.evidence)),
            )
            for visit in presence.values()
            if visit is not None
        ),
    )


def _write_alerts(cursor: Cursor, changes: Sequence[AlertChange], channels: Sequence[str]) -> None:
    """Alerts, the log of their changes and the outbox; last, because the log's lock is held to the commit."""
    if not changes:
        return
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (ALERT_EVENT_LOCK,))
    _upsert_alerts(cursor, {change.alert.alert_id: change.alert for change in changes}.values())
    cursor.execute("SELECT nextval('alert_event_sequence') FROM generate_series(1, %s)", (len(changes),))
    event_ids = [event_id for (event_id,) in cursor.fetchall()]
    _insert(
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
    _insert(
        cursor,
        "INSERT INTO outbox (event_id, channel) VALUES %s",
        [(event_id, channel) for event_id in event_ids for channel in channels],
    )


def _upsert_alerts(cursor: Cursor, alerts: Iterable[Alert]) -> None:
    _insert(
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
        "positions": {part: _position_document(position) for part, position in asdict(visit.evidence).items()},
    }


def _position_document(position: dict[str, Any]) -> dict[str, Any]:
    times = {"fix_time": position["fix_time_us"], "received_at": position["received_us"]}
    rest = {name: value for name, value in position.items() if name not in {"fix_time_us", "received_us"}}
    return {name: from_microseconds(value).isoformat() for name, value in times.items()} | rest
