"""Who may say how far a partition is: the last to claim it, and nobody else."""

import time
from contextlib import ExitStack
from threading import Thread

import psycopg2
import pytest

from ops.errors import FencedError, UnavailableError
from store.batch import write_batch
from store.database import Connection
from store.offsets import BEGINNING, GENESIS_HASH, Claim, advance, claim
from tests.support.batches import TOPIC, batch_write, connected
from tests.support.database import DatabaseUrls
from tests.support.world import rows

PATIENCE_S = 0.3
TABLES = ("positions", "quarantined_positions", "raw_batches", "dead_letters", "visits", "presence", "alerts", "outbox")
HASH = bytes(range(32))


def take(connection: Connection, partition: int = 0, worker: str = "a") -> Claim:
    return claim(connection, TOPIC, partition, worker, PATIENCE_S)


def move(connection: Connection, held: Claim, next_offset: int) -> Claim:
    with connection, connection.cursor() as cursor:
        return advance(cursor, held, next_offset, HASH)


def traces(database: DatabaseUrls) -> dict[str, int]:
    found = {table: rows(database.owner, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}
    return {table: count for table, count in found.items() if count}


def test_the_first_claim_begins_at_the_beginning(migrated_database: DatabaseUrls) -> None:
    with connected(migrated_database.worker) as connection:
        assert take(connection) == Claim(TOPIC, 0, 1, BEGINNING, GENESIS_HASH)


def test_each_claim_is_a_later_epoch_and_goes_on_where_the_last_batch_ended(migrated_database: DatabaseUrls) -> None:
    with connected(migrated_database.worker) as connection:
        held = move(connection, move(connection, take(connection), 5), 9)
        assert (held.epoch, held.next_offset) == (1, 9)
        assert take(connection) == Claim(TOPIC, 0, 2, 9, HASH)
        assert take(connection, partition=1).epoch == 1


def test_a_fenced_worker_cannot_write(migrated_database: DatabaseUrls) -> None:
    with connected(migrated_database.worker) as one, connected(migrated_database.worker) as other:
        held = take(one)
        theirs = take(other, worker="b")
        with pytest.raises(FencedError, match="taken over"):
            write_batch(one, [held], batch_write(held), revision=0)
        assert traces(migrated_database) == {}
        assert move(other, theirs, 3).next_offset == 3


def test_an_offset_is_moved_by_its_holder_only_from_where_it_is(migrated_database: DatabaseUrls) -> None:
    with connected(migrated_database.worker) as connection:
        held = take(connection)
        move(connection, held, 5)
        with pytest.raises(FencedError):
            move(connection, held, 6)


def test_messages_before_the_claims_offset_are_not_written_again(migrated_database: DatabaseUrls) -> None:
    with connected(migrated_database.worker) as connection:
        held = move(connection, take(connection), 5)
        with pytest.raises(FencedError, match="all before 5 is written"):
            write_batch(connection, [held], batch_write(held, first_offset=4), revision=0)
        assert take(connection).next_offset == 5


def test_a_frozen_workers_open_transaction_is_ended_after_the_patience(migrated_database: DatabaseUrls) -> None:
    with connected(migrated_database.worker) as frozen, connected(migrated_database.worker) as other:
        held = take(frozen)
        with frozen.cursor() as cursor:
            advance(cursor, held, 7, HASH)  # and no commit
        started = time.monotonic()
        theirs = take(other, worker="b")
        assert PATIENCE_S <= time.monotonic() - started < PATIENCE_S + 2
        assert (theirs.epoch, theirs.next_offset) == (2, BEGINNING)
        with pytest.raises((psycopg2.OperationalError, psycopg2.InterfaceError)):
            frozen.commit()


def test_a_worker_that_finishes_its_batch_in_time_is_not_ended(migrated_database: DatabaseUrls) -> None:
    with ExitStack() as stack:
        busy, other = (stack.enter_context(connected(migrated_database.worker)) for _ in range(2))
        held = take(busy)
        with busy.cursor() as cursor:
            advance(cursor, held, 7, HASH)
        claims: list[Claim] = []
        claiming = Thread(target=lambda: claims.append(take(other, worker="b")))
        claiming.start()
        time.sleep(PATIENCE_S / 3)
        busy.commit()
        claiming.join()
        assert (claims[0].epoch, claims[0].next_offset) == (2, 7)


def test_a_claim_in_progress_fences_at_once_and_does_not_wait(migrated_database: DatabaseUrls) -> None:
    with connected(migrated_database.worker) as one, connected(migrated_database.worker) as other:
        held = take(one)
        with other.cursor() as cursor:
            advance(cursor, held, 7, HASH)
            started = time.monotonic()
            with pytest.raises(FencedError, match="being taken over"):
                move(one, held, 8)
            assert time.monotonic() - started < 1


def test_a_session_that_cannot_be_ended_is_said_and_not_waited_for(
    migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        connected(migrated_database.worker) as frozen,
        connected(migrated_database.worker) as other,
        frozen.cursor() as cursor,
    ):
        advance(cursor, take(frozen), 7, HASH)
        monkeypatch.setattr("store.offsets._end_holder", lambda *_: True)
        with pytest.raises(UnavailableError, match="could not be ended"):
            take(other)
