"""Nobody under 18 is tagged, whoever writes, and whatever two of them do at once."""

import threading
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import psycopg2
import psycopg2.errors
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.eligibility import age_on, london_day
from store.activations import list_doubtful
from store.database import Cursor, fetch_one
from tests.support.database import DatabaseUrls
from tests.support.seed import MORNING, as_owner, seed_wearer

REFUSED = psycopg2.errors.CheckViolation
ON = "INSERT INTO device_activations (device_id, person_id, during, revision) VALUES (%s, %s, tstzrange(%s, NULL), 1)"


def person(cursor: Cursor, born: date | None) -> int:
    cursor.execute(
        "INSERT INTO people (crn, name, date_of_birth) VALUES ('X1', 'Ann', %s) RETURNING person_id", (born,)
    )
    return int(fetch_one(cursor)[0])


def device(cursor: Cursor) -> int:
    cursor.execute("INSERT INTO devices (serial) VALUES ('TAG') RETURNING device_id")
    return int(fetch_one(cursor)[0])


@pytest.mark.parametrize(
    ("born", "began_at", "is_taken"),
    [
        ("2008-03-02", "2026-03-01T23:59:59+00:00", False),
        ("2008-03-02", "2026-03-02T00:00:00+00:00", True),
        ("2008-07-01", "2026-06-30T22:59:59+00:00", False),  # London is an hour ahead of UTC in summer
        ("2008-07-01", "2026-06-30T23:00:00+00:00", True),
        ("2008-02-29", "2026-02-28T12:00:00+00:00", False),
        ("2008-02-29", "2026-03-01T00:00:00+00:00", True),
        (None, "2026-03-02T00:00:00+00:00", False),
    ],
)
def test_the_18th_birthday_in_london_is_the_first_day(
    migrated_database: DatabaseUrls, born: str | None, began_at: str, *, is_taken: bool
) -> None:
    def put_on() -> None:
        with as_owner(migrated_database.owner) as cursor:
            day = None if born is None else date.fromisoformat(born)
            cursor.execute(ON, (device(cursor), person(cursor, day), began_at))

    if is_taken:
        put_on()
    else:
        with pytest.raises(REFUSED, match="nobody under 18"):
            put_on()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(born=st.dates(date(1930, 1, 1), date(2020, 12, 31)), hours=st.integers(0, 500_000))
def test_the_database_and_the_program_agree(migrated_database: DatabaseUrls, born: date, hours: int) -> None:
    at = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute("SELECT %s >= adult_from(%s)", (at, born))
        assert fetch_one(cursor)[0] is (age_on(born, london_day(at)) >= 18)


def test_no_roundabout_way_makes_a_child_a_wearer(migrated_database: DatabaseUrls) -> None:
    with as_owner(migrated_database.owner) as cursor:
        wearer = seed_wearer(cursor, "X2")
        child = person(cursor, date(2010, 1, 1))
    for statement, values in (
        ("UPDATE device_activations SET person_id = %s", (child,)),
        ("UPDATE device_activations SET during = tstzrange('1999-01-01Z', NULL)", ()),
        ("UPDATE people SET date_of_birth = '2010-01-01' WHERE person_id = %s", (wearer.person_id,)),
        ("UPDATE people SET date_of_birth = NULL WHERE person_id = %s", (wearer.person_id,)),
    ):
        with pytest.raises(REFUSED), as_owner(migrated_database.owner) as cursor:
            cursor.execute(statement, values)


@pytest.mark.parametrize("birth_first", [True, False])
def test_two_at_once_cannot_pass_each_other(migrated_database: DatabaseUrls, *, birth_first: bool) -> None:
    """One puts the tag on while the other makes the person a child; the second waits for the first, and is refused."""
    with as_owner(migrated_database.owner) as cursor:
        tag, whom = device(cursor), person(cursor, date(1990, 1, 1))
    birth = ("UPDATE people SET date_of_birth = '2010-01-01' WHERE person_id = %s", (whom,))
    put_on = (ON, (tag, whom, MORNING))
    first, second = (birth, put_on) if birth_first else (put_on, birth)
    outcome: list[Exception | None] = []

    def follow() -> None:
        try:
            with as_owner(migrated_database.owner) as cursor:
                cursor.execute(*second)
            outcome.append(None)
        except psycopg2.Error as error:
            outcome.append(error)

    with closing(psycopg2.connect(migrated_database.owner, options="-c search_path=cordon")) as connection:
        with connection.cursor() as cursor:
            cursor.execute(*first)
        follower = threading.Thread(target=follow)
        follower.start()
        follower.join(1)
        assert follower.is_alive(), "it has to wait"
        connection.commit()
        follower.join(20)
    assert isinstance(outcome[0], REFUSED)


def test_an_activation_from_before_the_rule_stays_ends_and_is_listed(migrated_database: DatabaseUrls) -> None:
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute("SET session_replication_role = replica")  # as a release before this one left it
        wearer = seed_wearer(cursor, "X1")
        cursor.execute("UPDATE people SET date_of_birth = NULL")
    with as_owner(migrated_database.owner) as cursor:
        assert [one.activation_id for one in list_doubtful(cursor)] == [wearer.activation_id]
        ended = MORNING + timedelta(days=1)
        cursor.execute("UPDATE device_activations SET during = tstzrange(lower(during), %s)", (ended,))
        cursor.execute("UPDATE people SET name = 'Another'")
        cursor.execute("UPDATE people SET date_of_birth = '1990-01-01'")
        assert list_doubtful(cursor) == []
