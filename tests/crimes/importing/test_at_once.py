"""An import is there whole or not at all, whoever dies and whoever else writes at the same time."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.matching.importing import ImportedFile
from ops.errors import UnavailableError
from store.locks import Lock
from store.registry import lock_registry_exclusive, lock_registry_shared, next_revision
from tests.crimes.files.police_files import police_csv
from tests.support.crime_imports import LOCK_TIMEOUT_MS, Importer, ask, value
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner

EMPTY = {"crime_batches": 0, "crime_batch_errors": 0, "crimes": 0, "crime_versions": 0, "matching_wanted": 0}
WRONG = {"crime_reference": "BAD", "crime_type_id": "XX"}
WAIT_S = 20


@pytest.fixture
def importer(migrated_database: DatabaseUrls) -> Importer:
    return Importer(migrated_database)


def counts(urls: DatabaseUrls) -> dict[str, int]:
    return {table: value(urls, f"SELECT count(*) FROM {table}") for table in EMPTY}


def await_waiter(urls: DatabaseUrls) -> None:
    """Until somebody waits for the registry's lock."""
    deadline = time.monotonic() + WAIT_S
    while not value(
        urls,
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = %s AND classid = 0"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        int(Lock.REGISTRY),
    ):
        assert time.monotonic() < deadline, "nobody asks for the registry's lock"
        time.sleep(0.02)


@contextmanager
def batch_in_flight(urls: DatabaseUrls) -> Iterator[None]:
    with as_owner(urls.owner) as batch:
        lock_registry_shared(batch)
        yield


def test_a_process_that_dies_in_the_middle_leaves_nothing(importer: Importer, tmp_path: Path) -> None:
    file = tmp_path / "crimes.csv"
    file.write_bytes(police_csv({}, WRONG))
    environment = os.environ | {"CORDON_DATABASE_OWNER_URL": importer.urls.owner}
    command = [sys.executable, "-m", "cli", "crimes", "import", str(file)]
    with batch_in_flight(importer.urls):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        await_waiter(importer.urls)
        process.send_signal(signal.SIGKILL)
        process.wait(WAIT_S)
    assert counts(importer.urls) == EMPTY
    assert importer.send(file.read_bytes()).batch.new_count == 1


def test_a_registry_that_stays_busy_leaves_nothing(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.crime_import.REGISTRY_TRIES", 2)
    with batch_in_flight(importer.urls), pytest.raises(UnavailableError, match="nothing was imported"):
        importer.send(police_csv({}, WRONG))
    assert counts(importer.urls) == EMPTY
    assert ask(importer.urls, "SELECT 1 FROM audit_log") == []


def test_a_batch_of_positions_that_takes_its_time_is_waited_for(importer: Importer) -> None:
    with ThreadPoolExecutor(1) as pool:
        with batch_in_flight(importer.urls):
            sent = pool.submit(importer.send, police_csv({}))
            time.sleep(LOCK_TIMEOUT_MS / 1000 + 0.5)
        assert sent.result(WAIT_S).batch.new_count == 1


def test_an_edit_that_takes_the_revision_first_gives_the_versions_the_next_one(importer: Importer) -> None:
    with ThreadPoolExecutor(1) as pool:
        with as_owner(importer.urls.owner) as edit:
            lock_registry_exclusive(edit)
            sent = pool.submit(importer.send, police_csv({}))
            await_waiter(importer.urls)
            taken = next_revision(edit)
        sent.result(WAIT_S)
    assert ask(importer.urls, "SELECT DISTINCT revision FROM crime_versions") == [(taken + 1,)]
    assert value(importer.urls, "SELECT revision FROM registry_revision") == taken + 1


def test_the_registry_is_locked_for_the_commit_alone(importer: Importer) -> None:
    """What a batch of positions would wait for: nothing, while the rows are written."""
    with as_owner(importer.urls.owner) as other:
        other.execute("LOCK TABLE crime_versions IN SHARE MODE")  # holds the import up in the middle of its writing
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(importer.send, police_csv({}))
            deadline = time.monotonic() + WAIT_S
            while not value(importer.urls, "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'"):
                assert time.monotonic() < deadline
                time.sleep(0.02)
            with as_owner(importer.urls.owner) as batch:
                batch.execute("SELECT pg_try_advisory_xact_lock_shared(%s)", (int(Lock.REGISTRY),))
                assert batch.fetchone() == (True,)
            other.connection.rollback()
            assert sent.result(WAIT_S).batch.new_count == 1


def test_the_same_file_from_two_senders_at_once_is_one_batch(importer: Importer) -> None:
    content = police_csv(*({"crime_reference": f"C{n}"} for n in range(200)))
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(replace(importer, subject=f"analyst.{n}").send, content) for n in range(4)]
        results = [one.result(WAIT_S) for one in sent]
    assert sorted(one.is_known for one in results) == [False, True, True, True]
    assert len({one.batch.crime_batch_id for one in results}) == 1
    assert counts(importer.urls)["crime_versions"] == 200


def test_different_files_on_the_same_crimes_come_one_after_the_other(importer: Importer) -> None:
    def content(number: int) -> bytes:
        return police_csv(*({"crime_reference": f"C{n}", "crime_text": f"Told {number} times"} for n in range(50)))

    started = threading.Barrier(4)

    def send(number: int) -> ImportedFile:
        started.wait(WAIT_S)
        return importer.send(content(number))

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(send, range(4)))
    assert sum(one.batch.new_count for one in results) == 50
    assert sum(one.batch.changed_count for one in results) == 150
    found = ask(
        importer.urls,
        "SELECT array_agg(version ORDER BY version), count(*) FILTER (WHERE is_current),"
        " array_agg(revision ORDER BY version) = array_agg(revision ORDER BY revision)"
        " FROM crime_versions GROUP BY crime_id",
    )
    assert found == [([1, 2, 3, 4], 1, True)] * 50


def test_forces_do_not_wait_for_each_other(importer: Importer) -> None:
    kent = replace(importer, force="Kent")
    with importer.begin() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(1129272914, hashtext('Metropolitan'))")
        assert kent.send(police_csv({"police_force": "Kent", "batch_id": "KNT20250126"})).batch.new_count == 1
