"""How far each partition is, and who may say so.

A claim raises the partition's epoch. A batch moves the offset only where epoch and offset are still those of its
claim, so a worker that was frozen and lost the partition cannot write. Every transaction that touches a partition
first takes its advisory lock: the one who holds it is known by process id, and a frozen one is ended.
"""

import time
from dataclasses import dataclass

from ops.errors import FencedError, UnavailableError
from ops.logs import get_logger
from store.database import Connection, Cursor, fetch_one
from store.locks import LockClass, end_holders

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
        "UPDATE partition_offsets SET next_offset = %s, chain_hash = %s, updated_at = service_clock()"
        " WHERE topic = %s AND partition = %s AND epoch = %s AND next_offset = %s",
        (next_offset, chain_hash, held.topic, held.partition, held.epoch, held.next_offset),
    )
    if cursor.rowcount != 1:
        raise FencedError(f"partition {held.partition} of {held.topic} was taken over by another worker")
    return Claim(held.topic, held.partition, held.epoch, next_offset, chain_hash)


def lock_name(topic: str, partition: int) -> str:
    """Of the partition's lock, in the class of partitions."""
    return f"{topic}/{partition}"


def _try_lock(cursor: Cursor, topic: str, partition: int) -> bool:
    cursor.execute(
        "SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", (LockClass.PARTITION, lock_name(topic, partition))
    )
    return bool(fetch_one(cursor)[0])


def _raise_epoch(cursor: Cursor, topic: str, partition: int, worker: str) -> Claim:
    cursor.execute(
        "INSERT INTO partition_offsets (topic, partition, epoch, next_offset, chain_hash, worker)"
        " VALUES (%s, %s, 1, %s, %s, %s)"
        " ON CONFLICT (topic, partition) DO UPDATE SET epoch = partition_offsets.epoch + 1,"
        " worker = excluded.worker, updated_at = service_clock()"
        " RETURNING epoch, next_offset, chain_hash",
        (topic, partition, BEGINNING, GENESIS_HASH, worker),
    )
    epoch, next_offset, chain_hash = fetch_one(cursor)
    return Claim(topic, partition, epoch, next_offset, bytes(chain_hash))


def _end_holder(cursor: Cursor, topic: str, partition: int) -> bool:
    holders = end_holders(cursor, LockClass.PARTITION, lock_name(topic, partition))
    log.warning("ended the session of a frozen worker", topic=topic, partition=partition, holders=holders)
    return holders > 0
