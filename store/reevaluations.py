"""Devices whose past is to be judged anew: what is asked for, what a replay reads, and what it writes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from geofence.detection import PresenceKey
from geofence.revision import Revision
from geofence.track import Page
from model.alerts import AlertChange, ToldAlert
from model.devices import FOREVER_US
from model.enums import AlertKind, AlertState, Severity, Urgency
from model.times import from_microseconds, microseconds_or_none, to_microseconds
from model.visits import Visit
from store.alert_writes import write_alerts
from store.batch import LOCK_WAIT_MS, RegistryChangedError
from store.database import Connection, Cursor
from store.locks import limit_lock_wait
from store.offsets import Claim, advance
from store.position_reads import read_pages
from store.registry import lock_registry_shared, read_revision
from store.rows import insert_rows
from store.visit_writes import load_visits_since, write_presence, write_visits

PAGE_SIZE = 5000  # positions: some three and a half days at one a minute


@dataclass(frozen=True, slots=True)
class Reevaluation:
    """One device is to be judged anew from a fix time on."""

    device_id: int
    serial: str
    partition: int
    from_us: int
    until_us: int  # FOREVER_US where all that follows may be judged otherwise
    requested_us: int


def place_reevaluations(cursor: Cursor, limit: int) -> None:
    """Note whose new requests are: the worker's that has the partition on which the device was last heard.

    A device that was never heard has no past, and what was asked for it goes: what it sends is judged as things stand.
    """
    cursor.execute(
        "SELECT device_id FROM reevaluations WHERE partition IS NULL AND error IS NULL ORDER BY requested_at LIMIT %s"
        " FOR UPDATE SKIP LOCKED",
        (limit,),
    )
    device_ids = [device_id for (device_id,) in cursor.fetchall()]
    if not device_ids:
        return
    # a statement of its own, so that it sees every position whose batch has asked for the rows that are held now
    cursor.execute(
        "UPDATE reevaluations SET partition = last.partition FROM unnest(%s) AS wanted (device_id) CROSS JOIN LATERAL ("
        "   SELECT partition FROM positions WHERE positions.device_id = wanted.device_id"
        "   ORDER BY fix_time DESC, fix_key DESC LIMIT 1) last"
        " WHERE reevaluations.device_id = wanted.device_id",
        (device_ids,),
    )
    cursor.execute("DELETE FROM reevaluations WHERE device_id = ANY(%s) AND partition IS NULL", (device_ids,))


def retry_reevaluations(cursor: Cursor, partition: int) -> None:
    """What was set aside is tried again by each worker that takes the partition: it may be of a later release."""
    cursor.execute("UPDATE reevaluations SET error = NULL WHERE partition = %s AND error IS NOT NULL", (partition,))


def set_reevaluation_aside(cursor: Cursor, failed: Reevaluation, error: str) -> None:
    """It could not be judged: it stays there to be seen, and holds up nobody else's."""
    cursor.execute("UPDATE reevaluations SET error = %s WHERE device_id = %s", (error, failed.device_id))


def pending_reevaluations(cursor: Cursor, partitions: Collection[int], limit: int) -> list[Reevaluation]:
    """What was asked for longest ago, of devices last heard on one of ``partitions``."""
    cursor.execute(
        "SELECT device_id, device.serial, asked.partition, from_time, nullif(until_time, 'infinity'), requested_at"
        " FROM reevaluations asked JOIN devices device USING (device_id)"
        " WHERE asked.partition = ANY(%s) AND error IS NULL ORDER BY requested_at LIMIT %s",
        (list(partitions), limit),
    )
    return [
        Reevaluation(
            device_id,
            serial,
            partition,
            to_microseconds(from_time),
            FOREVER_US if until is None else to_microseconds(until),
            to_microseconds(requested_at),
        )
        for device_id, serial, partition, from_time, until, requested_at in cursor.fetchall()
    ]


