"""The raw archive's rows: batches in the order of their chain, and whose messages lie where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from store.database import Cursor
from store.enrolment import find_person
from store.locks import Lock, hold_until_commit
from store.offset_moves import MOVED

FUTURE_MOST = timedelta(days=1)  # CORDON_FIX_MAX_FUTURE_S allows no more: a fix is never received longer before it
PAGE = 20  # batches fetched at once: each holds some megabytes
BATCH_COLUMNS = (
    "topic, partition, first_offset, next_offset, message_count, received_from, received_to, body, previous_hash,"
    " chain_hash"
)


@dataclass(frozen=True, slots=True)
class StoredBatch:
    topic: str
    partition: int
    first_offset: int
    next_offset: int
    message_count: int
    received_from: datetime
    received_to: datetime
    body: bytes
    previous_hash: bytes
    chain_hash: bytes

    def __str__(self) -> str:
        return f"batch {self.first_offset}-{self.next_offset - 1} of {self.topic}/{self.partition}"


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where a partition's chain ends, read together with the count of its batches."""

    topic: str
    partition: int
    chain_hash: bytes | None  # None: batches are there, and nothing says where their chain ends
    next_offset: int
    batches: int


@dataclass(frozen=True, slots=True)
class StoredFix:
    """Where the message of a position is."""

    serial: str
    fix_time: datetime
    fix_key: int
    received_at: datetime
    partition: int
    message_offset: int
    quarantined: bool


@dataclass(frozen=True, slots=True)
class Wear:
    """One device on one person."""

    device_id: int
    serial: str
    began_at: datetime
    ended_at: datetime | None  # None: still on

    def covers(self, moment: datetime) -> bool:
        return self.began_at <= moment and (self.ended_at is None or moment < self.ended_at)


def find_fixes(cursor: Cursor, serial: str, fix_time: datetime) -> list[StoredFix]:
    """The positions of the device at that instant, those in quarantine too, that may be looked at.

    Where nobody wore it, they are nobody's. Of one in quarantine the clock was wrong, so its receipt decides.
    """
    cursor.execute(
        """
        SELECT serial, fix_time, fix_key, received_at, partition, message_offset, is_wild FROM (
          SELECT device_id, serial, fix_time, fix_key, received_at, partition, message_offset, false AS is_wild,
                 fix_time AS moment
          FROM devices JOIN positions USING (device_id) WHERE serial = %(serial)s AND fix_time = %(fix_time)s
          UNION ALL
          SELECT device_id, serial, fix_time, fix_key, received_at, partition, message_offset, true, received_at
          FROM devices JOIN quarantined_positions USING (device_id)
          WHERE serial = %(serial)s AND fix_time = %(fix_time)s) found
        WHERE NOT EXISTS (
          SELECT FROM device_activations worn WHERE worn.device_id = found.device_id AND during @> moment
            AND NOT lawful_times(person_id, moment, moment + interval '1 microsecond') @> moment)
        ORDER BY fix_key
        """,
        {"serial": serial, "fix_time": fix_time},
    )
    return [StoredFix(*row) for row in cursor.fetchall()]


def find_batches(cursor: Cursor, partition: int, message_offset: int) -> list[StoredBatch]:
    """The batches that can hold the message: several where a topic was read again or made anew."""
    cursor.execute(
        f"SELECT {BATCH_COLUMNS} FROM raw_batches"  # noqa: S608 -- names of this file
        " WHERE partition = %(partition)s AND first_offset <= %(offset)s AND next_offset > %(offset)s"
        " ORDER BY topic, first_offset",
        {"partition": partition, "offset": message_offset},
    )
    return [_batch(row) for row in cursor.fetchall()]


def list_heads(cursor: Cursor, topic: str | None, partition: int | None) -> list[ChainHead]:
    """Every chain, or those of one topic or partition number."""
    cursor.execute(
        """
        SELECT topic, partition, head.chain_hash, coalesce(head.next_offset, -1), coalesce(kept.batches, 0)
        FROM partition_offsets head
        FULL JOIN (SELECT topic, partition, count(*) AS batches FROM raw_batches GROUP BY topic, partition) kept
          USING (topic, partition)
        WHERE (%(topic)s IS NULL OR topic = %(topic)s) AND (%(partition)s IS NULL OR partition = %(partition)s)
        ORDER BY topic, partition
        """,
        {"topic": topic, "partition": partition},
    )
    return [
        ChainHead(name, number, None if chain_hash is None else bytes(chain_hash), next_offset, batches)
        for name, number, chain_hash, next_offset, batches in cursor.fetchall()
    ]


def batch_after(cursor: Cursor, topic: str, partition: int, previous_hash: bytes) -> StoredBatch | None:
    """The batch that is chained to ``previous_hash``; the key lets there be one only."""
    cursor.execute(
        f"SELECT {BATCH_COLUMNS} FROM raw_batches"  # noqa: S608 -- names of this file
        " WHERE topic = %s AND partition = %s AND previous_hash = %s",
        (topic, partition, previous_hash),
    )
    row = cursor.fetchone()
    return None if row is None else _batch(row)


