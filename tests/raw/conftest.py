"""An archive as a worker leaves it: pings judged from the embedded queue, in a process of the test's own."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from ingest.queue import QueuePingSink, QueuePingSource
from ingest.run import worker_configuration
from ingest.worker import Worker
from ops.settings import Settings
from store.database import Pool, connect
from tests.support.command import Cordon, in_process
from tests.support.database import DatabaseUrls

Judge = Callable[[Sequence[tuple[str, bytes]]], None]
TOPIC = "tag.pings"


@pytest.fixture
def judge(migrated_database: DatabaseUrls) -> Iterator[Judge]:
    """Judges (serial, JSON) pairs as one batch."""
    pool = Pool(migrated_database.api, "test", size=1)
    source = QueuePingSource(migrated_database.worker, TOPIC, 1000)
    worker = Worker(worker_configuration(Settings()), source, lambda: connect(migrated_database.worker, "test"))
    worker.round()

    def judge_batch(messages: Sequence[tuple[str, bytes]]) -> None:
        QueuePingSink(pool).append(messages)
        worker.round()

    yield judge_batch
    worker.close()
    pool.close()


@pytest.fixture
def cordon(
    migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cordon:
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", migrated_database.owner)
    return in_process(monkeypatch, capsys)
