"""The loop of a process of which one works while others stand by for it.

All that it decides by is in the database, so a restart or a takeover changes nothing: the right to work is an advisory
lock on the very connection that writes, and ends with it.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

import psycopg2

from ops import metrics
from ops.errors import UnavailableError
from ops.logs import get_logger
from store.database import Connection, Cursor, may_pass
from store.locks import LockClass, end_holders, try_hold

STANDBY_S = 1.0
BACKOFF_S = (0.1, 0.5, 1.0, 2.0, 5.0)


class OneAtWork(ABC):
    """One who works, or stands by; ``run`` it in its own thread or process."""

    def __init__(self, connect: Callable[[], Connection], lock_class: LockClass, name: str, silent_s: float) -> None:
        """Whoever works and asks the database nothing for ``silent_s`` seconds loses the right to it."""
        self._connect = connect
        self._lock = (lock_class, name)
        self._silent_s = silent_s
        self._log = get_logger(name)
        self._connection: Connection | None = None
        self._is_at_work = False

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set. A server that does not answer is waited for; other errors end it."""
        failures = 0
        try:
            while not stop.is_set():
                try:
                    pause_s = self.round()
                    failures = 0
                except (UnavailableError, psycopg2.Error) as error:
                    if not may_pass(self._connection, error):
                        raise
                    self._log.warning("waiting for the database", reason=str(error).strip())
                    metrics.DATABASE_UP.set(0)
                    self._let_go()
                    pause_s = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
                    failures += 1
                stop.wait(pause_s)
        finally:
            self._let_go()

    def round(self) -> float:
        """A round of work, or standing by; how many seconds to pause after it."""
        if self._connection is None:
            self._connection = self._connect()
        metrics.DATABASE_UP.set(1)
        if not self._is_at_work and not self._take_over(self._connection):
            return STANDBY_S
        return self._work(self._connection)

    @abstractmethod
    def _begin(self, cursor: Cursor) -> None:
        """What is done once, in the transaction that takes the right to work."""

    @abstractmethod
    def _work(self, connection: Connection) -> float:
        """One round; how many seconds to pause after it."""

    def _take_over(self, connection: Connection) -> bool:
        with connection, connection.cursor() as cursor:
            if not try_hold(cursor, *self._lock):
                if end_holders(cursor, *self._lock, self._silent_s):
                    self._log.warning("ended the session of a silent one at work")
                return False
            self._begin(cursor)
        self._log.info("at work")
        self._is_at_work = True
        return True

    def _let_go(self) -> None:
        """The right to work ends with the connection; the next one asks for it anew."""
        self._is_at_work = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None
