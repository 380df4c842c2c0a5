"""A worker in the test's own thread that judges what it is given, as one batch, from the embedded queue."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ingest.queue import QueuePingSink, QueuePingSource
from ingest.run import worker_configuration
from ingest.worker import Worker
from ops.settings import Settings
from store.database import Pool, connect
from tests.support.database import DatabaseUrls

Judge = Callable[[Sequence[tuple[str, bytes]]], None]
TOPIC = "tag.pings"


@contextmanager
def judging(database: DatabaseUrls) -> Iterator[Judge]:
    """Judges (serial, JSON) pairs as one batch."""
    pool = Pool(database.api, "test", size=1)
    source = QueuePingSource(database.worker, TOPIC, 1000)
    worker = Worker(worker_configuration(Settings()), source, lambda: connect(database.worker, "test"))
    worker.round()

    def judge_batch(messages: Sequence[tuple[str, bytes]]) -> None:
        QueuePingSink(pool).append(messages)
        worker.round()

    yield judge_batch
    worker.close()
    pool.close()
