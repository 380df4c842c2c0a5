"""Who may judge a match, learn a name, search a place and rule a person out: decided by the database itself."""

from typing import Any

import psycopg2.errors
import pytest

from model.crimes import MatchVerdict
from store.database import Cursor, fetch_one
from tests.access.police_world import SEEN_AT, PoliceWorld, as_police, two_wearers_world
from tests.support.crimes import (
    IMPORTER,
    OTHER_FORCE,
    a_match,
    position,
    seed_batch,
    seed_crime,
    seed_result,
    seed_run,
    supersede,
)
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner, seed_wearer

REVIEWER = "a.reviewer"
QUALIFY = "SELECT qualify_match(%s, %s, 'two good positions')"
OUTCOME = "SELECT record_outcome(%s, 'charged', 'court')"
SEARCH = (
    "INSERT INTO scene_searches (force, crime_id, authority, authorised_by, lat, lon, radius_m, from_time, to_time,"
    " requested_by) VALUES (%(force)s, %(crime)s, %(authority)s, %(authorised_by)s, 51.5, -0.1, %(radius)s,"
    " '2026-03-02 09:00Z', %(to)s, %(by)s)"
)
RULED_OUT = (
    "SELECT state, ruled_out, is_withdrawn, reasons, nearest_band, confirmed_result"
    " FROM police_eliminations(%s, NULL, NULL, 10)"
)


@pytest.fixture
def world(migrated_database: DatabaseUrls) -> PoliceWorld:
    return two_wearers_world(migrated_database)


@pytest.fixture(scope="module")
def shared_world(shared_database: DatabaseUrls) -> PoliceWorld:
    return two_wearers_world(shared_database)


def qualify(world: PoliceWorld, result: int, decision: str = "confirmed", reviewer: str = REVIEWER) -> None:
    with as_police(world.urls, "match_reviewer", reviewer) as cursor:
        cursor.execute(QUALIFY, (result, decision))


def identity(world: PoliceWorld, result: int) -> tuple[Any, ...]:
    with as_police(world.urls) as cursor:
        cursor.execute("SELECT crn, name, pnc_id FROM police_matches(NULL, %s, NULL, NULL, 1)", (result,))
        return fetch_one(cursor)


def test_a_name_comes_with_the_newest_confirmation_and_goes_with_it(world: PoliceWorld) -> None:
    nobody = (None, None, None)
    assert identity(world, world.present) == nobody
    for decision, expected in (
        ("unclear", nobody),
        ("confirmed", ("X100001", "Sam Own", None)),
        ("rejected", nobody),
        ("confirmed", ("X100001", "Sam Own", None)),
    ):
        qualify(world, world.present, decision)
        assert identity(world, world.present) == expected
    with as_owner(world.urls.owner) as cursor:
        supersede(cursor, world.present, world.run)
    assert identity(world, world.present) == nobody, "later data replaced it"
    with as_owner(world.urls.owner) as cursor:
        cursor.execute("SELECT detail ->> 'decision', person_id FROM audit_log WHERE action = 'match.qualify'")
        decisions = [(decision, world.own.person_id) for decision in ("unclear", "confirmed", "rejected", "confirmed")]
        assert cursor.fetchall() == decisions


def ask_rerun(cursor: Cursor, world: PoliceWorld) -> None:
    cursor.execute("SELECT request_rerun(%s)", (world.crime,))


def ask_elimination(cursor: Cursor, world: PoliceWorld) -> None:
    cursor.execute("SELECT request_elimination(%s, 'crn', 'X100001', 'named')", (world.crime,))


def ask_search(cursor: Cursor, world: PoliceWorld) -> None:
    cursor.execute(SEARCH, search(crime=world.crime))


@pytest.mark.parametrize("ask", [ask_rerun, ask_elimination, ask_search])
def test_whoever_asked_does_not_review(world: PoliceWorld, ask: Any) -> None:
    with as_police(world.urls, subject="an.analyst") as cursor:
        ask(cursor, world)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="asked for its matching"):
        qualify(world, world.present, reviewer="an.analyst")
    qualify(world, world.present)


