"""A worker process from the settings."""

import gc
import signal
import socket
import threading
import uuid
from collections.abc import Callable

from ingest.decode import DecodeLimits
from ingest.screen import ScreenLimits
from ingest.sinks import open_source
from ingest.source import PingSource
from ingest.worker import Worker, WorkerConfiguration
from ingest.worker_metrics import answering
from ops.errors import UnavailableError
from ops.health import health_server
from ops.logs import get_logger
from ops.metrics import BROKER_UP, DATABASE_UP
from ops.settings import Settings
from store.database import connect

log = get_logger("worker")


RETRY_S = 2.0


def collect_garbage_seldom() -> None:
    """What a worker holds makes no cycles, and to look for them took a quarter of its time for the check."""
    gc.set_threshold(100_000, 50, 100)


def run_worker(settings: Settings, stop: threading.Event, announce: Callable[[int], None]) -> None:
    """Work until ``stop`` is set; ``announce`` is told the port of /health and /metrics."""
    collect_garbage_seldom()
    url = settings.require_database_url("worker")
    workers: list[Worker] = []  # one, once the broker was reached

    waiting = {"database": False, "broker": False}

    def readiness() -> dict[str, bool]:
        return workers[0].readiness() if workers else waiting

    with health_server(settings.worker_health_host, settings.worker_health_port, readiness) as port:
        announce(port)
        source = _source_when_there(settings, stop, waiting)
        if source is not None:
            workers.append(Worker(worker_configuration(settings), source, lambda: connect(url, "cordon-worker")))
            workers[0].run(stop)


def _source_when_there(settings: Settings, stop: threading.Event, waiting: dict[str, bool]) -> PingSource | None:
    """The source, however long the broker is away; None when stopped before. A missing topic ends the worker.

    ``waiting`` is told meanwhile whether the database answers: it must not look as if that were down too.
    """
    while not stop.is_set():
        waiting["database"] = _database_answers(settings)
        try:
            with answering(BROKER_UP):
                return open_source(settings)
        except UnavailableError as error:
            log.warning("waiting for a server", reason=str(error))
            stop.wait(RETRY_S)
    return None


def _database_answers(settings: Settings) -> bool:
    try:
        with answering(DATABASE_UP):
            connect(settings.require_database_url("worker"), "cordon-worker").close()
    except UnavailableError:
        return False
    return True


def worker_configuration(settings: Settings) -> WorkerConfiguration:
    return WorkerConfiguration(
        name=f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}",
        centre=(settings.centre_lat, settings.centre_lon),
        decode_limits=DecodeLimits(settings.message_max_bytes, settings.region),
        screen_limits=screen_limits(settings),
        lock_patience_s=settings.lock_timeout_ms / 1000,
        channels=("kafka",) if settings.broker == "kafka" else (),
        heard_every_s=settings.heard_every_s,
        matching=settings.matching,
    )


def screen_limits(settings: Settings) -> ScreenLimits:
    return ScreenLimits(
        fix_max_age_days=settings.fix_max_age_days,
        fix_max_future_s=settings.fix_max_future_s,
        implied_speed_limit_mps=settings.implied_speed_limit_mps,
        poor_accuracy_m=settings.poor_accuracy_m,
        region=settings.region,
    )


def stop_on_signals() -> threading.Event:
    """An event that SIGINT and SIGTERM set; the batch in hand is finished first."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    return stop
