"""A database of the release before is searched as one whose positions were noted as they came."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from psycopg2.extras import execute_values

from model.times import SECOND_US, from_microseconds
from store.database import connect
from store.migrate import MIGRATIONS_FOLDER, migrate
from tests.support.pings import START_US
from tests.support.world import enrol, rows

MINUTE_US = 60 * SECOND_US
POSITIONS = [  # device, minute, latitude, accuracy, mechanism
    (1, 0, 51.5, 8, 1),
    (1, 1, 51.5, None, 1),
    (1, 2, 51.5, 600, 5),
    (1, 5, 51.51, 8, 1),  # four minutes after the usable one before
    (1, 6, 51.53, 8, 1),  # 2.2 km in a minute
    (2, 0, 51.5, 5000, 5),
    (2, 0, 51.6, 6000, 5),
    (3, 0, 51.5, 8, 1),
    (3, 0, 51.6, 8, 1),
    (3, 5, 51.6, 8, 1),
]
GAPS = (
    "SELECT device_id, from_time, until_time, from_lat, until_lat, from_accuracy_m FROM track_gaps"
    " WHERE until_time < now() ORDER BY 1, 2"
)


@pytest.fixture(params=["empty_embedded_database", "empty_timescale_database"])
def upgraded(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    url: str = request.getfixturevalue(request.param)
    release = Path(shutil.copytree(MIGRATIONS_FOLDER, tmp_path / "migrations"))
    for file in release.glob("*.sql"):
        if file.name >= "0016":
            file.unlink()
    migrate(url, release)
    enrol(url, ["TAG-1", "TAG-2", "TAG-3"])
    with closing(connect(url, "test")) as connection, connection, connection.cursor() as cursor:
        execute_values(
            cursor,
            "INSERT INTO positions (device_id, fix_time, fix_key, received_at, lat, lon, accuracy_m, mechanism, flags,"
            " partition, message_offset) VALUES %s",
            [
                (device, moment, key, moment, lat, -0.1, accuracy_m, mechanism, 0, 0, key)
                for key, (device, minute, lat, accuracy_m, mechanism) in enumerate(POSITIONS)
                for moment in [from_microseconds(START_US + minute * MINUTE_US)]
            ],
        )
    migrate(url)
    return url


def test_gaps_fast_ways_and_coarse_positions_are_noted(upgraded: str) -> None:
    noted = [
        (device, None if since.year == 1 else since, until, *ends)
        for device, since, until, *ends in rows(
            upgraded, GAPS.replace("from_time,", "greatest(from_time, '0001-01-02Z'),", 1)
        )
    ]
    at = [from_microseconds(START_US + minute * MINUTE_US) for minute in range(7)]
    almost = from_microseconds(START_US - 1)
    assert noted == [
        (1, None, at[0], None, 51.5, None),
        (1, at[1], at[5], 51.5, 51.51, 30.0),
        (1, at[5], at[6], 51.51, 51.53, 8.0),
        (2, almost, at[0], None, None, None),
        (3, None, at[0], None, 51.5, None),
        (3, at[0], at[5], None, None, None),
    ]


def test_cells_are_noted_once_an_hour(upgraded: str) -> None:
    noted = rows(upgraded, "SELECT device_id, count(*), min(hour) FROM track_cells GROUP BY 1 ORDER BY 1")
    hour = START_US // (60 * MINUTE_US)
    assert noted == [(1, 3, hour), (2, 2, hour), (3, 2, hour)]


def test_for_a_day_nobody_is_ruled_out_by_what_older_workers_did_not_note(upgraded: str) -> None:
    statement = "SELECT device_id FROM track_gaps WHERE until_lat IS NULL AND until_time > now() + interval '23 hours'"
    assert sorted(rows(upgraded, statement)) == [(1,), (2,), (3,)]
