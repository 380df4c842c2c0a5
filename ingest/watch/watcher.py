"""The watch: of several processes one watches, others stand by for it."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from alerts.device_rules import MEANINGS
from ingest.watch.broker import Partitions, Pulse, WatchBroker
from ingest.watch.events import EventIntake
from ingest.watch.judging import Looked, WatchLimits, look
from model.enums import AlertChangeKind
from model.times import SECOND_US
from ops import metrics
from ops.errors import UnavailableError
from store.commands import mark_delivered, waiting_commands
from store.database import Connection, Cursor
from store.intake import clock_us
from store.locks import LockClass, limit_lock_wait
from store.one_at_work import OneAtWork
from store.worn_devices import count_open_alerts

NAME = "watch"
SILENT_S = 60.0  # one who watches asks the database more often, even while its broker is slow
LOCK_WAIT_MS = 5000
COMMANDS_AT_ONCE = 500


class Watcher(OneAtWork):
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
        super().__init__(connect, LockClass.WATCH, NAME, SILENT_S)
        self._broker = broker
        self._events = events
        self._limits = limits
        self._channels = channels
        self._every_s = every_s
        self._pulse = Pulse(heartbeat_every_s)
        self._started_us = 0  # of watching
        self._partitions: Partitions | None = None
        self._broker_up = False

    def run(self, stop: threading.Event) -> None:
        try:
            super().run(stop)
        finally:
            self._broker.close()

    def readiness(self) -> dict[str, bool]:
        """For the health server's thread: the last round's outcome. One who stands by has no need of the broker."""
        return {"database": self._connection is not None, "broker": self._broker_up or not self._is_at_work}

    def _begin(self, cursor: Cursor) -> None:
        self._started_us = clock_us(cursor)

    def _work(self, connection: Connection) -> float:
        """One look."""
        self._ask_broker(connection)
        with connection, connection.cursor() as cursor:
            limit_lock_wait(cursor, LOCK_WAIT_MS)
            looked = look(cursor, self._partitions, self._started_us, self._limits, self._channels)
            counts = count_open_alerts(cursor, tuple(MEANINGS))
        self._observe(looked)
        for kind in MEANINGS:
            metrics.DEVICE_ALERTS_OPEN.labels(kind.value).set(counts.get(kind, 0))
        self._send_commands(connection)
        return 0 if looked.goes_on else self._every_s

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
                self._log.warning("the broker does not answer", reason=str(error))
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
                self._log.info("raised", kind=change.alert.kind.value)

    def _let_go(self) -> None:
        if self._events is not None:
            self._events.close()
        super()._let_go()
