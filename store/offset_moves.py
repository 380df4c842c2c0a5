"""An operator's look at how far each partition is, and moves of it. A move is fenced like a takeover."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg2.errors

from ops.errors import UnavailableError
from store.database import Cursor, fetch_one
from store.locks import LockClass, limit_lock_wait
from store.offsets import BEGINNING, GENESIS_HASH, lock_name

OPERATOR = "operator"
LOCK_WAIT_MS = 5000
STATE_COLUMNS = "topic, partition, epoch, next_offset, chain_hash, worker, updated_at"
MOVED = "offsets.set"
"""The audit's name of a move; the archive's check accepts an overlap of offsets only where one is recorded."""


@dataclass(frozen=True, slots=True)
class PartitionState:
    topic: str
    partition: int
    epoch: int
    next_offset: int  # BEGINNING: nothing was ever written of it
    chain_hash: bytes
    worker: str
    updated_at: datetime | None  # None: no worker has ever claimed it


def list_partitions(cursor: Cursor) -> list[PartitionState]:
    cursor.execute(f"SELECT {STATE_COLUMNS} FROM partition_offsets ORDER BY topic, partition")  # noqa: S608 -- ours
    return [_state(row) for row in cursor.fetchall()]


def lock_partition(cursor: Cursor, topic: str, partition: int) -> PartitionState:
    """The partition's state, which nobody changes before this transaction has ended.

    Raises UnavailableError when a worker's transaction holds it for too long.
    """
    limit_lock_wait(cursor, LOCK_WAIT_MS)
    try:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (LockClass.PARTITION, lock_name(topic, partition))
        )
    except psycopg2.errors.LockNotAvailable:
        raise UnavailableError(
            f"a worker holds partition {partition} of {topic} for longer than {LOCK_WAIT_MS} ms: try again"
        ) from None
    cursor.execute(
        f"SELECT {STATE_COLUMNS} FROM partition_offsets WHERE topic = %s AND partition = %s",  # noqa: S608 -- ours
        (topic, partition),
    )
    row = cursor.fetchone()
    return PartitionState(topic, partition, 0, BEGINNING, GENESIS_HASH, "nobody", None) if row is None else _state(row)


def move(cursor: Cursor, state: PartitionState, next_offset: int) -> int:
    """Go on from ``next_offset``; gives the epoch, which fences every worker so far.

    The archive's chain goes on from its head.
    """
    cursor.execute(
        "INSERT INTO partition_offsets (topic, partition, epoch, next_offset, chain_hash, worker)"
        " VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (topic, partition) DO UPDATE SET epoch = partition_offsets.epoch + 1,"
        " next_offset = excluded.next_offset, worker = excluded.worker, updated_at = service_clock()"
        " RETURNING epoch",
        (state.topic, state.partition, state.epoch + 1, next_offset, GENESIS_HASH, OPERATOR),
    )
    return int(fetch_one(cursor)[0])


def _state(row: tuple[Any, ...]) -> PartitionState:
    topic, partition, epoch, next_offset, chain_hash, worker, updated_at = row
    return PartitionState(topic, partition, epoch, next_offset, bytes(chain_hash), worker, updated_at)
