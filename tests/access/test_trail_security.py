"""What binds a request for a trail is kept by the database, whoever asks, decides, writes or reads round about."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import psycopg2
import psycopg2.errors
import pytest
from psycopg2.extras import Json
from pyproj import Geod

from store.database import Cursor, Identity, connect, fetch_one, set_identity
from tests.access.police_world import PoliceWorld, as_police, seed_police_world
from tests.support.crimes import OTHER_FORCE
from tests.support.database import DatabaseUrls
from tests.support.seed import MORNING, as_owner, seed_positions, seed_wearer
from tests.support.trails import only_seen, stop_clock
from tests.support.waiting import wait_until
from tests.support.world import rows

NOW = MORNING + timedelta(days=30)
HOUR = timedelta(hours=1)
DENIED = psycopg2.errors.InsufficientPrivilege
WRONG_STATE = psycopg2.errors.ObjectNotInPrerequisiteState
ASK = "SELECT request_trail(%(crn)s, %(match)s, %(crime)s, %(operation)s, 'seen', %(basis)s, 'log 14', %(from)s,"
ASK += " %(to)s, %(lat)s, %(lon)s, %(radius_m)s, %(outline)s)"
WANTED: dict[str, Any] = {
    "crn": "X100001",
    "match": None,
    "crime": None,
    "operation": "Op Larch",
    "basis": "court_order",
    "from": MORNING,
    "to": MORNING + 2 * HOUR,
    "lat": 51.5,
    "lon": -0.1,
    "radius_m": 500.0,
    "outline": None,
}
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
FIGURE_OF_EIGHT = [[-0.1, 51.5], [0.0, 51.56], [0.0, 51.5], [-0.1, 51.56], [-0.1, 51.5]]  # 46 km² about it, of no area


@pytest.fixture
def world(migrated_database: DatabaseUrls) -> PoliceWorld:
    return seed_world(migrated_database)


@pytest.fixture(scope="module")
def shared_world(shared_database: DatabaseUrls) -> PoliceWorld:
    """For tests that are refused."""
    return seed_world(shared_database)


def seed_world(urls: DatabaseUrls) -> PoliceWorld:
    with as_owner(urls.owner) as cursor:
        stop_clock(cursor, NOW)
        own = seed_wearer(cursor, "X100001", "the.practitioner", name="Sam Own")
        other = seed_wearer(cursor, "X100002", "another", name="Kim Other")
        seed_positions(cursor, own.device_id, 120)
    return seed_police_world(urls, own, other)


@contextmanager
def as_manager(urls: DatabaseUrls, subject: str = "a.manager", role: str = "manager") -> Iterator[Cursor]:
    with closing(connect(urls.api, "test")) as connection, connection, connection.cursor() as cursor:
        set_identity(cursor, Identity(subject, role, "test", "test"))
        yield cursor


def ask(urls: DatabaseUrls, force: str = "Metropolitan", **changes: Any) -> int:
    with as_police(urls, force=force) as cursor:
        cursor.execute(
            ASK, {**WANTED, **{name: Json(value) if name == "outline" else value for name, value in changes.items()}}
        )
        return int(fetch_one(cursor)[0])


def decide(urls: DatabaseUrls, number: int, decision: str = "authorised", subject: str = "a.manager") -> None:
    hours = 24 if decision in {"authorised", "extended"} else None
    with as_manager(urls, subject) as cursor:
        cursor.execute("SELECT decide_trail_request(%s, %s, 'weighed', %s)", (number, decision, hours))


def trail(urls: DatabaseUrls, number: int) -> list[Any]:
    with as_police(urls) as cursor:
        cursor.execute("SELECT * FROM police_trail(%s, NULL, 500)", (number,))
        return cursor.fetchall()


@pytest.mark.parametrize("decider", ["an.analyst", " An.Analyst", "AN.ANALYST\t", "ａｎ.analyst"])  # noqa: RUF001
def test_nobody_authorises_what_they_asked_for_however_their_name_is_written(
    shared_world: PoliceWorld, decider: str
) -> None:
    number = ask(shared_world.urls)
    with pytest.raises(DENIED, match="nobody decides on what they asked for"):
        decide(shared_world.urls, number, subject=decider)
    with (
        as_owner(shared_world.urls.owner) as cursor,
        pytest.raises(DENIED, match="nobody decides on what they asked for"),
    ):
        cursor.execute(
            "INSERT INTO trail_decisions (trail_request_id, decision, person_id, reason, decided_by, expires_at)"
            " VALUES (%s, 'authorised', %s, 'x', %s, service_clock() + interval '1 hour')",
            (number, shared_world.own.person_id, decider),
        )


def test_what_was_asked_and_decided_is_never_changed_not_by_the_owner_either(world: PoliceWorld) -> None:
    number = ask(world.urls)
    decide(world.urls, number)
    for statement in (
        "UPDATE trail_requests SET radius_m = 2000",
        "UPDATE trail_requests SET crn = 'X100002'",
        "UPDATE trail_decisions SET expires_at = expires_at + interval '1 hour'",
    ):
        with as_owner(world.urls.owner) as cursor, pytest.raises(DENIED, match="never changed"):
            cursor.execute(statement)
    with as_owner(world.urls.owner) as cursor, pytest.raises(psycopg2.errors.CheckViolation):
        cursor.execute(
            "INSERT INTO trail_decisions (trail_request_id, decision, person_id, reason, decided_by, expires_at)"
            " VALUES (%s, 'extended', %s, 'x', 'a.manager', service_clock() + interval '72 hours 1 second')",
            (number, world.own.person_id),
        )


def test_no_login_of_the_service_reads_or_writes_them_by_itself(migrated_database: DatabaseUrls) -> None:
    of_tables = ("SELECT * FROM {}", "DELETE FROM {}", "INSERT INTO {} DEFAULT VALUES")
    statements = [one.format(table) for table in ("trail_requests", "trail_decisions") for one in of_tables]
    statements += ["SELECT * FROM trail_request_tellings", "SELECT * FROM police_questions"]
    for url in (migrated_database.api, migrated_database.worker):
        for statement in statements:
            with closing(connect(url, "test")) as connection, connection.cursor() as cursor, pytest.raises(DENIED):
                cursor.execute(statement)


@pytest.mark.parametrize(
    "changes",
    [
        {"radius_m": 2000.1},
        {"radius_m": 0},
        {"radius_m": float("nan")},
        {"radius_m": None},
        {"lat": None, "lon": None, "radius_m": None, "outline": FIGURE_OF_EIGHT},
        {"outline": FIGURE_OF_EIGHT},
        {"from": MORNING - timedelta(days=7)},
        {"to": MORNING},
        {"to": NOW + HOUR, "from": NOW - HOUR},
        {"basis": "curiosity"},
        {"crn": None},
        {"operation": None},
    ],
)
def test_what_is_not_bound_is_not_taken_whatever_the_program_forgets(
    shared_world: PoliceWorld, changes: dict[str, Any]
) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation):
        ask(shared_world.urls, **changes)


def test_distances_are_those_of_geodesics_on_the_ellipsoid(migrated_database: DatabaseUrls) -> None:
    random, count = np.random.default_rng(1), 500
    lat, lon = random.uniform(-85, 85, count), random.uniform(-5, 5, count)
    distance_m = random.uniform(0, 2000, count)
    other_lon, other_lat, _ = Geod(ellps="WGS84").fwd(lon, lat, random.uniform(0, 360, count), distance_m)
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute(
            "SELECT metres_apart(lat, lon, other_lat, other_lon)"
            " FROM unnest(%s, %s, %s, %s) AS pair (lat, lon, other_lat, other_lon)",
            [one.tolist() for one in (lat, lon, other_lat, other_lon)],
        )
        found = np.array([metres for (metres,) in cursor.fetchall()])
    assert np.abs(found - distance_m).max() < 0.001


def test_the_trail_is_not_put_together_of_many_small_pieces(world: PoliceWorld) -> None:
    """Six in 28 days, whichever force asks and however small they are."""
    numbers = [
        ask(world.urls, force=(OTHER_FORCE if piece % 2 else "Metropolitan"), radius_m=20.0, lat=51.5 + piece / 1000)
        for piece in range(7)
    ]
    for number in numbers[:6]:
        decide(world.urls, number)
    with pytest.raises(WRONG_STATE, match="six requests"):
        decide(world.urls, numbers[6])
    with as_manager(world.urls) as cursor:
        cursor.execute("SELECT authorised_before FROM read_trail_requests(%s, NULL, false, 1)", (numbers[6],))
        assert fetch_one(cursor) == (6,)
    decide(world.urls, ask(world.urls, crn="X100002"))
    with as_owner(world.urls.owner) as cursor:
        stop_clock(cursor, NOW + timedelta(days=28))
    decide(world.urls, ask(world.urls))


def test_two_managers_at_once_decide_once(world: PoliceWorld) -> None:
    number = ask(world.urls)
    with ThreadPoolExecutor(1) as pool:
        with as_manager(world.urls) as cursor:
            cursor.execute("SELECT decide_trail_request(%s, 'refused', 'weighed', NULL)", (number,))
            second = pool.submit(decide, world.urls, number, subject="another.manager")
            wait_until(lambda: rows(world.urls.owner, WAITING) == [(1,)], what="the second, which waits for the first")
        with pytest.raises(WRONG_STATE, match="the request is refused"):
            second.result(timeout=10)


def test_a_child_s_time_is_given_to_nobody_though_it_was_authorised(world: PoliceWorld) -> None:
    """A date of birth that turns out wrong ends it at once, and nothing of that window is authorised any more."""
    number, later = ask(world.urls), ask(world.urls)
    decide(world.urls, number)
    assert len(trail(world.urls, number)) == 120
    with as_owner(world.urls.owner) as cursor:
        cursor.execute("SELECT correct_date_of_birth(%s, %s, 2)", (world.own.person_id, "2008-03-03"))
    with pytest.raises(WRONG_STATE, match="holds no longer"):
        trail(world.urls, number)
    with pytest.raises(WRONG_STATE, match="shut away"):
        decide(world.urls, later)


def test_who_no_longer_supervises_decides_no_longer(world: PoliceWorld) -> None:
    number = ask(world.urls)
    with as_owner(world.urls.owner) as cursor:
        only_seen(cursor, world.other.person_id)
    for decision in ("authorised", "refused"):
        with pytest.raises(psycopg2.errors.NoDataFound):
            decide(world.urls, number, decision)
    with as_manager(world.urls) as cursor:
        cursor.execute("SELECT FROM read_trail_requests(NULL, NULL, false, 10)")
        assert cursor.rowcount == 0


def test_who_sees_a_person_because_of_a_shift_decides_on_no_time_before_it(world: PoliceWorld) -> None:
    number = ask(world.urls)
    with as_owner(world.urls.owner) as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION earliest_seen(wanted bigint) RETURNS timestamptz LANGUAGE sql STABLE"
            " AS $$SELECT service_clock() - interval '48 hours'$$"
        )
    with pytest.raises(DENIED, match="their own manager decides"):
        decide(world.urls, number)
    recent: dict[str, Any] = {"from": NOW - 2 * HOUR, "to": NOW - HOUR}
    decide(world.urls, ask(world.urls, **recent))


def test_nobody_else_asks_decides_or_reads(world: PoliceWorld) -> None:
    number = ask(world.urls)
    decide(world.urls, number)
    for role in ("practitioner", "duty_officer", "match_reviewer", "administrator", "auditor", "service", ""):
        for statement in (
            "SELECT decide_trail_request(%s, 'revoked', 'x', NULL)",
            "SELECT * FROM police_trail(%s, NULL, 10)",
            "SELECT * FROM read_trail_requests(%s, NULL, false, 10)",
        ):
            with as_police(world.urls, role) as cursor, pytest.raises(DENIED):
                cursor.execute(statement, (number,))
    with as_manager(world.urls) as cursor, pytest.raises(DENIED):
        cursor.execute("SELECT * FROM police_trail(%s, NULL, 10)", (number,))
    with as_police(world.urls) as cursor, pytest.raises(DENIED):
        cursor.execute("SELECT decide_trail_request(%s, 'revoked', 'x', NULL)", (number,))


def test_who_confirmed_a_match_does_not_ask_for_its_wearer_s_trail(world: PoliceWorld) -> None:
    with as_police(world.urls, "match_reviewer", "An.Analyst") as cursor:
        cursor.execute("SELECT qualify_match(%s, 'confirmed', 'seen')", (world.present,))
    for whose in ({"match": world.present, "crn": None}, {"crn": "X100002"}):
        with pytest.raises(DENIED, match="who reviewed a match"):
            ask(world.urls, operation=None, crime=world.crime, **whose)
    ask(world.urls)


def test_who_asked_for_a_trail_because_of_a_crime_reviews_none_of_its_matches(world: PoliceWorld) -> None:
    ask(world.urls, operation=None, crime=world.crime)
    with as_police(world.urls, "match_reviewer", "An.Analyst") as cursor, pytest.raises(DENIED, match="not review"):
        cursor.execute("SELECT qualify_match(%s, 'confirmed', 'seen')", (world.present,))


def test_each_page_is_on_record_with_its_wearer_and_its_window(world: PoliceWorld) -> None:
    number = ask(world.urls)
    decide(world.urls, number)
    after: datetime | None = None
    for _ in range(2):
        with as_police(world.urls) as cursor:
            cursor.execute("SELECT fix_time FROM police_trail(%s, %s, 100)", (number, after))
            after = cursor.fetchall()[-1][0]
    with as_owner(world.urls.owner) as cursor:
        cursor.execute(
            "SELECT person_id, window_from, window_to, row_count FROM audit_log WHERE action = 'trail.read'"
            " ORDER BY audit_id"
        )
        own, until = world.own.person_id, MORNING + 2 * HOUR
        assert cursor.fetchall() == [(own, MORNING, until, 100), (own, MORNING + 99 * HOUR / 60, until, 20)]
