"""How far each partition is, and who may say so.

A claim raises the partition's epoch. A batch moves the offset only where epoch and offset are still those of its
claim, so a worker that was frozen and lost the partition cannot write. Every transaction that touches a partition
first takes its advisory lock: the one who holds it is known by process id, and a frozen one is ended.
"""

import time
from dataclasses import dataclass

from ops.errors import FencedError, UnavailableError
from ops.logs import get_logger
from store.database import Connection, Cursor

PARTITION_LOCK_CLASS = 1129272903
GENESIS_HASH = bytes(32)
"""What the first batch of a partition's raw archive is chained to."""
BEGINNING = -1
"""The next offset of a partition that nothing was ever written of: the beginning, wherever the broker has it."""
RETRY_S = 0.05

log = get_logger("store")


@dataclass(frozen=True, slots=True)
class Claim:
    """One worker's hold on one partition; each written batch gives the next one."""

    topic: str
    partition: int
    epoch: int
    next_offset: int
    chain_hash: bytes


def claim(connection: Connection, topic: str, partition: int, worker: str, patience_s: float) -> Claim:
    """Take the partition over, and learn where to go on.

    A transaction that holds the partition for longer than ``patience_s`` is a frozen worker's: its session is ended.
    Raises UnavailableError when the partition cannot be had even so.
    """
    deadline = time.monotonic() + patience_s
    ended = False
    while True:
        with connection, connection.cursor() as cursor:
            if _try_lock(cursor, topic, partition):
                return _raise_epoch(cursor, topic, partition, worker)
            if time.monotonic() > deadline:
                if ended:
                    raise UnavailableError(
                        f"partition {partition} of {topic} is held by a session that could not be ended"
                    )
                ended = _end_holder(cursor, topic, partition)
                deadline = time.monotonic() + patience_s
        time.sleep(RETRY_S)


def advance(cursor: Cursor, held: Claim, next_offset: int, chain_hash: bytes) -> Claim:
    """The first statement of a batch: move the offset, or raise FencedError when another worker has the partition."""
    if not _try_lock(cursor, held.topic, held.partition):
        raise FencedError(f"partition {held.partition} of {held.topic} is being taken over")
    cursor.execute(
        "UPDATE partition_offsets SET next_offset = %s, chain_hash = %s, updated_at = clock_timestamp()"
        " WHERE topic = %s AND partition = %s AND epoch = %s AND next_offset = %s",
        (next_offset, chain_hash, held.topic, held.partition, held.epoch, held.next_offset),
    )
    if cursor.rowcount != 1:
        raise FencedError(f"partition {held.partition} of {held.topic} was taken over by another worker")
    return Claim(held.topic, held.partition, held.epoch, next_offset, chain_hash)


def _try_lock(cursor: Cursor, topic: str, partition: int) -> bool:
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", (PARTITION_LOCK_CLASS, f"{topic}/{partition}"))
    row = cursor.fetchone()
    return bool(row and row[0])


def _raise_epoch(cursor: Cursor, topic: str, partition: int, worker: str) -> Claim:
    cursor.execute(
        "INSERT INTO partition_offsets (topic, partition, epoch, next_offset, chain_hash, worker)"
        " VALUES (%s, %s, 1, %s, %s, %s)"
        " ON CONFLICT (topic, partition) DO UPDATE SET epoch = partition_offsets.epoch + 1,"
        " worker = excluded.worker, updated_at = clock_timestamp()"
        " RETURNING epoch, next_offset, chain_hash",
        (topic, partition, BEGINNING, GENESIS_HASH, worker),
    )
    row = cursor.fetchone()
    if row is None:
        raise LookupError("an upsert always returns its row")
    epoch, next_offset, chain_hash = row
    return Claim(topic, partition, epoch, next_offset, bytes(chain_hash))


def _end_holder(cursor: Cursor, topic: str, partition: int) -> bool:
    cursor.execute(
        "SELECT pid, pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND classid = %s AND objid = (hashtext(%s)::bigint & 4294967295)::oid AND objsubid = 2",
        (PARTITION_LOCK_CLASS, f"{topic}/{partition}"),
    )
    holders = cursor.fetchall()
    log.warning("ended the session of a frozen worker", topic=topic, partition=partition, holders=len(holders))
    return bool(holders)
