"""`cordon deliver`: every receiver that is configured, each with a sender in a thread of its own.

So a receiver that hangs holds nobody else up. A sender that an unforeseen error ends is started anew, and the others
go on. Webhooks are looked at every second or two: one that was added or disabled is noticed without a restart.
"""

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

import psycopg2

from alerts.channels.configured import provider_of, reach_of, style_of
from alerts.channels.http_post import Poster
from alerts.deliver import Deliverer, forget_backlog
from alerts.deliver_messages import MessageSender
from alerts.deliver_webhooks import WebhookSender
from alerts.kafka_channel import KafkaAlertChannel
from model.notices import NoticeChannel
from ops import metrics
from ops.errors import ConfigurationError, UnavailableError
from ops.health import health_server
from ops.logs import frames_of, get_logger
from ops.settings import Settings
from store.database import Connection, connect
from store.outbox import Outbox
from store.webhooks import channel_of, webhooks_to_serve

KAFKA = "kafka"
SENDER_SESSION = "cordon-deliver"  # as the database's list of sessions names them
LOOK_SESSION = "cordon-deliver-look"
LOOK_EVERY_S = 1.0
STOP_WITHIN_S = 3.0  # a receiver that hangs does not keep the process: what was not recorded is sent again

log = get_logger("deliver")


class Sender(Protocol):
    def run(self, stop: threading.Event) -> None: ...


MakeSender = Callable[[], Sender]


class Delivery:
    """The senders of one process. ``look`` at what is to be sent to, again and again; ``stop`` ends them all."""

    def __init__(
        self,
        connect_database: Callable[[], Connection],
        fixed: Mapping[str, MakeSender],
        make_webhook: Callable[[int], Sender],
    ) -> None:
        self._connect = connect_database
        self._fixed = fixed
        self._make_webhook = make_webhook
        self._connection: Connection | None = None
        self._database_up = False
        self._running: dict[str, tuple[threading.Thread, threading.Event]] = {}

    def look(self) -> None:
        """Start senders that are missing, and tell those that are no longer wanted to stop."""
        wanted = {**self._fixed, **self._webhooks()}
        for channel in [name for name in self._running if name not in wanted]:
            _, stop = self._running.pop(channel)
            stop.set()
            forget_backlog(channel)
            log.info("stopped", channel=channel)
        for channel, make in wanted.items():
            thread = self._running[channel][0] if channel in self._running else None
            if thread is None or not thread.is_alive():
                self._start(channel, make)
        metrics.SENDERS.set(len(self._running))

    def stop(self) -> None:
        """Within a few seconds, whatever the receivers do."""
        for _, stop in self._running.values():
            stop.set()
        for thread, _ in self._running.values():
            thread.join(STOP_WITHIN_S)
        if self._connection is not None:
            self._connection.close()

    def readiness(self) -> dict[str, bool]:
        """For the health server's thread. A receiver that is down is an alarm's matter: a restart would not help."""
        return {"database": self._database_up, "senders": all(one.is_alive() for one, _ in self._running.values())}

    def _webhooks(self) -> dict[str, MakeSender]:
        """While the database does not answer, those that run."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            with self._connection, self._connection.cursor() as cursor:
                found = webhooks_to_serve(cursor)
        except (UnavailableError, psycopg2.Error) as error:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            log.warning("waiting for the database", reason=type(error).__name__)
            self._note_database(is_up=False)
            return {
                name: partial(self._make_webhook, int(name.partition(":")[2]))
                for name in self._running
                if name not in self._fixed
            }
        self._note_database(is_up=True)
        return {channel_of(one): partial(self._make_webhook, one) for one in found}

    def _note_database(self, *, is_up: bool) -> None:
        self._database_up = is_up
        metrics.DATABASE_UP.set(is_up)

    def _start(self, channel: str, make: MakeSender) -> None:
        stop = threading.Event()
        thread = threading.Thread(target=_run, args=(channel, make, stop), name=channel, daemon=True)
        self._running[channel] = (thread, stop)
        thread.start()


def _run(channel: str, make: MakeSender, stop: threading.Event) -> None:
    try:
        make().run(stop)
    except Exception as error:  # noqa: BLE001  one sender's bug must not end the others; it is started anew
        log.error(  # noqa: TRY400  its message can quote a row
            "a sender ended", channel=channel, kind=type(error).__name__, frames=frames_of(error.__traceback__)
        )


def run_delivery(settings: Settings, stop: threading.Event, announce: Callable[[int], None]) -> None:
    """Deliver until ``stop`` is set; ``announce`` is told the port of /health and /metrics.

    Raises ConfigurationError when a setting is wrong.
    """
    url = settings.require_database_url("worker")
    connect_worker = partial(connect, url, SENDER_SESSION)
    kafka = _kafka(settings, url) if settings.broker == KAFKA else None
    fixed: dict[str, MakeSender] = {} if kafka is None else {KAFKA: lambda: kafka}
    fixed |= _message_senders(settings, connect_worker)
    delivery = Delivery(partial(connect, url, LOOK_SESSION), fixed, partial(webhook_sender, settings, connect_worker))
    log.info("delivering", channels=sorted(fixed))

    def readiness() -> dict[str, bool]:
        return delivery.readiness() | ({} if kafka is None else kafka.readiness())

    with health_server(
        settings.deliver_health_host, settings.deliver_health_port, readiness, "CORDON_DELIVER_HEALTH_PORT"
    ) as port:
        try:
            announce(port)
            while not stop.is_set():
                delivery.look()
                stop.wait(LOOK_EVERY_S)
        finally:
            delivery.stop()


def _kafka(settings: Settings, url: str) -> Deliverer:
    channel = KafkaAlertChannel(settings.kafka_bootstrap_servers, settings.kafka_alerts_topic, settings.kafka_security)
    return Deliverer(Outbox(url, KAFKA), channel, KAFKA)


def webhook_sender(settings: Settings, connect_worker: Callable[[], Connection], webhook_id: int) -> WebhookSender:
    poster = Poster(reach_of(settings), settings.webhook_timeout_s)
    return WebhookSender(connect_worker, webhook_id, poster, settings.delivery_dead_after_s)


def message_sender(
    settings: Settings, connect_worker: Callable[[], Connection], channel: NoticeChannel
) -> MessageSender | None:
    """None where nothing is configured that sends by the channel. Raises ConfigurationError on a wrong setting."""
    provider = provider_of(settings, channel)
    if provider is None:
        return None
    return MessageSender(connect_worker, channel, provider, style_of(settings), settings.delivery_dead_after_s)


def _message_senders(settings: Settings, connect_worker: Callable[[], Connection]) -> dict[str, MakeSender]:
    """Those that are configured; made once here, so that a wrong setting stops the process at its start."""
    made = {channel: message_sender(settings, connect_worker, channel) for channel in NoticeChannel}
    for channel in [channel for channel, sender in made.items() if sender is None]:
        log.warning("nothing sends messages of this channel: its notices wait", channel=channel.value)
    return {
        channel.value: partial(_again, settings, connect_worker, channel)
        for channel, sender in made.items()
        if sender is not None
    }


def _again(settings: Settings, connect_worker: Callable[[], Connection], channel: NoticeChannel) -> Sender:
    sender = message_sender(settings, connect_worker, channel)
    if sender is None:
        raise ConfigurationError(f"nothing sends messages by {channel.value}")
    return sender
