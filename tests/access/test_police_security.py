"""What the database lets police see and do by itself, whatever the API forgets."""

import json
from dataclasses import replace

import psycopg2.errors
import pytest
from psycopg2.extras import Json

from crimes.matching.reasons import nearest
from model.crimes import MatchVerdict
from model.times import to_microseconds
from store.database import fetch_one
from tests.access.police_world import SEEN_AT, PoliceWorld, as_police, two_wearers_world
from tests.support.crimes import OTHER_FORCE, a_match, seed_result, seed_run, supersede
from tests.support.database import DatabaseUrls
from tests.support.seed import FORCE, as_owner, seed_wearer

FAR_M = 6000.0
TABLES = ("crimes", "crime_versions", "crime_batches", "matching_runs")
POLICE = ("police_analyst", "match_reviewer")
OTHERS = (
    "practitioner",
    "manager",
    "duty_officer",
    "service",
    "administrator",
    "monitoring_officer",
    "auditor",
    "x",
    "",
)
MATCHES = "SELECT result_id FROM police_matches(%s, NULL, NULL, NULL, 10)"
QUALIFY = "SELECT qualify_match(%s, 'confirmed', 'seen')"
OUTCOME = "SELECT record_outcome(%s, 'charged', 'court')"

BEHIND = (
    "SELECT person_id FROM matching_results",
    "SELECT document FROM matching_results",
    "SELECT count(*) FROM matching_results",
    "SELECT * FROM crime_batch_wearers",
    "SELECT * FROM match_qualifications",
    "SELECT * FROM match_outcomes",
    "SELECT * FROM eliminations",
    "SELECT * FROM rerun_requests",
    "SELECT * FROM scene_search_results",
    "INSERT INTO match_qualifications (result_id, reviewer, decision, note) VALUES (1, 'x', 'confirmed', 'x')",
    "INSERT INTO match_outcomes (result_id, outcome, note, recorded_by) VALUES (1, 'charged', 'x', 'x')",
    "INSERT INTO eliminations (crime_version_id) VALUES (1)",
    "INSERT INTO matching_results (run_id) VALUES (1)",
    "UPDATE scene_searches SET state = 'answered'",
    "UPDATE matching_runs SET present = 0",
    "DELETE FROM match_qualifications",
    "SELECT match_is_confirmed(1)",
    "SELECT label_wearers()",
    "SELECT record_look('x', 1, NULL, NULL, 1, '{}')",
)


@pytest.fixture
def world(migrated_database: DatabaseUrls) -> PoliceWorld:
    return two_wearers_world(migrated_database)


@pytest.fixture(scope="module")
def shared_world(shared_database: DatabaseUrls) -> PoliceWorld:
    return two_wearers_world(shared_database)


def counts(world: PoliceWorld, role: str, force: str) -> list[int]:
    with as_police(world.urls, role, force=force) as cursor:
        found = []
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            found.append(fetch_one(cursor)[0])
        return found


@pytest.mark.parametrize("role", POLICE)
def test_police_see_the_crimes_of_their_own_force(shared_world: PoliceWorld, role: str) -> None:
    assert counts(shared_world, role, FORCE) == [1, 1, 1, 1]
    assert counts(shared_world, role, OTHER_FORCE) == [1, 1, 1, 1]
    assert counts(shared_world, role, "Nowhere") == [0, 0, 0, 0]


@pytest.mark.parametrize("role", POLICE)
def test_police_without_a_force_see_none(shared_world: PoliceWorld, role: str) -> None:
    assert counts(shared_world, role, "") == [0, 0, 0, 0]
    with as_police(shared_world.urls, role, force="") as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(MATCHES, (shared_world.crime,))


@pytest.mark.parametrize("role", OTHERS)
def test_who_is_no_police_sees_no_crime_though_a_force_is_named(shared_world: PoliceWorld, role: str) -> None:
    assert counts(shared_world, role, FORCE) == [0, 0, 0, 0]
    for statement in (MATCHES, QUALIFY, OUTCOME, "SELECT request_rerun(%s)"):
        with as_police(shared_world.urls, role) as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement, (shared_world.crime if statement == MATCHES else shared_world.present,))


