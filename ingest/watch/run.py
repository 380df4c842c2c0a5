"""A watch process from the settings."""

import socket
import threading
import uuid
from collections.abc import Callable

from alerts.device_episodes import BatteryLimits
from alerts.device_rules import SilenceLimits
from alerts.intake import IntakeLimits
from ingest.kafka import KafkaPingSource
from ingest.sinks import event_limits
from ingest.watch.broker import KafkaWatchBroker, QueueWatchBroker
from ingest.watch.events import EventIntake
from ingest.watch.judging import WatchLimits
from ingest.watch.watcher import Watcher
from ops.health import health_server
from ops.settings import Settings
from store.database import connect

GROUP = "cordon-watch"
BATCH = 1000


def run_watch(settings: Settings, stop: threading.Event, announce: Callable[[int], None]) -> None:
    """Watch until ``stop`` is set; ``announce`` is told the port of /health and /metrics."""
    watcher = make_watcher(settings)
    with health_server(
        settings.watch_health_host, settings.watch_health_port, watcher.readiness, "CORDON_WATCH_HEALTH_PORT"
    ) as port:
        announce(port)
        watcher.run(stop)


def make_watcher(settings: Settings) -> Watcher:
    """Raises ConfigurationError without CORDON_DATABASE_WORKER_URL."""
    url = settings.require_database_url("worker")
    uses_kafka = settings.broker == "kafka"
    return Watcher(
        connect=lambda: connect(url, "cordon-watch"),
        broker=KafkaWatchBroker(settings) if uses_kafka else QueueWatchBroker(settings),
        events=_event_intake(settings) if uses_kafka else None,
        limits=watch_limits(settings),
        channels=("kafka",) if uses_kafka else (),
        every_s=settings.watch_every_s,
        heartbeat_every_s=settings.heartbeat_every_s,
    )


def watch_limits(settings: Settings) -> WatchLimits:
    return WatchLimits(
        intake=IntakeLimits(settings.deaf_after_s, settings.deaf_quiet_s, settings.deaf_min_tags),
        silence=SilenceLimits(settings.no_communication_s, settings.no_fix_s, settings.heard_every_s),
        battery=BatteryLimits(settings.battery_low_pct, settings.battery_critical_pct, settings.battery_uncharged_s),
    )


def _event_intake(settings: Settings) -> EventIntake:
    return EventIntake(
        open_source=lambda: KafkaPingSource(
            bootstrap_servers=settings.kafka_bootstrap_servers,
            topic=settings.kafka_events_topic,
            group=f"{GROUP}-{settings.kafka_events_topic}",
            batch_size=BATCH,
            session_timeout_ms=settings.kafka_session_timeout_ms,
            max_poll_interval_ms=settings.kafka_max_poll_interval_ms,
            security=settings.kafka_security,
        ),
        name=f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}",
        lock_patience_s=settings.lock_timeout_ms / 1000,
        limits=event_limits(settings),
    )
