"""Many pasts to be judged anew: the worker spends no time on waiting for pings between them."""

from datetime import UTC, datetime, timedelta

import pytest

from ingest import worker, worker_look_back
from ingest.queue import QueuePingSource
from ingest.source import Polled
from model.times import to_microseconds
from tests.support.database import DatabaseUrls
from tests.support.pings import ping
from tests.support.waiting import wait_until
from tests.support.worker_thread import TOPIC, append, worker_on
from tests.support.world import enrol, rows

SERIALS = [f"TAG-{number}" for number in range(12)]
START_US = to_microseconds(datetime.now(UTC) - timedelta(hours=1))
WAITING = "SELECT count(*) FROM reevaluations"


class TimedSource(QueuePingSource):
    """The embedded queue, and how long each poll was allowed to wait."""

    def __init__(self, database: DatabaseUrls) -> None:
        super().__init__(database.worker, TOPIC, 1000)
        self.waits_s: list[float] = []

    def poll(self, timeout_s: float) -> Polled:
        self.waits_s.append(timeout_s)
        return super().poll(timeout_s)


def test_a_worker_that_is_behind_does_not_wait_for_pings(
    migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_look_back, "FOR_S", 0.0)  # one device a round
    enrol(migrated_database.owner, SERIALS)
    append(migrated_database, [(serial, ping(serial, START_US)) for serial in SERIALS])
    source = TimedSource(migrated_database)
    with worker_on(migrated_database, source):
        wait_until(lambda: rows(migrated_database.owner, "SELECT count(*) FROM positions") == [(len(SERIALS),)])
        source.waits_s.clear()
        rows(
            migrated_database.owner,
            "INSERT INTO reevaluations (device_id, from_time) SELECT device_id, now() - interval '2 hours'"
            " FROM devices RETURNING device_id",
        )
        wait_until(lambda: rows(migrated_database.owner, WAITING) == [(0,)])
        wait_until(lambda: source.waits_s[-1] == worker.POLL_S)
    assert source.waits_s.count(worker.POLL_BEHIND_S) >= len(SERIALS) - 1
