"""The duty process: of several one is at work, others stand by for it.

All that it decides by is in the database, and what it decides is written in the transaction that decides it. So it may
be ended at any moment, and the next one neither loses nor repeats a notice.
"""

from collections.abc import Callable, Sequence

from alerts.casework_rules import current_rules
from alerts.duty.tasks import DutyTask
from ops import metrics
from ops.logs import frames_of
from store.clock import service_now
from store.database import Connection, Cursor, may_pass
from store.locks import LockClass, limit_lock_wait
from store.one_at_work import OneAtWork

NAME = "duty"
SILENT_S = 60.0  # one at work asks the database more often
LOCK_WAIT_MS = 5000


class Duty(OneAtWork):
    """One at work, or standing by; ``run`` it in its own thread or process, or ask it for a ``round`` at a time."""

    def __init__(self, connect: Callable[[], Connection], tasks: Sequence[DutyTask], every_s: float) -> None:
        super().__init__(connect, LockClass.DUTY, NAME, SILENT_S)
        self._tasks = tasks
        self._every_s = every_s

    def readiness(self) -> dict[str, bool]:
        """For the health server's thread: the last round's outcome."""
        return {"database": self._connection is not None}

    def _begin(self, cursor: Cursor) -> None:
        """Nothing: whoever takes over goes on where the database stands."""

    def _work(self, connection: Connection) -> float:
        """A round of every task."""
        with metrics.DUTY_ROUND_SECONDS.time():
            goes_on = [self._do(task, connection) for task in self._tasks]
        return 0 if any(goes_on) else self._every_s

    def _do(self, task: DutyTask, connection: Connection) -> bool:
        try:
            with connection, connection.cursor() as cursor:
                limit_lock_wait(cursor, LOCK_WAIT_MS)
                return task.work(cursor, service_now(cursor), current_rules(cursor))
        except Exception as error:
            if may_pass(connection, error):
                raise
            self._note_failure(task, error)
            return False

    def _note_failure(self, task: DutyTask, error: Exception) -> None:
        """Without the error's message, which can quote what is stored."""
        frames = frames_of(error.__traceback__)
        self._log.error("a task failed", task=task.name, kind=type(error).__name__, frames=frames)
        metrics.DUTY_FAILURES.labels(task.name).inc()