class StoredRecords:
    """What was written before, within one transaction (``ingest.reevaluation.Records``)."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def visits_since(self, activation_id: int, since_us: int) -> list[Visit]:
        return load_visits_since(self._cursor, activation_id, since_us)

    def pages(self, device_id: int, from_us: int, until_us: int) -> Iterator[Page]:
        return read_pages(self._cursor, device_id, from_us, until_us, PAGE_SIZE)

    def standing(self, visit_ids: Collection[UUID]) -> set[UUID]:
        self._cursor.execute(
            "SELECT visit_id FROM visits WHERE visit_id = ANY(%s::uuid[]) AND state <> 'retracted'",
            ([str(one) for one in visit_ids],),
        )
        return {UUID(visit_id) for (visit_id,) in self._cursor.fetchall()}

    def told(self, visit_ids: Collection[UUID]) -> dict[UUID, ToldAlert]:
        return _told(self._cursor, visit_ids)


@dataclass(frozen=True, slots=True)
class ReevaluationWrite:
    revisions: Sequence[Revision]
    presence: Mapping[PresenceKey, Visit | None]
    alert_changes: Sequence[AlertChange]
    channels: Sequence[str]
    goes_on_us: int | None  # where the rest of what was asked for begins


def write_reevaluation(
    connection: Connection, held: Claim, done: Reevaluation, write: ReevaluationWrite, revision: int
) -> None:
    """Write what a replay found, under the same fences as a batch, and that it, or a part of it, was done.

    Raises as ``write_batch`` does. What was asked for anew in the meantime stays asked for.
    """
    with connection, connection.cursor() as cursor:
        limit_lock_wait(cursor, LOCK_WAIT_MS)
        advance(cursor, held, held.next_offset, held.chain_hash)
        lock_registry_shared(cursor)
        if read_revision(cursor) != revision:
            raise RegistryChangedError
        _note_done(cursor, done, write.goes_on_us)
        write_visits(cursor, [one.after for one in write.revisions])
        _write_merges(cursor, write.revisions)
        write_presence(cursor, write.presence)
        write_alerts(cursor, write.alert_changes, write.channels)


def _note_done(cursor: Cursor, done: Reevaluation, goes_on_us: int | None) -> None:
    asked = "WHERE device_id = %s AND from_time >= %s AND until_time <= %s"
    key = (done.device_id, from_microseconds(done.from_us), _until(done))
    if goes_on_us is None:
        cursor.execute(f"DELETE FROM reevaluations {asked}", key)  # noqa: S608  the literal above
    else:
        rest = from_microseconds(goes_on_us)
        cursor.execute(f"UPDATE reevaluations SET from_time = %s {asked}", (rest, *key))  # noqa: S608  the literal above


def _until(done: Reevaluation) -> str | datetime:
    return "infinity" if done.until_us == FOREVER_US else from_microseconds(done.until_us)


def _write_merges(cursor: Cursor, revisions: Sequence[Revision]) -> None:
    insert_rows(
        cursor,
        "UPDATE visits SET merged_into = merged.into_id::uuid FROM (VALUES %s) AS merged (visit_id, into_id)"
        " WHERE visits.visit_id = merged.visit_id::uuid",
        [(str(one.after.visit_id), str(one.merged_into)) for one in revisions if one.merged_into is not None],
    )


def _told(cursor: Cursor, visit_ids: Collection[UUID]) -> dict[UUID, ToldAlert]:
    """The alerts of these visits, as staff were last told of them."""
    cursor.execute(
        "SELECT visit_id, kind, severity, urgency, state, began_at, last_evidence_at, ended_at FROM alerts"
        " WHERE visit_id = ANY(%s::uuid[])",
        ([str(one) for one in visit_ids],),
    )
    return {
        UUID(visit_id): ToldAlert(
            AlertKind(kind),
            Severity(severity),
            Urgency(urgency),
            AlertState(state),
            to_microseconds(began),
            to_microseconds(last_evidence),
            microseconds_or_none(ended),
        )
        for visit_id, kind, severity, urgency, state, began, last_evidence, ended in cursor.fetchall()
    }
