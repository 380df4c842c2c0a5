"""The embedded queue: in order, nothing skipped, durable, one worker at a time."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from ingest.queue import PARTITION, QueuePingSink, QueuePingSource
from ops.errors import UnavailableError
from store.database import Pool
from store.embedded import EmbeddedPostgres
from store.offsets import BEGINNING
from tests.support.batches import TOPIC, connected
from tests.support.database import DatabaseUrls, prepare_database
from tests.support.pings import START_US, ping
from tests.support.waiting import wait_until
from tests.support.worker_thread import append, queue_worker, worker_on
from tests.support.world import enrol, rows

WRITERS = 4
BATCHES_EACH = 100
BATCH = 4
TOTAL = WRITERS * BATCHES_EACH * BATCH


@contextmanager
def source(database: DatabaseUrls, batch_size: int = 100) -> Iterator[QueuePingSource]:
    """One that holds the queue and stands at its beginning."""
    opened = QueuePingSource(database.worker, TOPIC, batch_size)
    try:
        assert opened.poll(1).gained == {PARTITION}
        opened.seek(PARTITION, BEGINNING)
        yield opened
    finally:
        opened.close()


def read(opened: QueuePingSource, timeout_s: float = 0) -> tuple[list[int], list[bytes]]:
    polled = opened.poll(timeout_s).batches
    return (polled[0].offsets, polled[0].values) if polled else ([], [])


def test_messages_come_in_the_order_of_their_appending(migrated_database: DatabaseUrls) -> None:
    append(migrated_database, [("a", b"1"), ("b", b"2"), ("a", b"3")])
    append(migrated_database, [("a", b"4")])
    with source(migrated_database, batch_size=3) as opened:
        (batch,) = opened.poll(0).batches
        assert (batch.offsets, batch.keys, batch.values) == ([0, 1, 2], [b"a", b"b", b"a"], [b"1", b"2", b"3"])
        assert (batch.next_offset, batch.lag) == (3, 1)
        assert read(opened) == ([3], [b"4"])
        assert read(opened) == ([], [])


def test_only_what_was_committed_is_let_go(migrated_database: DatabaseUrls) -> None:
    append(migrated_database, [("a", b"1"), ("a", b"2"), ("a", b"3")])
    with source(migrated_database) as opened:
        opened.commit({PARTITION: 2})
        opened.seek(PARTITION, BEGINNING)
        assert read(opened) == ([2], [b"3"])


def test_several_appenders_at_once_never_make_a_reader_skip_a_row(migrated_database: DatabaseUrls) -> None:
    pool = Pool(migrated_database.api, "test", size=WRITERS)
    sink = QueuePingSink(pool)

    def write(writer: int) -> None:
        for number in range(BATCHES_EACH):
            sink.append([("a", f"{writer}/{number}/{item}".encode()) for item in range(BATCH)])

    writers = [Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    seen: list[bytes] = []
    with source(migrated_database, batch_size=50) as opened:
        for writer in writers:
            writer.start()

        def every_row_is_seen() -> bool:
            seen.extend(read(opened)[1])
            return len(seen) >= TOTAL

        wait_until(every_row_is_seen)
        for writer in writers:
            writer.join()
        assert read(opened) == ([], [])
    pool.close()
    assert len(seen) == len(set(seen)) == TOTAL
    for number in range(WRITERS):
        of_one = [value for value in seen if value.startswith(f"{number}/".encode())]
        assert of_one == [f"{number}/{turn}/{item}".encode() for turn in range(BATCHES_EACH) for item in range(BATCH)]


def test_a_poll_is_bounded_in_bytes_too(migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.queue.BATCH_BYTES", 1000)
    append(migrated_database, [("a", b"x" * 400)] * 5 + [("a", b"y" * 5000), ("a", b"z")])
    with source(migrated_database) as opened:
        polled = []
        while (offsets := read(opened)[0]) != []:
            polled.append(offsets)
    assert polled == [[0, 1], [2, 3], [4], [5], [6]]


def test_what_was_appended_outlives_a_killed_server(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "server") as server:
        append(prepare_database(server.url()), [("a", b"kept")] * 7)
        killed = server.pid
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{killed}").exists() or _is_zombie(killed))
    with EmbeddedPostgres(tmp_path / "server") as server:
        assert rows(server.url(), "SELECT count(*) FROM ping_queue WHERE value = 'kept'") == [(7,)]


def _is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_server_that_goes_away_is_said(migrated_database: DatabaseUrls) -> None:
    with source(migrated_database) as opened:
        cut(migrated_database)
        with pytest.raises(UnavailableError):
            opened.poll(0)
        opened.rejoin()
        assert opened.poll(1).gained == {PARTITION}


def test_a_second_worker_stands_by_and_takes_over(migrated_database: DatabaseUrls) -> None:
    enrol(migrated_database.owner, ["TAG-1"])

    def send(number: int) -> None:
        append(migrated_database, [("TAG-1", ping("TAG-1", START_US + number * 1_000_000))])

    def judged_by(name: str, count: int) -> bool:
        written = rows(migrated_database.owner, "SELECT worker, next_offset FROM partition_offsets")
        return written == [(name, count)]

    with worker_on(migrated_database, QueuePingSource(migrated_database.worker, TOPIC, 10), "first") as first:
        send(1)
        wait_until(lambda: judged_by("first", 1))
        with worker_on(migrated_database, QueuePingSource(migrated_database.worker, TOPIC, 10), "second"):
            send(2)
            wait_until(lambda: judged_by("first", 2))
            first.stop()
            send(3)
            wait_until(lambda: judged_by("second", 3))
    assert rows(migrated_database.owner, "SELECT first_offset FROM raw_batches ORDER BY 1") == [(0,), (1,), (2,)]
    assert rows(migrated_database.owner, "SELECT epoch FROM partition_offsets") == [(2,)]


def test_a_worker_whose_session_is_cut_goes_on(migrated_database: DatabaseUrls) -> None:
    enrol(migrated_database.owner, ["TAG-1"])
    with queue_worker(migrated_database, batch_size=5) as worker:
        for number in range(60):
            append(migrated_database, [("TAG-1", ping("TAG-1", START_US + number * 1_000_000))])
            if number % 20 == 10:
                cut(migrated_database)
        wait_until(lambda: rows(migrated_database.owner, "SELECT sum(message_count) FROM raw_batches") == [(60,)])
        assert worker.error is None
    assert rows(migrated_database.owner, "SELECT count(*) FROM quarantined_positions") == [(60,)]


def cut(database: DatabaseUrls) -> None:
    with connected(database.owner) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name IN ('test-worker', 'cordon-queue')"
        )