@pytest.mark.parametrize("role", [*POLICE, "manager", "service"])
def test_the_tables_behind_are_nobody_s(shared_world: PoliceWorld, role: str) -> None:
    for statement in BEHIND:
        with as_police(shared_world.urls, role) as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement)


@pytest.mark.parametrize("role", POLICE)
def test_a_match_has_no_name_no_device_and_no_position_elsewhere(shared_world: PoliceWorld, role: str) -> None:
    with as_police(shared_world.urls, role) as cursor:
        cursor.execute("SELECT * FROM police_matches(%s, NULL, NULL, NULL, 10)", (shared_world.crime,))
        columns = [column.name for column in cursor.description or ()]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    assert [row["result_id"] for row in rows] == [shared_world.present, shared_world.near], (
        "who cannot be placed is not among them"
    )
    assert {row["label"] for row in rows} < {"W1", "W2", "W3"}
    assert "person_id" not in columns
    assert len(rows[0]["positions"]) == 1, "one of three is within the window and the radius"
    text = json.dumps(rows, default=str)
    for kept in ("device", "fix_key", "person", "X10000", "Sam", "nights_there", "07:49", "51.501"):
        assert kept not in text, kept
    assert all(row[name] is None for row in rows for name in ("crn", "name", "pnc_id"))


def test_the_words_that_say_exactly_how_far_away_somebody_was_are_left_out(shared_world: PoliceWorld) -> None:
    """Held against the words as matching writes them: distances from a few scenes would tell a place."""
    near, far = (nearest(metres, to_microseconds(SEEN_AT), count) for metres, count in ((640.2, 1), (12_345.6, 1200)))
    with as_owner(shared_world.urls.owner) as cursor:
        cursor.execute("SELECT police_reasons(%s)", (Json({"reasons": ["elsewhere", near, "throughout", far]}),))
        assert fetch_one(cursor) == (["elsewhere", "throughout"],)


def test_nobody_sees_what_waits_of_another_force(world: PoliceWorld) -> None:
    with as_owner(world.urls.owner) as cursor:
        cursor.execute(
            "INSERT INTO matching_wanted (crime_version_id, cause, requested_by)"
            " SELECT crime_version_id, 'imported', 'x' FROM crime_versions"
        )
    for role, force, expected in (
        ("police_analyst", FORCE, 1),
        ("match_reviewer", FORCE, 1),
        ("police_analyst", "", 0),
        ("manager", FORCE, 0),
    ):
        with as_police(world.urls, role, force=force) as cursor:
            cursor.execute("SELECT count(crime_version_id) FROM matching_wanted")
            assert fetch_one(cursor) == (expected,)


def test_nobody_sees_the_matches_of_another_force(shared_world: PoliceWorld) -> None:
    with as_police(shared_world.urls) as cursor:
        cursor.execute(MATCHES, (shared_world.theirs,))
        assert cursor.fetchall() == []
        cursor.execute("SELECT * FROM police_matches(NULL, %s, NULL, NULL, 10)", (shared_world.their_match,))
        assert cursor.fetchall() == []
        cursor.execute("SELECT * FROM police_matches(NULL, %s, NULL, NULL, 10)", (shared_world.unplaced,))
        assert cursor.fetchall() == [], "nor who cannot be placed"
    for role, statement in (("match_reviewer", QUALIFY), ("police_analyst", OUTCOME)):
        with as_police(shared_world.urls, role) as cursor, pytest.raises(psycopg2.errors.NoDataFound):
            cursor.execute(statement, (shared_world.their_match,))


def test_each_wearer_whose_data_are_given_is_recorded_with_the_look(world: PoliceWorld) -> None:
    with as_police(world.urls) as cursor:
        cursor.execute("SELECT goes_on FROM police_matches(%s, NULL, NULL, NULL, 1)", (world.crime,))
        assert cursor.fetchall() == [(True,)]
    with as_owner(world.urls.owner) as cursor:
        cursor.execute("SELECT action, subject, person_id, row_count, detail ->> 'identity' FROM audit_log")
        assert cursor.fetchall() == [("match.read", "an.analyst", world.own.person_id, 1, "false")]


