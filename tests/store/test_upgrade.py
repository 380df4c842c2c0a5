"""A database of the release before, where the plain dot decided, goes on under the presence engine."""

import json
import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from model.times import SECOND_US, from_microseconds, to_microseconds
from model.visits import IDENTIFIER_NAMESPACE
from store.database import connect
from store.migrate import MIGRATIONS_FOLDER, migrate
from tests.support.database import DatabaseUrls, prepare_database
from tests.support.pings import ping
from tests.support.waiting import wait_until
from tests.support.worker_thread import append, queue_worker
from tests.support.world import add_zone, enrol, rows

SERIAL = "TAG-1"
INSIDE, OUTSIDE = (51.5, -0.1), (51.51, -0.1)
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[-0.103, 51.498], [-0.097, 51.498], [-0.097, 51.502], [-0.103, 51.502], [-0.103, 51.498]]],
}
MINUTE_US = 60 * SECOND_US
OVER, GOING_ON = (uuid5(IDENTIFIER_NAMESPACE, f"visit:1:1:{entered}") for entered in (1, 2))


@pytest.fixture
def start_us() -> int:
    """An hour ago, on the minute."""
    now_us = to_microseconds(datetime.now(UTC) - timedelta(hours=1))
    return now_us - now_us % MINUTE_US


@pytest.fixture
def upgraded(empty_embedded_database: str, tmp_path: Path, start_us: int) -> DatabaseUrls:
    """In the zone from minute 1 to 2, and since minute 4: both visits alerted."""
    release = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS_FOLDER, release)
    for file in release.glob("*.sql"):
        if file.name >= "0011":
            file.unlink()
    migrate(empty_embedded_database, release)
    enrol(empty_embedded_database, [SERIAL])
    add_zone(empty_embedded_database, "ZONE", SQUARE, SERIAL)
    _write_as_the_plain_dot(empty_embedded_database, start_us)
    return prepare_database(empty_embedded_database)


def _write_as_the_plain_dot(owner_url: str, start_us: int) -> None:
    at = [from_microseconds(start_us + minute * MINUTE_US) for minute in range(6)]
    with closing(connect(owner_url, "test")) as connection, connection, connection.cursor() as cursor:
        for minute, place in enumerate([OUTSIDE, INSIDE, INSIDE, OUTSIDE, INSIDE, INSIDE]):
            cursor.execute(
                "INSERT INTO positions (device_id, fix_time, fix_key, received_at, lat, lon, accuracy_m, mechanism,"
                " flags, partition, message_offset) VALUES (1, %s, %s, %s, %s, %s, 8, 1, 0, 0, %s)",
                (at[minute], minute, at[minute], *place, minute - 6),
            )
        for visit_id, entered, latest, left in ((OVER, at[1], at[2], at[3]), (GOING_ON, at[4], at[5], None)):
            cursor.execute(
                "INSERT INTO visits (visit_id, activation_id, person_id, zone_id, zone_version, entered_at,"
                " last_inside_at, left_at, positions_inside) VALUES (%s, 1, 1, 1, 1, %s, %s, %s, 2)",
                (str(visit_id), entered, latest, left),
            )
            cursor.execute(
                "INSERT INTO alerts (alert_id, sequence, kind, state, person_id, activation_id, zone_id, zone_version,"
                " visit_id, began_at, last_inside_at, ended_at, received_at, raised_at, updated_at, evidence)"
                " VALUES (%(alert)s, nextval('alert_sequence'), 'exclusion_zone_breach', %(state)s, 1, 1, 1, 1,"
                " %(visit)s, %(entered)s, %(latest)s, %(left)s, %(entered)s, %(entered)s, %(latest)s, %(evidence)s)",
                {
                    "alert": str(_alert_of(visit_id)),
                    "state": "open" if left is None else "ended",
                    "visit": str(visit_id),
                    "entered": entered,
                    "latest": latest,
                    "left": left,
                    "evidence": json.dumps(_evidence(entered, latest)),
                },
            )
        cursor.execute(
            "INSERT INTO presence (activation_id, zone_id, visit_id, zone_version, entered_at, last_inside_at,"
            " positions_inside, evidence) VALUES (1, 1, %s, 1, %s, %s, 2, '{}')",
            (str(GOING_ON), at[4], at[5]),
        )


def _alert_of(visit_id: UUID) -> UUID:
    return uuid5(IDENTIFIER_NAMESPACE, f"alert:{visit_id}:exclusion_zone_breach")


def _evidence(entered: datetime, latest: datetime) -> dict[str, object]:
    moments = {"entry": entered, "deepest": entered, "latest": latest}
    positions = {name: {"fix_time": moment.isoformat(), "depth_m": 201.5} for name, moment in moments.items()}
    return {"rule": "plain dot", "rule_version": 1, "positions": positions}


def _send(database: DatabaseUrls, start_us: int, minute: float, place: tuple[float, float]) -> None:
    fix_us = start_us + int(minute * MINUTE_US)
    append(database, [(SERIAL, ping(SERIAL, fix_us, *place, accuracy_m=8, mechanism="GPS"))])


def _judged_anew(database: DatabaseUrls, positions: int) -> None:
    wait_until(
        lambda: (
            rows(database.owner, "SELECT count(*) FROM positions") == [(positions,)]
            and not rows(database.owner, "SELECT FROM reevaluations")
        ),
        what="the past to be judged anew",
    )


ALERTS = "SELECT alert_id::text, state FROM alerts ORDER BY began_at"


def test_who_was_in_a_zone_is_still_there_and_the_alert_goes_on(upgraded: DatabaseUrls, start_us: int) -> None:
    with queue_worker(upgraded) as worker:
        _send(upgraded, start_us, 6, INSIDE)
        _judged_anew(upgraded, 7)
        expected = [(str(_alert_of(OVER)), "ended"), (str(_alert_of(GOING_ON)), "open")]
        assert rows(upgraded.owner, ALERTS) == expected
        for minute in (7, 8, 9, 10):
            _send(upgraded, start_us, minute, OUTSIDE)
        wait_until(lambda: {state for _, state in rows(upgraded.owner, ALERTS)} == {"ended"}, what="the end")
    assert worker.error is None
    assert len(rows(upgraded.owner, ALERTS)) == 2, "nobody is told of one stay twice"


def test_late_positions_judge_visits_of_the_release_before_anew(upgraded: DatabaseUrls, start_us: int) -> None:
    with queue_worker(upgraded) as worker:
        _send(upgraded, start_us, 1.5, INSIDE)
        _judged_anew(upgraded, 7)
        wait_until(
            lambda: rows(upgraded.owner, "SELECT positions_inside FROM visits ORDER BY entered_at") == [(3,), (2,)],
            what="the third position",
        )
    assert worker.error is None
    assert [alert for alert, _ in rows(upgraded.owner, ALERTS)] == [str(_alert_of(OVER)), str(_alert_of(GOING_ON))]


def test_the_evidence_of_the_plain_dot_is_kept(upgraded: DatabaseUrls) -> None:
    depths = "SELECT evidence #>> '{deepest,depth_m}', evidence #>> '{entry,lat}' FROM visits"
    assert rows(upgraded.owner, depths) == [("201.5", "51.5"), ("201.5", "51.5")]
