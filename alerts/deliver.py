"""Delivery: takes the outbox, sends each alert event, and records what became of it.

Every event is sent at least once, in the order of its alert's events, and is marked as delivered only once the
receiver has acknowledged it. A process that dies in between leaves it to be sent again, under the same event id.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol

from ops import metrics
from ops.errors import UnavailableError
from ops.logs import get_logger
from store.outbox import Backlog, FailedAttempt, Outbox, OutboxMessage

BATCH = 500
IDLE_S = 0.2
STANDBY_S = 1.0
COUNT_EVERY_S = 5.0
SILENT_S = 120.0  # a sender asks the database at least this often, even while its broker is slow
FIRST_RETRY_S = 0.5
LONGEST_WAIT_S = 5.0  # for a server that is away: alerts go out soon after it is back
LONGEST_RETRY_S = 30.0  # an alert has to be with the agency within four minutes

log = get_logger("deliver")


class AlertChannel(Protocol):
    """Where alert events go; ``alerts.kafka_channel`` is one."""

    def open(self) -> None: ...

    def send(self, messages: Sequence[OutboxMessage]) -> dict[int, str | None]: ...

    def close(self) -> None: ...


class Deliverer:
    """One sender, or one that stands by for it; ``run`` it in its own thread or process."""

    def __init__(self, outbox: Outbox, channel: AlertChannel, name: str) -> None:
        self._outbox = outbox
        self._channel = channel
        self._name = name
        self._is_sender = False
        self._database_up = False
        self._broker_up = False
        self._count_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Deliver until ``stop`` is set. A server that does not answer is waited for."""
        failures = 0
        try:
            while not stop.is_set():
                try:
                    pause_s = self.round()
                    failures = 0
                except UnavailableError as error:
                    failures += 1
                    log.warning("waiting for a server", reason=str(error), failures=failures)
                    pause_s = min(retry_delay_s(failures), LONGEST_WAIT_S)
                stop.wait(pause_s)
        finally:
            self._channel.close()
            self._outbox.close()
            self._is_sender = False

    def round(self) -> float:
        """Send one batch, or stand by; how long to pause after it."""
        if not self._become_sender():
            return STANDBY_S
        self._count()
        with self._asking_broker():
            self._channel.open()
        self._note_broker(is_up=True)
        with self._asking_database():
            due = self._outbox.read_due(BATCH)
        if not due:
            return IDLE_S
        began_s = time.monotonic()
        outcome = self._send(due)
        self._record(due, outcome, time.monotonic() - began_s)
        errors = [error for error in outcome.values() if error]
        if len(errors) == len(outcome):
            raise UnavailableError(f"none of {len(errors)} alert events was acknowledged: {errors[0]}")
        return 0

    def readiness(self) -> dict[str, bool]:
        """For the health server's thread: the last round's outcome. One who stands by has no need of the broker."""
        return {"database": self._database_up, "broker": self._broker_up or not self._is_sender}

    def _become_sender(self) -> bool:
        if self._is_sender:
            return True
        with self._asking_database():
            self._is_sender = self._outbox.become_sender()
            ended = not self._is_sender and self._outbox.end_silent_sender(SILENT_S)
        if self._is_sender:
            log.info("sending", channel=self._name)
        elif ended:
            log.warning("ended the session of a silent sender", channel=self._name)
        return self._is_sender

    def _send(self, due: Sequence[OutboxMessage]) -> dict[int, str | None]:
        """What was tried, up to the first wave in which something failed."""
        outcome: dict[int, str | None] = {}
        for wave in waves(due):
            with self._asking_broker():
                tried = self._channel.send(wave)
            outcome |= tried
            if any(tried.values()):
                break
        self._note_broker(is_up=None in outcome.values())
        return outcome

    def _record(self, due: Sequence[OutboxMessage], outcome: dict[int, str | None], took_s: float) -> None:
        delivered = [event_id for event_id, error in outcome.items() if error is None]
        attempts = {message.event_id: message.attempts for message in due}
        failed = [
            FailedAttempt(event_id, retry_delay_s(attempts[event_id] + 1), error)
            for event_id, error in outcome.items()
            if error is not None
        ]
        with self._asking_database():
            self._outbox.record(delivered, failed, took_s)
        metrics.DELIVERIES.labels(self._name, "delivered").inc(len(delivered))
        metrics.DELIVERIES.labels(self._name, "failed").inc(len(failed))

    def _count(self) -> None:
        """Now and then: a count reads all that wait."""
        if time.monotonic() < self._count_at:
            return
        with self._asking_database():
            backlog = self._outbox.count_waiting()
        note_backlog(self._name, backlog)
        self._count_at = time.monotonic() + COUNT_EVERY_S

    @contextmanager
    def _asking_database(self) -> Iterator[None]:
        try:
            yield
        except UnavailableError:
            self._database_up = self._is_sender = False  # the channel was let go with the connection
            metrics.DATABASE_UP.set(0)
            raise
        self._database_up = True
        metrics.DATABASE_UP.set(1)

    @contextmanager
    def _asking_broker(self) -> Iterator[None]:
        try:
            yield
        except UnavailableError:
            self._note_broker(is_up=False)
            raise

    def _note_broker(self, *, is_up: bool) -> None:
        self._broker_up = is_up
        metrics.BROKER_UP.set(is_up)


def note_backlog(channel: str, backlog: Backlog) -> None:
    metrics.OUTBOX_WAITING.labels(channel).set(backlog.waiting)
    metrics.OUTBOX_OLDEST_SECONDS.labels(channel).set(backlog.oldest_s)
    metrics.DELIVERIES_DEAD.labels(channel).set(backlog.dead)


def forget_backlog(channel: str) -> None:
    """Of a channel that is no longer sent to from here: a gauge that stands still would tell of the past."""
    for gauge in (metrics.OUTBOX_WAITING, metrics.OUTBOX_OLDEST_SECONDS, metrics.DELIVERIES_DEAD):
        with suppress(KeyError):
            gauge.remove(channel)


def retry_delay_s(attempts: int) -> float:
    """How long to wait after the given count of failed attempts, at least one."""
    return float(min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** min(attempts - 1, 10)))


def waves(due: Sequence[OutboxMessage]) -> Iterator[list[OutboxMessage]]:
    """First the first event of each alert, then the second of each, and so on.

    Each wave is acknowledged before the next one goes out: with two events of an alert on the way at once, the later
    could arrive and the earlier fail.
    """
    remaining = list(due)
    while remaining:
        alerts: set[str] = set()
        wave: list[OutboxMessage] = []
        rest: list[OutboxMessage] = []
        for message in remaining:
            (rest if message.alert_id in alerts else wave).append(message)
            alerts.add(message.alert_id)
        yield wave
        remaining = rest
