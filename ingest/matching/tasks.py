"""What the matcher does, one thing at a time."""

from typing import Protocol

from ops import metrics
from ops.logs import frames_of, get_logger
from store.database import Connection

log = get_logger("matching")


class Task(Protocol):
    """One kind of the matcher's work.

    A task that cannot do something sets that aside, where an operator finds it, and goes on with the rest: an error
    that leaves ``round`` ends the matcher, except one of a server that does not answer, which is waited for.
    """

    def round(self, connection: Connection) -> bool | None:
        """Do a little, some seconds' worth at most. True where more waits, which is then not waited for."""
        ...


def words_of(error: Exception, what: str, **about: int) -> str:
    """Log and count that something is set aside; the words to keep with it."""
    kind, frames = type(error).__name__, frames_of(error.__traceback__)  # not its message: it can quote a position
    log.error(what, kind=kind, frames=frames, **about)
    metrics.MATCHING_FAILURES.inc()
    return f"{kind}: {error}"
