"""One batch, one transaction: offsets, positions, visits, alerts, outbox. All of it is written, or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crimes.recent import Stretches
from crimes.track_notes import TrackCells, TrackGaps
from geofence.columns import PositionRows
from geofence.detection import PresenceKey
from model.alerts import AlertChange
from model.commands import Command
from model.enums import RejectionReason
from model.times import from_microseconds
from model.visits import Visit
from ops.errors import FencedError
from store.alert_writes import write_alerts
from store.commands import write_commands
from store.database import Connection, Cursor
from store.heard import HeardRow, write_heard
from store.intake import note_heartbeats
from store.locks import limit_lock_wait
from store.offsets import Claim, advance
from store.positions import write_newer, write_older, write_quarantined
from store.reevaluation_requests import reevaluate_late
from store.registry import lock_registry_shared, read_revision
from store.rematches import ask_rematches
from store.rows import insert_rows
from store.track_notes import note_late, write_cells, write_gaps
from store.visit_writes import write_presence, write_visits

LOCK_WAIT_MS = 5000
"""A worker that waits longer behind somebody goes back to its broker: it may be the one to take a frozen worker's
partition over, which ends that worker's session and frees what it holds."""


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
    """Pings of one message that could not be accepted, all for one reason, with its original bytes."""

    topic: str
    partition: int
    message_offset: int
    item: int  # place of the first of them in the message
    key: bytes | None
    value: bytes
    reason: RejectionReason
    detail: str
    received_us: int
    pings: int  # how many they are


@dataclass(frozen=True, slots=True)
class BatchWrite:
    """Everything that one batch changes."""

    raw: Sequence[RawRecord]
    newer: PositionRows
    older: PositionRows
    quarantined: PositionRows
    dead_letters: Sequence[DeadLetter]
    visits: Sequence[Visit]
    presence: dict[PresenceKey, Visit | None]
    alert_changes: Sequence[AlertChange]
    commands: Sequence[Command]
    channels: Sequence[str]  # that alert changes are delivered to
    rematches: Stretches  # for which crimes are matched again
    gaps: TrackGaps = field(default_factory=TrackGaps.none)
    cells: TrackCells = field(default_factory=TrackCells.none)
    heard: Sequence[HeardRow] = ()
    heartbeats: Mapping[tuple[str, int], int] = field(default_factory=dict)  # by topic and partition: the broker's time


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

    Raises FencedError when a partition was taken over, RegistryChangedError when the registry has moved on, and
    psycopg2's LockNotAvailable where another session, perhaps a frozen one, is in the way; nothing is written then.
    """
    held = {(claim.topic, claim.partition): claim for claim in claims}
    with connection, connection.cursor() as cursor:
        limit_lock_wait(cursor, LOCK_WAIT_MS)
        advanced = [
            _advance(cursor, held[raw.topic, raw.partition], raw)
            for raw in sorted(write.raw, key=lambda raw: (raw.topic, raw.partition))
        ]
        note_heartbeats(cursor, write.heartbeats)
        lock_registry_shared(cursor)
        if read_revision(cursor) != revision:
            raise RegistryChangedError
        write_raw(cursor, write.raw)
        stored = write_newer(cursor, write.newer)
        late = write_older(cursor, write.older)
        reevaluate_late(cursor, [(one.device_id, one.earliest, one.latest) for one in late])
        quarantined = write_quarantined(cursor, write.quarantined)
        write_gaps(cursor, write.gaps)
        note_late(cursor, late)
        write_cells(cursor, write.cells)
        write_dead_letters(cursor, write.dead_letters)
        write_visits(cursor, write.visits)
        write_presence(cursor, write.presence)
        write_heard(cursor, write.heard)
        ask_rematches(cursor, write.rematches, late)
        write_commands(cursor, write.commands)
        write_alerts(cursor, write.alert_changes, write.channels)
    stored += sum(one.count for one in late)
    repeated = len(write.newer) + len(write.older) + len(write.quarantined) - stored - quarantined
    return Written(advanced, stored, repeated, quarantined)


def _advance(cursor: Cursor, held: Claim, raw: RawRecord) -> Claim:
    """Raises FencedError also where the messages are not those behind the claim's offset: they were judged before."""
    if raw.first_offset < held.next_offset:
        raise FencedError(
            f"partition {raw.partition} of {raw.topic} was read from offset {raw.first_offset},"
            f" but all before {held.next_offset} is written"
        )
    return advance(cursor, held, raw.next_offset, raw.chain_hash)


def write_raw(cursor: Cursor, records: Sequence[RawRecord]) -> None:
    insert_rows(
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


def write_dead_letters(cursor: Cursor, letters: Sequence[DeadLetter]) -> None:
    insert_rows(
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
