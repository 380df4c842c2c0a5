"""The watch's loop: one process watches, others stand by for it.

All of it is in the database, so a restart or a takeover changes nothing: the right to watch is an advisory lock on the
very connection that writes, and ends with it.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

import psycopg2

from alerts.device_rules import MEANINGS
from ingest.watch.broker import Partitions, Pulse, WatchBroker
from ingest.watch.events import EventIntake
from ingest.watch.judging import Looked, WatchLimits, look
from model.enums import AlertChangeKind
from model.times import SECOND_US
from ops import metrics
from ops.errors import UnavailableError
from ops.logs import get_logger
from store.commands import mark_delivered, waiting_commands
from store.database import SERVER_ERRORS, Connection
from store.intake import clock_us
from store.locks import LockClass, end_holders, limit_lock_wait, try_hold
from store.worn_devices import count_open_alerts

NAME = "watch"
STANDBY_S = 1.0
SILENT_S = 60.0  # one who watches asks the database more often, even while its broker is slow
LOCK_WAIT_MS = 5000
COMMANDS_AT_ONCE = 500
BACKOFF_S = (0.1, 0.5, 1.0, 2.0, 5.0)

log = get_logger("watch")


class Watcher:
    """One who watches, or stands by; ``run`` it in its own thread or process."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        broker: WatchBroker,
        events: EventIntake | None,
        limits: WatchLimits,
        channels: Sequence[str],
        every_s: float,
        heartbeat_every_s: float,
    ) -> None:
        self._connect = connect
        self._broker = broker
        self._events = events
        self._limits = limits
        self._channels = channels
        self._every_s = every_s
        self._pulse = Pulse(heartbeat_every_s)
        self._connection: Connection | None = None
        self._started_us: int | None = None  # of watching; None while standing by
        self._partitions: Partitions | None = None
        self._broker_up = False

    def run(self, stop: threading.Event) -> None:
        """Watch until ``stop`` is set. A server that does not answer is waited for; other errors end the watch."""
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
            self._broker.close()

    def round(self) -> float:
        """One look, or standing by; how long to pause after it."""
        connection = self._open()
        started_us = self._started_us or self._become_watch(connection)
        if started_us is None:
            return STANDBY_S
        self._started_us = started_us
        self._ask_broker(connection)
        with connection, connection.cursor() as cursor:
            limit_lock_wait(cursor, LOCK_WAIT_MS)
            looked = look(cursor, self._partitions, started_us, self._limits, self._channels)
            counts = count_open_alerts(cursor, tuple(MEANINGS))
        self._observe(looked)
        for kind in MEANINGS:
            metrics.DEVICE_ALERTS_OPEN.labels(kind.value).set(counts.get(kind, 0))
        self._send_commands(connection)
        return 0 if looked.goes_on else self._every_s

    def readiness(self) -> dict[str, bool]:
        """For the health server's thread: the last round's outcome. One who stands by has no need of the broker."""
        return {"database": self._connection is not None, "broker": self._broker_up or self._started_us is None}

    def _may_pass(self, error: Exception) -> bool:
        """Whether the error is a server's or the line's, and not that of what was asked."""
        broken = self._connection is not None and self._connection.closed != 0
        return broken or isinstance(error, (UnavailableError, *SERVER_ERRORS))

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
        metrics.DATABASE_UP.set(1)
        return self._connection

    def _become_watch(self, connection: Connection) -> int | None:
        """The time of it, where this one watches from now on."""
        with connection, connection.cursor() as cursor:
            if try_hold(cursor, LockClass.WATCH, NAME):
                log.info("watching")
                return clock_us(cursor)
            if end_holders(cursor, LockClass.WATCH, NAME, SILENT_S):
                log.warning("ended the session of a silent watch")
        return None

    def _ask_broker(self, connection: Connection) -> None:
        """Heartbeats out, device events in. A broker that is away is not waited for: the look then finds it so."""
        try:
            if self._pulse.is_due():
                with connection, connection.cursor() as cursor:
                    self._partitions = self._broker.beat(cursor)
                self._pulse.beaten()
            if self._events is not None:
                self._events.round(connection)
        except UnavailableError as error:
            if self._broker_up:
                log.warning("the broker does not answer", reason=str(error))
            self._note_broker(is_up=False)
        else:
            self._note_broker(is_up=True)

    def _send_commands(self, connection: Connection) -> None:
        """At least once each: what is acknowledged and not marked is sent again, under the same id."""
        if not self._broker_up:
            return
        with connection, connection.cursor() as cursor:
            waiting = waiting_commands(cursor, COMMANDS_AT_ONCE)
        if not waiting:
            return
        sent: set[str] = set()
        with suppress(UnavailableError):  # tried again with the next round
            sent.update(self._broker.send(waiting))
        with connection, connection.cursor() as cursor:
            mark_delivered(cursor, sorted(sent))
        for command in waiting:
            if command.command_id in sent:
                metrics.TAG_COMMANDS.labels(command.kind).inc()

    def _note_broker(self, *, is_up: bool) -> None:
        self._broker_up = is_up
        metrics.BROKER_UP.set(is_up)

    def _observe(self, looked: Looked) -> None:
        metrics.INTAKE_DEAF.set(looked.state.deaf_since_us is not None)
        proved_us = looked.seen.through_us if looked.seen.through_us is not None else looked.state.alive_through_us
        since_us = looked.seen.started_us if proved_us is None else proved_us
        metrics.INTAKE_PROOF_AGE_SECONDS.set((looked.seen.now_us - since_us) / SECOND_US)
        for change in looked.changes:
            metrics.ALERT_CHANGES.labels(change.kind.value).inc()
            if change.kind is AlertChangeKind.RAISED:
                log.info("raised", kind=change.alert.kind.value)

    def _let_go(self) -> None:
        """The right to watch ends with the connection; the next one asks for it anew."""
        self._started_us = None
        if self._events is not None:
            self._events.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
