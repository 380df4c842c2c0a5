"""A real worker in a thread, on the embedded queue."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from ingest.decode import DecodeLimits
from ingest.queue import QueuePingSource
from ingest.source import PingSource
from ingest.worker import Worker, WorkerConfiguration
from model.crimes import MatchingSettings
from store.database import connect
from store.ping_queue import append_pings
from tests.support.database import DatabaseUrls
from tests.support.pings import LIMITS
from tests.support.waiting import DEADLINE_S

TOPIC = "tag.pings"
MESSAGE_MAX_BYTES = 1_000_000


def configuration(name: str = "test-worker", lock_patience_s: float = 0.5) -> WorkerConfiguration:
    return WorkerConfiguration(
        name=name,
        centre=(51.5, -0.1),
        decode_limits=DecodeLimits(MESSAGE_MAX_BYTES, LIMITS.region),
        screen_limits=LIMITS,
        lock_patience_s=lock_patience_s,
        channels=(),
        heard_every_s=0.2,
        matching=MatchingSettings(),
    )


class WorkerThread:
    """``error`` is what ended the worker, None while it works or when it was asked to end."""

    def __init__(self, database: DatabaseUrls, source: PingSource, name: str = "test-worker") -> None:
        self._worker = Worker(configuration(name), source, lambda: connect(database.worker, name))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name)
        self.error: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(DEADLINE_S)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._worker.run(self._stop)
        except Exception as error:  # noqa: BLE001  a test asks what it was
            self.error = error


@contextmanager
def worker_on(database: DatabaseUrls, source: PingSource, name: str = "test-worker") -> Iterator[WorkerThread]:
    worker = WorkerThread(database, source, name)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


@contextmanager
def queue_worker(database: DatabaseUrls, batch_size: int = 1000) -> Iterator[WorkerThread]:
    with worker_on(database, QueuePingSource(database.worker, TOPIC, batch_size)) as worker:
        yield worker


def append(database: DatabaseUrls, messages: Sequence[tuple[str, bytes]]) -> None:
    with closing(connect(database.api, "test")) as connection, connection, connection.cursor() as cursor:
        append_pings(cursor, messages)