def test_neither_the_importer_nor_who_asked_for_the_run_reviews(world: PoliceWorld) -> None:
    with as_owner(world.urls.owner) as cursor:
        seed_run(cursor, world.version, cause="requested", requested_by="once.asked")
        _, version = seed_crime(cursor, seed_batch(cursor, imported_by="second.importer"), "CRI/1")
        again = seed_result(
            cursor, seed_run(cursor, version), version, a_match(world.own.person_id, MatchVerdict.PRESENT)
        )
    for reviewer in (IMPORTER, "second.importer", "once.asked", " Once.Asked"):
        for result in (world.present, again):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="asked for its matching"):
                qualify(world, result, reviewer=reviewer)


def test_who_reviewed_asks_for_no_other_run(world: PoliceWorld) -> None:
    qualify(world, world.present)
    with as_police(world.urls, subject=REVIEWER) as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask_rerun(cursor, world)


def test_only_a_reviewer_judges_and_only_what_stands(world: PoliceWorld) -> None:
    with (
        as_police(world.urls, "police_analyst", REVIEWER) as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute(QUALIFY, (world.present, "confirmed"))
    with pytest.raises(psycopg2.errors.NoDataFound):
        qualify(world, world.unplaced)
    with as_owner(world.urls.owner) as cursor:
        supersede(cursor, world.present, world.run)
    with pytest.raises(psycopg2.errors.ObjectNotInPrerequisiteState):
        qualify(world, world.present)


def test_what_came_of_a_match_needs_a_confirmed_one(world: PoliceWorld) -> None:
    with as_police(world.urls) as cursor, pytest.raises(psycopg2.errors.ObjectNotInPrerequisiteState):
        cursor.execute(OUTCOME, (world.present,))
    qualify(world, world.present)
    with as_police(world.urls, "match_reviewer") as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(OUTCOME, (world.present,))
    for _ in range(2):
        with as_police(world.urls) as cursor:
            cursor.execute(OUTCOME, (world.present,))
    with as_owner(world.urls.owner) as cursor:
        cursor.execute("SELECT outcome, recorded_by FROM match_outcomes")
        assert cursor.fetchall() == [("charged", "an.analyst")] * 2, "the history is kept"


def test_another_run_is_due_at_once_and_the_one_that_waits_is_the_same(world: PoliceWorld) -> None:
    with as_owner(world.urls.owner) as cursor:
        cursor.execute(
            "INSERT INTO matching_wanted (crime_version_id, cause, requested_by, due_at, error)"
            " VALUES (%s, 'settled', 'x', 'infinity', 'broken')",
            (world.version,),
        )
    with as_police(world.urls) as cursor:
        ask_rerun(cursor, world)
    with as_owner(world.urls.owner) as cursor:
        cursor.execute("SELECT cause, requested_by, due_at < now(), error FROM matching_wanted")
        assert cursor.fetchall() == [("requested", "an.analyst", True, None)]
    with as_police(world.urls) as cursor, pytest.raises(psycopg2.errors.NoDataFound):
        cursor.execute("SELECT request_rerun(%s)", (world.theirs,))


def search(**changes: Any) -> dict[str, Any]:
    asked = {"force": "Metropolitan", "crime": None, "authority": None, "authorised_by": None, "radius": 100}
    return asked | {"to": "2026-03-02 10:00Z", "by": "an.analyst"} | changes


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({}, psycopg2.errors.CheckViolation),  # neither a crime nor an authority
        ({"authority": "missing child"}, psycopg2.errors.CheckViolation),
        ({"authority": "missing child", "authorised_by": " AN.analyst "}, psycopg2.errors.CheckViolation),
        ({"authority": "x", "authorised_by": "a.b", "radius": 501}, psycopg2.errors.CheckViolation),
        ({"authority": "x", "authorised_by": "a.b", "to": "2026-03-02 21:00:01Z"}, psycopg2.errors.CheckViolation),
        ({"authority": "x", "authorised_by": "a.b", "force": OTHER_FORCE}, psycopg2.errors.InsufficientPrivilege),
        ({"authority": "x", "authorised_by": "a.b", "by": "somebody"}, psycopg2.errors.InsufficientPrivilege),
    ],
)
def test_a_search_without_right_or_bounds_is_not_taken(
    shared_world: PoliceWorld, changes: dict[str, Any], error: type[Exception]
) -> None:
    with as_police(shared_world.urls) as cursor, pytest.raises(error):
        cursor.execute(SEARCH, search(**changes))


