"""A worker's notes of itself: by which revision of the registry it judges which partitions."""

import time
from collections.abc import Collection
from contextlib import suppress

import psycopg2

from ingest.source import PingSource
from store.database import Connection
from store.worker_registries import WorkerNote, forget_silent_workers, forget_worker, note_worker

EVERY_S = 5.0
"""A sign of life; less often than a batch, and often enough that a killed worker is soon known by its silence."""


class WorkerNotes:
    """Written when something changes and every ``EVERY_S``, never with each batch."""

    def __init__(self, worker: str, source: PingSource) -> None:
        self._worker = worker
        self._source = source
        self._said: tuple[int, list[int]] | None = None
        self._next_at = 0.0

    def round(self, connection: Connection, revision: int, partitions: Collection[int]) -> None:
        """Call it once what was loaded is in memory: the note must not say more than is so."""
        says = revision, sorted(partitions)
        if says == self._said and time.monotonic() < self._next_at:
            return
        note = WorkerNote(self._worker, self._source.topic, self._source.partition_count(), says[1], revision)
        with connection, connection.cursor() as cursor:
            if self._said is None:
                forget_silent_workers(cursor)
            note_worker(cursor, note)
        self._said, self._next_at = says, time.monotonic() + EVERY_S

    def end(self, connection: Connection | None) -> None:
        """The worker has let its partitions go: say so where that can be said. Otherwise its silence does."""
        if self._said is None or connection is None:
            return
        self._said = None
        with suppress(psycopg2.Error), connection, connection.cursor() as cursor:
            forget_worker(cursor, self._worker)
