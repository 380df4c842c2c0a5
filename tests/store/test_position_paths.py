"""Positions are stored once, by whichever path they come, and a repeated one changes nothing."""

from itertools import permutations

import numpy as np
import pytest

from geofence.columns import Fixes, PositionRows
from store.database import Cursor
from store.positions import write_newer, write_older, write_quarantined
from tests.support.batches import connected, position_rows
from tests.support.database import DatabaseUrls
from tests.support.pings import START_US
from tests.support.pings import fixes as plain_fixes

SERVERS = ["migrated_database", "migrated_timescale_database"]
STORED = "SELECT fix_time, lat, accuracy_m, sequence, flags, message_offset FROM positions ORDER BY fix_time, fix_key"


@pytest.fixture(params=SERVERS)
def database(request: pytest.FixtureRequest) -> DatabaseUrls:
    found: DatabaseUrls = request.getfixturevalue(request.param)
    return found


def five(first_offset: int = 0) -> PositionRows:
    fixes = plain_fixes([START_US + at * 1_000_000 for at in range(5)], lat=[51, 51.1, 51.2, -51.3, 0])
    return position_rows(moved(fixes, first_offset))


def moved(fixes: Fixes, by: int) -> Fixes:
    fixes.message_offset[:] += by
    return fixes


def some(rows: PositionRows, *places: int) -> PositionRows:
    return rows.take(np.array(places, dtype=np.int64))


def stored(cursor: Cursor) -> list[tuple[object, ...]]:
    cursor.execute(STORED)
    return cursor.fetchall()


def test_the_same_rows_are_stored_by_whichever_path(database: DatabaseUrls) -> None:
    rows = five()
    results = []
    with connected(database.worker) as connection:
        for path in (write_newer, write_older):
            with connection.cursor() as cursor:
                path(cursor, rows)
                results.append(stored(cursor))
            connection.rollback()
    assert results[0] == results[1]
    assert [row[1] for row in results[0]] == [51, 51.1, 51.2, -51.3, 0]


def test_newer_rows_that_are_there_already_fall_into_the_net(database: DatabaseUrls) -> None:
    with connected(database.worker) as connection, connection, connection.cursor() as cursor:
        assert write_newer(cursor, some(five(), 1, 3)) == 2
        assert write_newer(cursor, five(first_offset=100)) == 3
        assert write_newer(cursor, five(first_offset=200)) == 0
        assert [row[-1] for row in stored(cursor)] == [100, 1, 102, 3, 104]
        assert write_newer(cursor, five().take(np.array([], dtype=np.int64))) == 0


def test_the_net_keeps_what_the_transaction_wrote_before(database: DatabaseUrls) -> None:
    with connected(database.worker) as connection:
        with connection, connection.cursor() as cursor:
            write_older(cursor, some(five(), 0))
            write_newer(cursor, some(five(), 1, 1))  # twice in itself
            write_older(cursor, some(five(), 2))
        with connection, connection.cursor() as cursor:
            assert len(stored(cursor)) == 3


def test_of_repeated_rows_the_first_to_arrive_is_kept(database: DatabaseUrls) -> None:
    later, first = position_rows(moved(plain_fixes([START_US]), 9), flags=1), position_rows(plain_fixes([START_US]))
    both = PositionRows(
        Fixes.concatenate([later.fixes, first.fixes]),
        *(
            np.concatenate([getattr(later, name), getattr(first, name)])
            for name in ("device_id", "fix_key", "flags", "partition")
        ),
    )
    with connected(database.worker) as connection, connection, connection.cursor() as cursor:
        assert [one.count for one in write_older(cursor, both)] == [1]
        assert [row[-2:] for row in stored(cursor)] == [(0, 0)]


def test_an_aborted_batch_leaves_the_next_one_its_way(database: DatabaseUrls) -> None:
    with connected(database.worker) as connection:
        with connection.cursor() as cursor:
            write_older(cursor, five())
        connection.rollback()
        for _ in range(2):
            with connection, connection.cursor() as cursor:
                write_older(cursor, five())
                write_quarantined(cursor, five())
        with connection, connection.cursor() as cursor:
            assert len(stored(cursor)) == 5


def test_two_differing_fixes_of_one_instant_are_both_stored_in_any_order(migrated_database: DatabaseUrls) -> None:
    rows = position_rows(plain_fixes([START_US] * 3, lat=[51, 51.1, 51.2]))
    results = []
    with connected(migrated_database.worker) as connection:
        for order in permutations(range(3)):
            with connection.cursor() as cursor:
                for place in order:
                    write_older(cursor, some(rows, place))
                results.append(stored(cursor))
            connection.rollback()
    assert len(results[0]) == 3
    assert all(result == results[0] for result in results)