def test_no_page_without_its_record(world: PoliceWorld) -> None:
    with as_owner(world.urls.owner) as cursor:
        cursor.execute("ALTER TABLE audit_log ADD CHECK (action <> 'match.read')")
    with as_police(world.urls) as cursor, pytest.raises(psycopg2.errors.CheckViolation):
        cursor.execute(MATCHES, (world.crime,))


def test_a_label_is_the_same_throughout_a_batch_and_another_one_in_the_next(world: PoliceWorld) -> None:
    with as_owner(world.urls.owner) as cursor:
        cursor.execute("SELECT crime_batch_id, person_id, number FROM crime_batch_wearers")
        labels = {(batch, person): number for batch, person, number in cursor.fetchall()}
        cursor.execute(
            "UPDATE matching_results SET superseded_by = %s WHERE crime_version_id = %s", (world.run, world.version)
        )
        cursor.execute(
            "INSERT INTO matching_results (run_id, crime_version_id, person_id, verdict, document)"
            " SELECT run_id, crime_version_id, person_id, verdict, document FROM matching_results"
            " WHERE crime_version_id = %s",
            (world.version,),
        )
        cursor.execute("SELECT crime_batch_id, person_id, number FROM crime_batch_wearers")
        assert {(batch, person): number for batch, person, number in cursor.fetchall()} == labels
    assert sorted(number for (batch, _), number in labels.items() if batch == world.batch) == [1, 2, 3]
    assert [number for (batch, _), number in labels.items() if batch != world.batch] == [1]


@pytest.mark.parametrize("role", ["practitioner", "manager", "duty_officer"])
def test_the_supervising_side_sees_who(shared_world: PoliceWorld, role: str) -> None:
    with as_police(shared_world.urls, role, "the.practitioner", "") as cursor:
        cursor.execute("SELECT result_id, verdict FROM person_matches(%s, NULL, 10)", (shared_world.own.person_id,))
        assert cursor.fetchall() == [(shared_world.their_match, "present"), (shared_world.present, "present")]


def test_a_practitioner_sees_nobody_else_s_and_police_nobody_s(shared_world: PoliceWorld) -> None:
    for role in ("practitioner", *POLICE, "administrator", "auditor", ""):
        with (
            as_police(shared_world.urls, role, "the.practitioner") as cursor,
            pytest.raises(psycopg2.errors.InsufficientPrivilege),
        ):
            cursor.execute("SELECT * FROM person_matches(%s, NULL, 10)", (shared_world.other.person_id,))
    with as_police(shared_world.urls, "manager", "the.manager", "") as cursor:
        cursor.execute(
            "SELECT verdict, document -> 'gaps' -> 0 ->> 'reason' FROM person_matches(%s, NULL, 10)",
            (shared_world.other.person_id,),
        )
        assert cursor.fetchall() == [("cannot_say", "flat_battery")]


@pytest.mark.parametrize(
    ("before", "is_listed"),
    [(MatchVerdict.CANNOT_SAY, False), (MatchVerdict.POSSIBLE, True), (MatchVerdict.PRESENT, True)],
)
def test_who_turns_out_to_have_been_far_away_is_listed_only_where_police_may_have_read_otherwise(
    world: PoliceWorld, before: MatchVerdict, *, is_listed: bool
) -> None:
    with as_owner(world.urls.owner) as cursor:
        person = seed_wearer(cursor, "X100004", name="Al Far").person_id
        doubted = seed_result(cursor, world.run, world.version, a_match(person, before))
        later = seed_run(cursor, world.version, cause="settled")
        supersede(cursor, doubted, later)
        far = replace(a_match(person, MatchVerdict.ABSENT), nearest_m=FAR_M)
        absent = seed_result(cursor, later, world.version, far)
    with as_police(world.urls) as cursor:
        cursor.execute(MATCHES, (world.crime,))
        listed = {result for (result,) in cursor.fetchall()}
    assert {world.present, world.near} <= listed
    assert (absent in listed) is is_listed
