"""What is asked for of devices: joined by device, and never lost to an answer that did not see it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from crimes.recent import Stretches
from model.devices import NEVER_US
from model.times import SECOND_US, from_microseconds
from store.database import Connection
from store.positions import StoredLate
from store.rematches import (
    Rematch,
    ask_rematches,
    finish_rematches,
    retry_rematches,
    set_rematch_aside,
    waiting_rematches,
)
from tests.support.batches import connected
from tests.support.database import DatabaseUrls
from tests.support.matching import ReportedCrime, import_crimes
from tests.support.pings import START_US
from tests.support.world import enrol

MOMENT = from_microseconds(START_US)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def connection(migrated_database: DatabaseUrls) -> Iterator[Connection]:
    enrol(migrated_database.owner, ["ONE", "TWO"])
    import_crimes(migrated_database, ReportedCrime("CRIME", (51.5, -0.1), START_US, START_US))
    with connected(migrated_database.worker) as connection:
        yield connection


def ask(connection: Connection, *rows: tuple[int, int, int], late: tuple[StoredLate, ...] = ()) -> None:
    """(device, from, until), in minutes after START_US."""
    found = Stretches(
        np.array([device for device, _, _ in rows], np.int64),
        np.array([NEVER_US if start == NEVER_US else minute_us(start) for _, start, _ in rows], np.int64),
        np.array([minute_us(end) for _, _, end in rows], np.int64),
    )
    with connection, connection.cursor() as cursor:
        ask_rematches(cursor, found, late)


def minute_us(minute: int) -> int:
    return START_US + minute * 60 * SECOND_US


def waiting(connection: Connection) -> list[Rematch]:
    with connection, connection.cursor() as cursor:
        return sorted(waiting_rematches(cursor, 10), key=lambda one: one.device_id)


def asked(connection: Connection) -> list[tuple[Any, ...]]:
    return [
        (one.device_id, *((end - START_US) // (60 * SECOND_US) for end in (one.from_us, one.until_us)))
        for one in waiting(connection)
    ]


def test_stretches_of_one_device_are_joined(connection: Connection) -> None:
    ask(connection, (1, 10, 20), (2, 0, 1))
    ask(connection, (1, 5, 6), late=(StoredLate(1, MOMENT + 30 * MINUTE, MOMENT + 31 * MINUTE, 2),))
    ask(connection, late=(StoredLate(2, MOMENT, MOMENT, 1),))
    assert asked(connection) == [(1, 5, 31), (2, 0, 1)]
    ask(connection, (1, NEVER_US, 7))
    assert [one.from_us for one in waiting(connection)] == [NEVER_US, START_US]


def test_an_answer_removes_only_what_it_has_read(connection: Connection) -> None:
    ask(connection, (1, 10, 20), (2, 0, 1))
    read = waiting(connection)
    ask(connection, (1, 12, 13))
    with connection, connection.cursor() as cursor:
        finish_rematches(cursor, read)
    assert asked(connection) == [(1, 10, 20)], "new positions of the same stretch came after it was read"


def test_what_was_set_aside_waits_for_a_new_ask_or_a_new_matcher(connection: Connection) -> None:
    ask(connection, (1, 10, 20), (2, 0, 1))
    with connection, connection.cursor() as cursor:
        for one in waiting_rematches(cursor, 10):
            set_rematch_aside(cursor, one, "ValueError")
    assert asked(connection) == []
    ask(connection, (1, 11, 12))
    assert asked(connection) == [(1, 10, 20)]
    with connection, connection.cursor() as cursor:
        retry_rematches(cursor)
    assert asked(connection) == [(1, 10, 20), (2, 0, 1)]


def test_where_no_crime_was_ever_imported_nothing_is_asked(migrated_database: DatabaseUrls) -> None:
    enrol(migrated_database.owner, ["ONE"])
    with connected(migrated_database.worker) as connection:
        ask(connection, (1, 10, 20), late=(StoredLate(1, MOMENT, MOMENT, 1),))
        assert asked(connection) == []