def moves_of(cursor: Cursor, topic: str, partition: int) -> frozenset[bytes]:
    """The heads at which an operator made the partition go on elsewhere."""
    cursor.execute(
        "SELECT detail->>'chain_hash' FROM audit_log WHERE action = %s AND outcome = 'allowed'"
        " AND detail->>'topic' = %s AND (detail->>'partition')::integer = %s",
        (MOVED, topic, partition),
    )
    return frozenset(bytes.fromhex(chain_hash) for (chain_hash,) in cursor.fetchall())


def wearers_of(cursor: Cursor, serial: str, moment: datetime) -> list[int]:
    """Who wore the device then, quarantined times too: for the audit of who looked at what it sent."""
    cursor.execute(
        "SELECT DISTINCT person_id FROM activation_records JOIN devices USING (device_id)"
        " WHERE serial = %s AND during @> %s",
        (serial, moment),
    )
    return [person_id for (person_id,) in cursor.fetchall()]


def wears_of(cursor: Cursor, crn: str) -> tuple[int, list[Wear]]:
    """The person's id, and what they wore when, quarantined times too. InputError when nobody has the CRN."""
    person_id = find_person(cursor, crn)
    cursor.execute(
        "SELECT device_id, serial, lower(during), upper(during) FROM activation_records JOIN devices USING (device_id)"
        " WHERE person_id = %s ORDER BY serial, during",
        (person_id,),
    )
    return person_id, [Wear(*wear) for wear in cursor.fetchall()]


def places_by_receipt(cursor: Cursor, wear: Wear) -> set[tuple[int, int]]:
    """(partition, offset) of the messages whose fix time says nothing, received while the device was on the person."""
    cursor.execute(
        """
        SELECT partition, message_offset FROM dead_letters
        WHERE key = %(key)s AND partition IS NOT NULL AND received_at <@ tstzrange(%(began_at)s, %(ended_at)s)
        UNION
        SELECT partition, message_offset FROM quarantined_positions
        WHERE device_id = %(device_id)s AND received_at <@ tstzrange(%(began_at)s, %(ended_at)s)
        """,
        {
            "key": wear.serial.encode(),
            "device_id": wear.device_id,
            "began_at": wear.began_at,
            "ended_at": wear.ended_at,
        },
    )
    return {(partition, offset) for partition, offset in cursor.fetchall()}


def batches_to_search(cursor: Cursor, wears: Sequence[Wear]) -> Iterator[StoredBatch]:
    """All batches of the partitions that these devices were ever heard in, since the first of them was put on.

    A message that repeats a fix leaves no row of its own, so nothing tells which batches hold one. Only one erasure
    goes on at a time: a second one would write back what the first has erased.
    """
    hold_until_commit(cursor, Lock.ERASURE)
    with cursor.connection.cursor("raw_batches_to_search") as reader:
        reader.itersize = PAGE
        reader.execute(
            f"""
            SELECT {BATCH_COLUMNS} FROM raw_batches
            WHERE received_to >= %(since)s AND partition IN (
              SELECT partition FROM positions WHERE device_id = ANY (%(device_ids)s)
              UNION SELECT partition FROM quarantined_positions WHERE device_id = ANY (%(device_ids)s)
              UNION SELECT partition FROM dead_letters WHERE key = ANY (%(keys)s::bytea[]))
            """,  # noqa: S608 -- names of this file
            {
                "since": min(wear.began_at for wear in wears) - FUTURE_MOST,
                "device_ids": [wear.device_id for wear in wears],
                "keys": [wear.serial.encode() for wear in wears],
            },
        )
        for row in reader:
            yield _batch(row)


def count_event_originals(cursor: Cursor, wears: Sequence[Wear]) -> int:
    """How many events of these devices are kept as they were sent, while the person wore them."""
    return sum(_event_originals(cursor, "SELECT FROM device_events", wear) for wear in wears)


def erase_event_originals(cursor: Cursor, wears: Sequence[Wear]) -> int:
    """The events stay, without the bytes that they came in; how many."""
    return sum(_event_originals(cursor, "UPDATE device_events SET original = NULL", wear) for wear in wears)


def _event_originals(cursor: Cursor, statement: str, wear: Wear) -> int:
    cursor.execute(
        f"{statement} WHERE device_id = %s AND original IS NOT NULL AND event_time <@ tstzrange(%s, %s)",
        (wear.device_id, wear.began_at, wear.ended_at),
    )
    return cursor.rowcount


def replace_body(cursor: Cursor, batch: StoredBatch, body: bytes) -> None:
    """The only change that a kept batch ever sees."""
    cursor.execute(
        "UPDATE raw_batches SET body = %s WHERE topic = %s AND partition = %s AND previous_hash = %s",
        (body, batch.topic, batch.partition, batch.previous_hash),
    )


def _batch(row: tuple[Any, ...]) -> StoredBatch:
    place, blobs = row[:-3], [bytes(blob) for blob in row[-3:]]
    return StoredBatch(*place, *blobs)
