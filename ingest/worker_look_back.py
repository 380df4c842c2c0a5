"""The worker's look back: it judges the past anew where that was asked for, between the batches of live positions."""

import time
from collections.abc import Mapping

from ingest.reevaluation import Reevaluated
from ingest.worker_state import WorkerState
from ops import metrics
from ops.errors import FencedError, UnavailableError
from ops.logs import frames_of, get_logger
from store.batch import LOCK_WAIT_MS, RegistryChangedError
from store.database import SERVER_ERRORS, Connection
from store.locks import limit_lock_wait
from store.offsets import Claim
from store.reevaluation_requests import reevaluate_ended
from store.reevaluations import (
    Reevaluation,
    ReevaluationWrite,
    pending_reevaluations,
    place_reevaluations,
    retry_reevaluations,
    set_reevaluation_aside,
    write_reevaluation,
)

EVERY_S = 1.0
ENDED_EVERY_S = 10.0
FOR_S = 0.5
AT_MOST = 100

log = get_logger("worker")


class LookBack:
    """A little at a time, so that live positions never wait long."""

    def __init__(self, channels: tuple[str, ...]) -> None:
        self._channels = channels
        self._next_at = 0.0
        self._ended_next_at = 0.0
        self.is_behind = False  # more waits than one round has time for

    def retry(self, connection: Connection, partition: int) -> None:
        """A partition was taken: what could not be judged before is tried once more."""
        with connection, connection.cursor() as cursor:
            limit_lock_wait(cursor, LOCK_WAIT_MS)
            retry_reevaluations(cursor, partition)

    def round(self, connection: Connection, state: WorkerState, claims: Mapping[int, Claim]) -> None:
        """Raises FencedError when a partition was taken over, and what a server or its line raises."""
        began = time.monotonic()
        if began < self._next_at:
            return
        with connection, connection.cursor() as cursor:
            limit_lock_wait(cursor, LOCK_WAIT_MS)
            if began >= self._ended_next_at:
                reevaluate_ended(cursor)
                self._ended_next_at = began + ENDED_EVERY_S
            place_reevaluations(cursor, AT_MOST)
        with connection, connection.cursor() as cursor:
            wanted = pending_reevaluations(cursor, list(claims), AT_MOST)
        for one in wanted:
            self._judge_anew(connection, state, claims[one.partition], one)
            if time.monotonic() > began + FOR_S:
                self.is_behind = True
                return  # and goes on in the next round
        self.is_behind = len(wanted) == AT_MOST
        self._next_at = time.monotonic() + (0 if self.is_behind else EVERY_S)

    def _judge_anew(self, connection: Connection, state: WorkerState, held: Claim, wanted: Reevaluation) -> None:
        """What fails before it is written is set aside; what fails in the state itself ends the worker, as elsewhere:
        with a state that is half true, everybody else would be judged wrongly.
        """
        state.load(connection, wanted.partition, [wanted.serial])
        try:
            found = self._judge_and_write(connection, state, held, wanted)
        except RegistryChangedError:
            state.refresh(connection)  # it is still asked for
            return
        except (FencedError, UnavailableError, *SERVER_ERRORS):
            raise
        except Exception as error:
            if connection.closed:
                raise
            self._set_aside(connection, wanted, error)
            return
        with connection, connection.cursor() as cursor:
            state.apply_reevaluated(cursor, wanted, found)
        for change in found.alert_changes:
            metrics.ALERT_CHANGES.labels(change.kind.value).inc()

    def _judge_and_write(
        self, connection: Connection, state: WorkerState, held: Claim, wanted: Reevaluation
    ) -> Reevaluated:
        with connection, connection.cursor() as cursor:
            found = state.reevaluate(cursor, wanted)
        write = ReevaluationWrite(
            found.revisions, found.presence, found.alert_changes, self._channels, found.goes_on_us
        )
        write_reevaluation(connection, held, wanted, write, state.revision)
        return found

    def _set_aside(self, connection: Connection, wanted: Reevaluation, error: Exception) -> None:
        """What cannot be judged must not keep the worker from everybody else's positions."""
        kind, frames = type(error).__name__, frames_of(error.__traceback__)  # not its message: it can quote a position
        log.error("a past could not be judged anew", device_id=wanted.device_id, kind=kind, frames=frames)
        metrics.REEVALUATIONS_SET_ASIDE.inc()
        with connection, connection.cursor() as cursor:
            limit_lock_wait(cursor, LOCK_WAIT_MS)
            set_reevaluation_aside(cursor, wanted, f"{kind}: {error}")
