"""The sink and the source that the settings name."""

from collections.abc import Sequence

from ingest.event import EventLimits
from ingest.kafka import KafkaPingSink, KafkaPingSource
from ingest.queue import QueuePingSink, QueuePingSource
from ingest.source import EventMessage, EventSink, PingSink, PingSource
from ops.settings import Settings
from store.database import Pool
from store.device_events import EventRow, record_events_of_gateway


def open_sink(settings: Settings, pool: Pool | None = None) -> PingSink:
    """Where a gateway appends pings; ``pool`` (of the API's role) is used for the embedded queue.

    Raises UnavailableError when the broker or database does not answer.
    """
    if settings.broker == "kafka":
        return KafkaPingSink(settings.kafka_bootstrap_servers, settings.kafka_pings_topic, settings.kafka_security)
    if pool is None:
        pool = Pool(settings.require_database_url("api"), "cordon-sink", size=1)
    return QueuePingSink(pool)


def open_source(settings: Settings) -> PingSource:
    """Where a worker takes pings from. Raises UnavailableError, or ConfigurationError without the topic."""
    if settings.broker == "kafka":
        return KafkaPingSource(
            bootstrap_servers=settings.kafka_bootstrap_servers,
            topic=settings.kafka_pings_topic,
            group=settings.kafka_group,
            batch_size=settings.worker_batch_size,
            session_timeout_ms=settings.kafka_session_timeout_ms,
            max_poll_interval_ms=settings.kafka_max_poll_interval_ms,
            security=settings.kafka_security,
        )
    return QueuePingSource(
        settings.require_database_url("worker"), settings.kafka_pings_topic, settings.worker_batch_size
    )


class KafkaEventSink:
    """Appends to the topic of events, keyed by device, byte for byte as each was sent."""

    def __init__(self, settings: Settings) -> None:
        self._sink = KafkaPingSink(
            settings.kafka_bootstrap_servers, settings.kafka_events_topic, settings.kafka_security
        )

    def append(self, messages: Sequence[EventMessage]) -> None:
        self._sink.append([(message.serial, message.original) for message in messages])

    def close(self) -> None:
        self._sink.close()


class TableEventSink:
    """Records events at once: beside the embedded queue there is no topic of theirs."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def append(self, messages: Sequence[EventMessage]) -> None:
        rows = [EventRow(message.serial, message.event, message.sequence, message.original) for message in messages]
        record_events_of_gateway(self._pool, rows)

    def close(self) -> None:
        """The pool belongs to whoever gave it."""


def open_event_sink(settings: Settings, pool: Pool) -> EventSink:
    """Where a gateway appends device events. Raises UnavailableError when the broker does not answer."""
    return KafkaEventSink(settings) if settings.broker == "kafka" else TableEventSink(pool)


def event_limits(settings: Settings) -> EventLimits:
    return EventLimits(settings.message_max_bytes, settings.fix_max_age_days, settings.fix_max_future_s)
