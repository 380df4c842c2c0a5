"""The sink and the source that the settings name."""

from ingest.kafka import KafkaPingSink, KafkaPingSource
from ingest.queue import QueuePingSink, QueuePingSource
from ingest.source import PingSink, PingSource
from ops.settings import Settings
from store.database import Pool


def open_sink(settings: Settings, pool: Pool | None = None) -> PingSink:
    """Where a gateway appends pings; ``pool`` (of the API's role) is used for the embedded queue.

    Raises UnavailableError when the broker or database does not answer.
    """
    if settings.broker == "kafka":
        return KafkaPingSink(settings.kafka_bootstrap_servers, settings.kafka_pings_topic)
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
        )
    return QueuePingSource(
        settings.require_database_url("worker"), settings.kafka_pings_topic, settings.worker_batch_size
    )