def test_a_search_is_for_a_crime_of_the_own_force_and_seen_by_it_alone(world: PoliceWorld) -> None:
    with as_police(world.urls) as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(SEARCH, search(crime=world.theirs))
    with as_police(world.urls, "match_reviewer") as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(SEARCH, search(crime=world.crime))
    with as_police(world.urls) as cursor:
        cursor.execute(SEARCH, search(crime=world.crime))
    for force, expected in (("Metropolitan", 1), (OTHER_FORCE, 0), ("", 0)):
        with as_police(world.urls, force=force) as cursor:
            cursor.execute("SELECT count(*) FROM scene_searches")
            assert fetch_one(cursor) == (expected,)


def answer(world: PoliceWorld, crn: str, person: int | None, verdict: MatchVerdict | None) -> None:
    """Asked and answered, as the matcher would."""
    with as_police(world.urls) as cursor:
        cursor.execute("SELECT request_elimination(%s, 'crn', %s, 'named')", (world.crime, crn))
    document = '{"reasons": ["far away"], "nearest_m": 640}' if verdict else None
    with as_owner(world.urls.owner) as cursor:
        cursor.execute(
            "UPDATE eliminations SET state = 'answered', answered_at = now(), person_id = %s, verdict = %s,"
            " document = %s WHERE identifier = %s",
            (person, verdict, document, crn),
        )


def test_nothing_but_ruled_out_tells_one_person_from_another(world: PoliceWorld) -> None:
    """Present, possible, not placeable, without a tag and unknown look the same; so nobody learns who is tagged."""
    people = [world.own.person_id, world.other.person_id, world.other.person_id, world.own.person_id, None]
    verdicts = [MatchVerdict.PRESENT, MatchVerdict.POSSIBLE, MatchVerdict.CANNOT_SAY, None, None]
    for number, (person, verdict) in enumerate(zip(people, verdicts, strict=True)):
        answer(world, f"N{number}", person, verdict)
    with as_police(world.urls) as cursor:
        cursor.execute(RULED_OUT, (world.crime,))
        assert cursor.fetchall() == [("answered", False, False, None, None, None)] * 5


def test_who_is_ruled_out_is_told_until_a_result_says_otherwise(world: PoliceWorld) -> None:
    with as_owner(world.urls.owner) as cursor:
        somebody = seed_wearer(cursor, "X100009").person_id
    answer(world, "X100009", somebody, MatchVerdict.ABSENT)
    with as_police(world.urls) as cursor:
        cursor.execute(RULED_OUT, (world.crime,))
        assert cursor.fetchall() == [("answered", True, False, ["far away"], "up_to_1_km", None)]
    with as_owner(world.urls.owner) as cursor:
        later = a_match(somebody, MatchVerdict.PRESENT, [position(SEEN_AT)])
        result = seed_result(cursor, seed_run(cursor, world.version, cause="positions"), world.version, later)
    with as_police(world.urls) as cursor:
        cursor.execute(RULED_OUT, (world.crime,))
        assert cursor.fetchall() == [("answered", False, True, None, None, None)]
    qualify(world, result)
    with as_police(world.urls) as cursor:
        cursor.execute(RULED_OUT, (world.crime,))
        assert cursor.fetchall() == [("answered", False, True, None, None, result)], "its match may be read"
    with as_owner(world.urls.owner) as cursor:
        cursor.execute("SELECT DISTINCT person_id FROM audit_log WHERE action = 'elimination.read'")
        assert cursor.fetchall() == [(somebody,)]


def test_an_elimination_is_asked_by_an_analyst_for_a_crime_of_the_own_force(world: PoliceWorld) -> None:
    for role, crime, error in (
        ("match_reviewer", world.crime, psycopg2.errors.InsufficientPrivilege),
        ("manager", world.crime, psycopg2.errors.InsufficientPrivilege),
        ("police_analyst", world.theirs, psycopg2.errors.NoDataFound),
    ):
        with as_police(world.urls, role) as cursor, pytest.raises(error):
            cursor.execute("SELECT request_elimination(%s, 'crn', 'X100001', 'named')", (crime,))
    answer(world, "X100001", None, None)
    with as_police(world.urls, force=OTHER_FORCE) as cursor:
        cursor.execute(RULED_OUT, (world.crime,))
        assert cursor.fetchall() == []
