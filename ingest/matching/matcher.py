"""The matcher: of several processes one matches, others stand by for it."""

import time
from collections.abc import Callable, Sequence

from ingest.matching.tasks import Task
from ops import metrics
from store.database import Connection, Cursor
from store.expectations import retry_routines
from store.locks import LockClass
from store.matching_wanted import count_waiting, retry_matches
from store.one_at_work import OneAtWork
from store.rematches import retry_rematches
from store.weights import retry_weights

NAME = "match"
SILENT_S = 300.0  # one who matches asks the database more often, even while a large answer is worked on
COUNTED_EVERY_S = 5.0
PATIENT_FOR_S = 30.0


class Matcher(OneAtWork):
    """One who matches, or stands by; ``run`` it in its own thread or process."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        tasks: Sequence[Task],
        patient_tasks: Sequence[Task],
        every_s: float,
    ) -> None:
        """``patient_tasks`` have their turn when no other has more to do, and now and then all the same."""
        super().__init__(connect, LockClass.MATCH, NAME, SILENT_S)
        self._tasks = tasks
        self._patient_tasks = patient_tasks
        self._patient_at = time.monotonic()
        self._every_s = every_s
        self._counted_at = float("-inf")

    def readiness(self) -> dict[str, bool]:
        """For the health server's thread: the last round's outcome."""
        return {"database": self._connection is not None}

    def _begin(self, cursor: Cursor) -> None:
        """What was set aside is tried again by each one that starts."""
        retry_matches(cursor)
        retry_rematches(cursor)
        retry_routines(cursor)
        retry_weights(cursor)

    def _work(self, connection: Connection) -> float:
        """A round of every task."""
        goes_on = [task.round(connection) for task in self._tasks]
        if not any(goes_on) or time.monotonic() > self._patient_at + PATIENT_FOR_S:
            goes_on += [task.round(connection) for task in self._patient_tasks]
            self._patient_at = time.monotonic()
        self._count(connection)
        return 0 if any(goes_on) else self._every_s

    def _count(self, connection: Connection) -> None:
        """What waits, seldom enough to cost nothing while a large batch is worked on."""
        if time.monotonic() < self._counted_at + COUNTED_EVERY_S:
            return
        self._counted_at = time.monotonic()
        with connection, connection.cursor() as cursor:
            counted = count_waiting(cursor)
        for kind, waiting in counted.items():
            metrics.MATCHING_WAITING.labels(kind).set(waiting.due)
            metrics.MATCHING_BEHIND_SECONDS.labels(kind).set(waiting.oldest_s)
            metrics.MATCHING_SET_ASIDE.labels(kind).set(waiting.set_aside)
