"""The matcher's loop: one process matches, others stand by for it.

All of it is in the database, so a restart or a takeover changes nothing: the right to match is an advisory lock on the
very connection that writes, and ends with it.
"""

import threading
import time
from collections.abc import Callable, Sequence

import psycopg2

from ingest.matching.tasks import Task
from ops import metrics
from ops.errors import UnavailableError
from ops.logs import get_logger
from store.database import SERVER_ERRORS, Connection
from store.expectations import retry_routines
from store.locks import LockClass, end_holders, try_hold
from store.matching_wanted import count_waiting, retry_matches
from store.rematches import retry_rematches
from store.weights import retry_weights

NAME = "match"
STANDBY_S = 1.0
SILENT_S = 300.0  # one who matches asks the database more often, even while a large answer is worked on
COUNTED_EVERY_S = 5.0
PATIENT_FOR_S = 30.0
BACKOFF_S = (0.1, 0.5, 1.0, 2.0, 5.0)

log = get_logger("matching")


class Matcher:
    """One who matches, or stands by; ``run`` it in its own thread or process."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        tasks: Sequence[Task],
        patient_tasks: Sequence[Task],
        every_s: float,
    ) -> None:
        """``patient_tasks`` have their turn when no other has more to do, and now and then all the same."""
        self._connect = connect
        self._tasks = tasks
        self._patient_tasks = patient_tasks
        self._patient_at = time.monotonic()
        self._every_s = every_s
        self._connection: Connection | None = None
        self._matches = False
        self._counted_at = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """Match until ``stop`` is set. A server that does not answer is waited for; other errors end the matcher."""
        failures = 0
        try:
            while not stop.is_set():
                try:
                    pause_s = self.round()
                    failures = 0
                except (UnavailableError, psycopg2.Error) as error:
                    if not self._may_pass(error):
                        raise
                    log.warning("waiting for the database", reason=str(error).strip())
                    metrics.DATABASE_UP.set(0)
                    self._let_go()
                    pause_s = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
                    failures += 1
                stop.wait(pause_s)
        finally:
            self._let_go()

    def round(self) -> float:
        """A round of every task, or standing by; how long to pause after it."""
        connection = self._open()
        if not self._matches and not self._become_matcher(connection):
            return STANDBY_S
        goes_on = [task.round(connection) for task in self._tasks]
        if not any(goes_on) or time.monotonic() > self._patient_at + PATIENT_FOR_S:
            goes_on += [task.round(connection) for task in self._patient_tasks]
            self._patient_at = time.monotonic()
        self._count(connection)
        return 0 if any(goes_on) else self._every_s

    def readiness(self) -> dict[str, bool]:
        """For the health server's thread: the last round's outcome."""
        return {"database": self._connection is not None}

    def _may_pass(self, error: Exception) -> bool:
        """Whether the error is a server's or the line's, and not that of what was asked."""
        broken = self._connection is not None and self._connection.closed != 0
        return broken or isinstance(error, (UnavailableError, *SERVER_ERRORS))

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
        metrics.DATABASE_UP.set(1)
        return self._connection

    def _become_matcher(self, connection: Connection) -> bool:
        with connection, connection.cursor() as cursor:
            if not try_hold(cursor, LockClass.MATCH, NAME):
                if end_holders(cursor, LockClass.MATCH, NAME, SILENT_S):
                    log.warning("ended the session of a silent matcher")
                return False
            retry_matches(cursor)
            retry_rematches(cursor)
            retry_routines(cursor)
            retry_weights(cursor)
        log.info("matching")
        self._matches = True
        return True

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

    def _let_go(self) -> None:
        """The right to match ends with the connection; the next one asks for it anew."""
        self._matches = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None
