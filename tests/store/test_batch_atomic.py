"""A batch is written whole or not at all; one that failed is written once when it is tried again."""

import time
from threading import Timer

import psycopg2
import pytest

import store.batch
from ops.errors import UnavailableError
from store.batch import RegistryChangedError, Written, write_batch
from store.database import IDLE_IN_TRANSACTION_MS, Connection, Cursor, connect
from store.locks import Lock, hold_until_commit
from store.offsets import BEGINNING, claim
from store.registry import lock_registry_exclusive, next_revision
from tests.support.batches import TOPIC, batch_write, connected
from tests.support.database import DatabaseUrls
from tests.support.world import add_zone, enrol, rows

WRITTEN = {
    "positions": 3,
    "quarantined_positions": 1,
    "raw_batches": 1,
    "dead_letters": 1,
    "visits": 1,
    "presence": 1,
    "alerts": 1,
    "alert_events": 1,
    "outbox": 1,
}
BREAKERS = {
    "raw_batches": "ALTER TABLE raw_batches ADD CONSTRAINT broken CHECK (false) NOT VALID",
    "positions": "ALTER TABLE positions ADD CONSTRAINT broken CHECK (false) NOT VALID",
    "late positions": "ALTER TABLE positions ADD CONSTRAINT broken CHECK (message_offset < 2) NOT VALID",
    "quarantined_positions": "ALTER TABLE quarantined_positions ADD CONSTRAINT broken CHECK (false) NOT VALID",
    "dead_letters": "ALTER TABLE dead_letters ADD CONSTRAINT broken CHECK (false) NOT VALID",
    "visits": "ALTER TABLE visits ADD CONSTRAINT broken CHECK (false) NOT VALID",
    "presence": "ALTER TABLE presence ADD CONSTRAINT broken CHECK (false) NOT VALID",
    "alerts": "ALTER TABLE alerts ADD CONSTRAINT broken CHECK (false) NOT VALID",
    "alert_events": "ALTER TABLE alert_events ADD CONSTRAINT broken CHECK (false) NOT VALID",
    "outbox": "ALTER TABLE outbox ADD CONSTRAINT broken CHECK (false) NOT VALID",
}
SQUARE = [[-0.102, 51.498], [-0.098, 51.498], [-0.098, 51.502], [-0.102, 51.502], [-0.102, 51.498]]


@pytest.fixture
def database(migrated_database: DatabaseUrls) -> DatabaseUrls:
    """With a person, a device, an activation and a zone, each numbered 1."""
    enrol(migrated_database.owner, ["TAG-1"])
    add_zone(migrated_database.owner, "ZONE", {"type": "Polygon", "coordinates": [SQUARE]})
    return migrated_database


def run(database: DatabaseUrls, statement: str) -> None:
    with connected(database.owner) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)


def counts(database: DatabaseUrls) -> dict[str, int]:
    return {table: rows(database.owner, f"SELECT count(*) FROM {table}")[0][0] for table in WRITTEN}


def offset(database: DatabaseUrls) -> int:
    found: int = rows(database.owner, "SELECT next_offset FROM partition_offsets")[0][0]
    return found


def write(connection: Connection, revision: int = 0) -> Written:
    held = claim(connection, TOPIC, 0, "worker", 1)
    return write_batch(connection, [held], batch_write(held), revision)


def assert_nothing_written(database: DatabaseUrls) -> None:
    assert counts(database) == dict.fromkeys(WRITTEN, 0)
    assert offset(database) == BEGINNING


def test_a_batch_is_written_to_every_table(database: DatabaseUrls) -> None:
    with connected(database.worker) as connection:
        written = write(connection)
    assert (written.stored, written.repeated, written.quarantined) == (3, 0, 1)
    assert counts(database) == WRITTEN
    assert offset(database) == 3


@pytest.mark.parametrize("broken", BREAKERS)
def test_a_batch_that_fails_at_any_stage_leaves_nothing_and_is_then_written_once(
    database: DatabaseUrls, broken: str
) -> None:
    run(database, BREAKERS[broken])
    with connected(database.worker) as connection:
        with pytest.raises(psycopg2.errors.CheckViolation):
            write(connection)
        assert_nothing_written(database)
        run(database, f"ALTER TABLE {broken.rsplit(maxsplit=1)[-1]} DROP CONSTRAINT broken")
        write(connection)
    assert counts(database) == WRITTEN


STAGES = ["advance", "write_raw", "write_newer", "write_older", "write_visits", "write_presence", "write_alerts"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_session_that_is_killed_at_any_stage_leaves_nothing(
    database: DatabaseUrls, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = getattr(store.batch, stage)

    def killed(cursor: Cursor, *arguments: object) -> object:
        result = plain(cursor, *arguments)
        pid = cursor.connection.get_backend_pid()
        rows(database.owner, f"SELECT pg_terminate_backend({pid})")
        return result

    with monkeypatch.context() as patch, connected(database.worker) as connection:
        patch.setattr(store.batch, stage, killed)
        with pytest.raises((psycopg2.OperationalError, psycopg2.InterfaceError)):
            write(connection)
    assert_nothing_written(database)
    with connected(database.worker) as connection:
        write(connection)
    assert counts(database) == WRITTEN


def test_a_batch_decided_before_an_edit_is_not_written(database: DatabaseUrls) -> None:
    with connected(database.worker) as connection:
        with pytest.raises(RegistryChangedError):
            write(connection, revision=17)
        assert_nothing_written(database)
        assert write(connection).stored == 3


def test_an_edit_that_commits_while_a_batch_waits_for_it_is_seen(database: DatabaseUrls) -> None:
    with connected(database.owner) as editing, connected(database.worker) as connection:
        with editing.cursor() as cursor:
            lock_registry_exclusive(cursor)
            next_revision(cursor)
        committing = Timer(0.3, editing.commit)
        committing.start()
        with pytest.raises(RegistryChangedError):
            write(connection)
        committing.join()
    assert_nothing_written(database)


@pytest.mark.parametrize("lock", ["registry", "alert events"])
def test_a_batch_does_not_wait_for_ever_behind_a_frozen_session(
    database: DatabaseUrls, lock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its worker may be the one who has to take the frozen one's partition over."""
    monkeypatch.setattr(store.batch, "LOCK_WAIT_MS", 200)
    with connected(database.worker) as frozen, connected(database.worker) as connection:
        with frozen.cursor() as cursor:
            if lock == "registry":
                lock_registry_exclusive(cursor)
            else:
                hold_until_commit(cursor, Lock.ALERT_EVENTS)
        started = time.monotonic()
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            write(connection)
        assert time.monotonic() - started < 2
        frozen.rollback()
        assert write(connection).stored == 3


def test_the_server_ends_a_session_that_stands_still_in_a_transaction(database: DatabaseUrls) -> None:
    with connected(database.api) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == (f"{IDLE_IN_TRANSACTION_MS // 60_000}min",)


def test_a_batch_sees_edits_whatever_isolation_the_database_prefers(database: DatabaseUrls) -> None:
    run(
        database,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation TO "
        "''repeatable read''', current_database()); END $$",
    )
    with connected(database.api) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("read committed",)


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    with pytest.raises(UnavailableError) as caught:
        connect("postgresql://someone:secret@127.0.0.1:1/cordon", "test")
    assert "secret" not in str(caught.value)
