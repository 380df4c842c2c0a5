"""What a presence is weighed with, read under the worker's role."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from crimes.chance.routine_stretches import RoutineSettings
from crimes.chance.weight import ChanceWeight
from crimes.scenes import Scene
from model.crimes import Match, MatchingSettings, MatchVerdict, Window
from model.enums import Mechanism, PositionFlag
from model.times import to_microseconds
from store.database import Cursor, connect
from store.routines import Pair, weigh_pairs
from tests.support.database import DatabaseUrls
from tests.support.routines import (
    AWAY,
    CRIME_AT,
    CRIME_LASTS,
    PLACE,
    Fix,
    seed_batch,
    seed_crime,
    seed_person,
    seed_stay,
    seed_weeks,
)
from tests.support.seed import as_owner

SETTINGS, ROUTINE = MatchingSettings(), RoutineSettings()
SCENE = Scene(0, *PLACE, 0.0, (Window(to_microseconds(CRIME_AT), to_microseconds(CRIME_AT + CRIME_LASTS)),))


@pytest.fixture
def worker(migrated_database: DatabaseUrls) -> Iterator[Cursor]:
    with closing(connect(migrated_database.worker, "test")) as connection, connection, connection.cursor() as cursor:
        yield cursor


def weigh_one(worker: Cursor, person_id: int, scene: Scene = SCENE) -> ChanceWeight:
    [weight] = weigh_pairs(worker, [Pair(scene, person_id)], SETTINGS, ROUTINE)
    return weight


def a_match(person_id: int, verdict: MatchVerdict) -> Match:
    return Match(person_id, verdict, (), (), (), None, None, 0, None, None)


def test_who_comes_by_on_some_days_at_that_time(migrated_database: DatabaseUrls, worker: Cursor) -> None:
    with as_owner(migrated_database.owner) as cursor:
        person, device = seed_person(cursor, "X1")
        seed_weeks(cursor, device, [(back, 13, 15) for back in (1, 2, 7)])  # Wednesday, Tuesday, Thursday
    weight = weigh_one(worker, person)
    assert (weight.windows_there, weight.windows_compared, weight.kind_of_day) == (3, 20, "weekday")
    assert weight.probability == 4 / 22
    assert (weight.nights_there, weight.nights_compared, weight.days_there, weight.days_compared) == (0, 28, 3, 28)


def test_who_lives_a_kilometre_away_from_a_place_that_is_known_within_two(
    migrated_database: DatabaseUrls, worker: Cursor
) -> None:
    with as_owner(migrated_database.owner) as cursor:
        person, device = seed_person(cursor, "X1")
        seed_weeks(cursor, device, [(back, 0, 24) for back in range(1, 29)])
    scene = Scene(0, PLACE[0] + 0.009, PLACE[1], 2000.0, SCENE.windows)
    unsure, sure = weigh_one(worker, person, scene), weigh_one(worker, person, replace(scene, place_uncertainty_m=0.0))
    assert (unsure.windows_there, sure.windows_there) == (20, 0)
    assert "The place is known within 2,000 m only: the scene is all of that." in unsure.words


def test_who_lives_there(migrated_database: DatabaseUrls, worker: Cursor) -> None:
    with as_owner(migrated_database.owner) as cursor:
        person, device = seed_person(cursor, "X1")
        seed_weeks(cursor, device, [(back, 0, 8) for back in range(1, 29)])
    weight = weigh_one(worker, person)
    assert (weight.nights_there, weight.nights_compared) == (28, 28)
    assert weight.windows_there == 0
    assert any("lives there or next door" in words for words in weight.words)


def test_positions_that_cannot_be_used_place_nobody(migrated_database: DatabaseUrls, worker: Cursor) -> None:
    fixes = [
        Fix(mechanism=Mechanism.LBS.value),
        Fix(accuracy_m=150.5),
        Fix(flags=PositionFlag.IMPLIED_SPEED.value),
        Fix(accuracy_m=None),  # nothing is stated, and GPS is good enough by itself
    ]
    with as_owner(migrated_database.owner) as cursor:
        person, device = seed_person(cursor, "X1")
        for back, fix in enumerate(fixes, 1):
            since = CRIME_AT - timedelta(days=back)
            seed_stay(cursor, device, since, since + timedelta(hours=1), PLACE, fix)
    weight = weigh_one(worker, person)
    assert (weight.windows_there, weight.windows_compared, weight.probability) == (1, 1, None)


def test_the_circle_is_the_radius_s(migrated_database: DatabaseUrls, worker: Cursor) -> None:
    with as_owner(migrated_database.owner) as cursor:
        person, device = seed_person(cursor, "X1")
        for back, north_m, east_m in ((1, 99, 0), (2, 101, 0), (3, 0, 99), (6, 0, 101)):
            place = (PLACE[0] + north_m / 111_250, PLACE[1] + east_m / 69_440)
            seed_stay(cursor, device, CRIME_AT - timedelta(days=back), CRIME_AT - timedelta(days=back, hours=-1), place)
    weight = weigh_one(worker, person)
    assert (weight.windows_there, weight.windows_compared) == (2, 4)


def test_another_wearer_of_the_tag_is_another(migrated_database: DatabaseUrls, worker: Cursor) -> None:
    with as_owner(migrated_database.owner) as cursor:
        before, device = seed_person(cursor, "X1")
        seed_weeks(cursor, device, [(back, 0, 24) for back in range(1, 29)])
        handed_over = CRIME_AT - timedelta(days=10)
        cursor.execute("UPDATE device_activations SET during = tstzrange(lower(during), %s)", (handed_over,))
        after, _ = seed_person(cursor, "X2")
        cursor.execute(
            "INSERT INTO device_activations (device_id, person_id, during, revision)"
            " VALUES (%s, %s, tstzrange(%s, NULL), 1)",
            (device, after, handed_over),
        )
    assert weigh_one(worker, before).days_there == 18 + 1
    assert weigh_one(worker, after).days_there == 10


def test_two_tags_of_one_wearer_are_one_routine(migrated_database: DatabaseUrls, worker: Cursor) -> None:
    with as_owner(migrated_database.owner) as cursor:
        person, first = seed_person(cursor, "X1")
        _, second = seed_person(cursor, "X2")
        cursor.execute("UPDATE device_activations SET person_id = %s", (person,))
        for device, minutes in ((first, 0), (second, 10)):
            for back in range(1, 10):
                since = CRIME_AT - timedelta(days=back, minutes=-minutes)
                seed_stay(cursor, device, since, since + timedelta(minutes=1), PLACE)
    assert weigh_one(worker, person).windows_there == 7  # one position of each tag in each weekday's window


def test_a_series_of_crimes_at_one_place_is_no_routine(migrated_database: DatabaseUrls, worker: Cursor) -> None:
    with as_owner(migrated_database.owner) as cursor:
        person, device = seed_person(cursor, "X1")
        seed_weeks(cursor, device, [(back, 13, 15) for back in (1, 2, 3)])
        batch = seed_batch(cursor)
        crime = seed_crime(cursor, batch, "C0")
        for back in (1, 2):
            seed_crime(cursor, batch, f"C{back}", PLACE, CRIME_AT - timedelta(days=back))
        seed_crime(cursor, batch, "C3", AWAY, CRIME_AT - timedelta(days=3))
    weight = weigh_one(worker, person, crime.scene)
    assert (weight.windows_there, weight.windows_compared) == (1, 18)
    assert weight.days_there == 1


def test_many_pairs_are_weighed_as_one_is(migrated_database: DatabaseUrls, worker: Cursor) -> None:
    with as_owner(migrated_database.owner) as cursor:
        person, device = seed_person(cursor, "X1")
        seed_weeks(cursor, device, [(back, 13, 15) for back in (1, 2, 7)])
        nobody, _ = seed_person(cursor, "X2")
    away = Scene(0, *AWAY, 0.0, SCENE.windows)
    pairs = [Pair(SCENE, person), Pair(SCENE, nobody), Pair(away, person)] * 20
    weights = weigh_pairs(worker, pairs, SETTINGS, ROUTINE)
    assert weights == [weigh_one(worker, pair.person_id, pair.scene) for pair in pairs[:3]] * 20
    assert [weight.windows_there for weight in weights[:3]] == [3, 0, 17]
    assert weights[1].probability is None
