"""What police could learn or do the long way round: by what they state, by order, by asking through another."""

from contextlib import closing

import psycopg2.errors
import pytest
from psycopg2.extras import Json

from crimes.matching.documents import match_document
from crimes.scenes import Scene
from model.crimes import MatchingSettings, MatchVerdict, Window
from store.database import connect, fetch_one
from store.matching import Counts, RunWrite, write_runs
from store.matching_wanted import Cause
from tests.access.police_world import MINUTE, SEEN_AT, PoliceWorld, as_police, two_wearers_world
from tests.support.crimes import (
    SCENE_LAT,
    SCENE_LON,
    WINDOW_FROM,
    WINDOW_TO,
    a_match,
    position,
    seed_crime,
    seed_run,
)
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner, seed_wearer


@pytest.fixture
def world(migrated_database: DatabaseUrls) -> PoliceWorld:
    return two_wearers_world(migrated_database)


def test_a_crime_somewhere_within_10_km_shows_no_trail(world: PoliceWorld) -> None:
    """Police state a place's uncertainty themselves; no more of it counts than a search may be wide."""
    seen = [position(SEEN_AT + number * MINUTE, distance_m=at_m) for number, at_m in enumerate((608.0, 609.0, 9_000.0))]
    document = match_document(a_match(world.own.person_id, MatchVerdict.POSSIBLE, seen))
    with as_owner(world.urls.owner) as cursor:
        cursor.execute("UPDATE crime_versions SET place_uncertainty_m = 10000")
        cursor.execute(
            "UPDATE matching_results SET document = %s WHERE result_id = %s", (Json(document), world.present)
        )
    with as_police(world.urls) as cursor:
        cursor.execute("SELECT positions FROM police_matches(NULL, %s, NULL, NULL, 1)", (world.present,))
        assert [one["distance_m"] for one in fetch_one(cursor)[0]] == [608.0], "100 m, 500 m and its own 8 m"


def test_the_ids_of_matches_are_in_no_order_of_people(world: PoliceWorld) -> None:
    """Two batches that list the same people in the same order would join their labels."""
    with as_owner(world.urls.owner) as cursor:
        _, version = seed_crime(cursor, world.batch, "CRI/3")
        people = [seed_wearer(cursor, f"X20{number:04}").person_id for number in range(20)]
    run = RunWrite(
        Scene(version, SCENE_LAT, SCENE_LON, 0.0, (Window(0, 1),)),
        Cause.IMPORTED,
        "the.importer",
        Counts(present=20, possible=0, absent=0, cannot_say=0),
        results=[a_match(one, MatchVerdict.PRESENT) for one in people],
    )
    with closing(connect(world.urls.worker, "test")) as connection, connection, connection.cursor() as cursor:
        write_runs(cursor, [run], MatchingSettings(), "test")
    with as_owner(world.urls.owner) as cursor:
        cursor.execute(
            "SELECT array_agg(person_id ORDER BY result_id) FROM matching_results WHERE crime_version_id = %s",
            (version,),
        )
        (found,) = fetch_one(cursor)
    assert found != people
    assert sorted(found) == people


def test_who_asked_before_another_did_is_not_forgotten(world: PoliceWorld) -> None:
    """Of two who ask for one run the later is its requester: the earlier one reviews no more than they."""
    for subject in ("first.asked", "then.asked"):
        with as_police(world.urls, subject=subject) as cursor:
            cursor.execute("SELECT request_rerun(%s)", (world.crime,))
    with as_owner(world.urls.owner) as cursor:
        seed_run(cursor, world.version, cause="requested", requested_by="then.asked")
    for reviewer in ("first.asked", "then.asked"):
        with (
            as_police(world.urls, "match_reviewer", reviewer) as cursor,
            pytest.raises(psycopg2.errors.InsufficientPrivilege, match="asked for its matching"),
        ):
            cursor.execute("SELECT qualify_match(%s, 'confirmed', 'seen')", (world.present,))


def test_a_match_of_what_the_crime_no_longer_says_is_not_confirmed_any_more(world: PoliceWorld) -> None:
    """Or a place and time that a force has taken back would still lead to a name."""
    with as_owner(world.urls.owner) as cursor:
        seed_crime(cursor, world.batch, "CRI/1")
    with as_police(world.urls) as cursor:
        cursor.execute("SELECT is_current FROM police_matches(NULL, %s, NULL, NULL, 1)", (world.present,))
        assert fetch_one(cursor) == (False,)
    with (
        as_police(world.urls, "match_reviewer", "a.reviewer") as cursor,
        pytest.raises(psycopg2.errors.ObjectNotInPrerequisiteState, match="review the one that stands now"),
    ):
        cursor.execute("SELECT qualify_match(%s, 'confirmed', 'seen')", (world.present,))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a.reviewer", " A.Reviewer\t", True),
        ("Åsa  Öberg", "åsa öberg", True),
        ("a.reviewer", "ａ．ｒｅｖｉｅｗｅｒ", True),  # noqa: RUF001  full-width letters
        ("A. Reviewer", "a.\N{NO-BREAK SPACE}reviewer", True),
        ("Jose\N{COMBINING ACUTE ACCENT}", "JOSÉ", True),
        ("a.reviewer", "b.reviewer", False),
        ("a.reviewer", "areviewer", False),
    ],
)
def test_a_person_is_the_same_however_their_name_is_written(
    shared_database: DatabaseUrls, one: str, other: str, expected: bool
) -> None:
    with as_owner(shared_database.owner) as cursor:
        cursor.execute("SELECT same_subject(%s, %s)", (one, other))
        assert fetch_one(cursor) == (expected,)


def test_the_record_of_a_look_has_the_window_that_was_looked_into(world: PoliceWorld) -> None:
    with as_police(world.urls) as cursor:
        cursor.execute("SELECT FROM police_matches(NULL, %s, NULL, NULL, 1)", (world.present,))
    with as_owner(world.urls.owner) as cursor:
        cursor.execute("SELECT window_from, window_to FROM audit_log WHERE action = 'match.read'")
        assert cursor.fetchall() == [(WINDOW_FROM - 10 * MINUTE, WINDOW_TO + 10 * MINUTE)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE matching_results SET document = '{}'",
        "UPDATE matching_results SET person_id = 1",
        "UPDATE matching_results SET verdict = 'absent'",
        "UPDATE matching_runs SET present = 0",
        "UPDATE crime_versions SET lat = 0",
        "UPDATE evidence_requests SET requested_by = 'x'",
        "INSERT INTO match_qualifications (result_id, reviewer, decision, note) VALUES (1, 'x', 'confirmed', 'x')",
        "INSERT INTO match_outcomes (result_id, outcome, note, recorded_by) VALUES (1, 'charged', 'x', 'x')",
        "UPDATE eliminations SET requested_by = 'x'",
        "UPDATE scene_searches SET authorised_by = 'x'",
        "DELETE FROM matching_results",
        "SELECT * FROM audit_log",
        "SELECT * FROM access_tokens",
    ],
)
def test_the_worker_rewrites_nothing_that_was_found_asked_or_decided(
    shared_database: DatabaseUrls, statement: str
) -> None:
    with (
        closing(connect(shared_database.worker, "test")) as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute(statement)
