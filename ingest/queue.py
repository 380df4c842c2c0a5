"""The embedded database's own queue as the place where pings wait: for a first look, a small office, and tests."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ingest.source import PartitionBatch, Polled
from ops.errors import UnavailableError
from store.database import SERVER_ERRORS, SERVICE, Connection, Cursor, Pool, connect
from store.offsets import BEGINNING
from store.ping_queue import append_pings, count_behind, delete_before, read_after, try_hold_queue

PARTITION = 0
IDLE_WAIT_S = 0.05
BATCH_BYTES = 16 * 1024 * 1024
"""Of one poll; a single larger message still comes. Messages may be a megabyte each, and a batch is held in memory."""


class QueuePingSource:
    """The queue's one partition. Whoever holds the queue's lock has it; other workers stand by."""

    def __init__(self, database_url: str, topic: str, batch_size: int) -> None:
        self.topic = topic
        self._database_url = database_url
        self._batch_size = batch_size
        self._connection: Connection | None = None
        self._holds = False
        self._next: int | None = None

    def poll(self, timeout_s: float) -> Polled:
        if not self._holds:
            return self._take(timeout_s)
        deadline = time.monotonic() + timeout_s
        while self._next is not None:
            batch = self._read(self._next)
            if batch is not None:
                self._next = batch.next_offset
                return Polled(frozenset(), frozenset(), [batch])
            if time.monotonic() > deadline:
                break
            time.sleep(IDLE_WAIT_S)
        return Polled(frozenset(), frozenset(), [])

    def seek(self, partition: int, offset: int) -> None:
        if partition != PARTITION:
            raise ValueError(f"the embedded queue has partition {PARTITION} only")
        self._next = 0 if offset == BEGINNING else offset

    def commit(self, next_offsets: dict[int, int]) -> None:
        with self._cursor() as cursor:
            delete_before(cursor, PARTITION, next_offsets[PARTITION])

    def partition_count(self) -> int:
        return 1

    def rejoin(self) -> None:
        self.close()
        self._connection = None
        self._holds = False
        self._next = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _take(self, timeout_s: float) -> Polled:
        with self._cursor() as cursor:
            self._holds = try_hold_queue(cursor)
        if not self._holds:
            time.sleep(timeout_s)
        return Polled(frozenset(), frozenset({PARTITION}) if self._holds else frozenset(), [])

    @contextmanager
    def _cursor(self) -> Iterator[Cursor]:
        if self._connection is None:
            self._connection = connect(self._database_url, "cordon-queue")
            self._connection.autocommit = True
        try:
            with self._connection.cursor() as cursor:
                yield cursor
        except SERVER_ERRORS as error:
            raise UnavailableError(f"the database does not answer: {str(error).strip()}") from None

    def _read(self, first: int) -> PartitionBatch | None:
        with self._cursor() as cursor:
            rows = read_after(cursor, PARTITION, first, self._batch_size, BATCH_BYTES)
            if not rows:
                return None
            behind = count_behind(cursor, PARTITION, rows[-1].sequence)
        return PartitionBatch(
            partition=PARTITION,
            offsets=[row.sequence for row in rows],
            timestamps_ms=[row.appended_ms for row in rows],
            keys=[row.key for row in rows],
            values=[row.value for row in rows],
            next_offset=rows[-1].sequence + 1,
            lag=behind,
        )


class QueuePingSink:
    """Appends to the queue under the API's role; safe to share between threads."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def append(self, messages: Sequence[tuple[str, bytes]]) -> None:
        with self._pool.transaction(SERVICE) as cursor:
            append_pings(cursor, messages)

    def close(self) -> None:
        """The pool belongs to whoever gave it."""
