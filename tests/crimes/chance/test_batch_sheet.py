"""The sheet of a batch on a real database: weighed by the worker, read by police of the force, and by the command."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg2.errors
import pytest

from access.roles import Role
from crimes.chance.routine_stretches import RoutineSettings
from crimes.chance.weight import ChanceWeight
from model.crimes import MATCHING_VERSION, MatchingSettings, MatchVerdict
from store.database import Identity, connect, set_identity
from store.expectations import expect_wearer, waiting_wearers, want_batch
from tests.support.api_server import RunningApi, running_api
from tests.support.command import Cordon, in_process
from tests.support.database import DatabaseUrls
from tests.support.routines import (
    CRIME_AT,
    FORCE,
    PLACE,
    StoredCrime,
    seed_batch,
    seed_crime,
    seed_person,
    seed_result,
    seed_run,
    seed_weeks,
)
from tests.support.seed import as_owner

SETTINGS, ROUTINE = MatchingSettings(), RoutineSettings()
FAR = (51.7, 0.1)
ANALYST = Role.POLICE_ANALYST


@pytest.fixture
def api(migrated_database: DatabaseUrls) -> Iterator[RunningApi]:
    with running_api(migrated_database) as running:
        yield running


def a_weight(there: int, compared: int = 20) -> ChanceWeight:
    return ChanceWeight(0.5, compared, there, "weekday", 0, 28, there, 28, (), "unlikely")


def seed_series(urls: DatabaseUrls) -> tuple[int, list[StoredCrime], dict[str, int]]:
    """Six crimes by the home of a resident, six far away, and a stranger who was at three of the former.

    The resident was at five of those: it is where they are every afternoon.
    """
    with as_owner(urls.owner) as cursor:
        people = {}
        for crn, stays in (("RESIDENT", [(back, 12, 22) for back in range(1, 29)]), ("STRANGER", [])):
            people[crn], device = seed_person(cursor, crn)
            seed_weeks(cursor, device, stays)
        batch = seed_batch(cursor)
        crimes = [
            seed_crime(
                cursor, batch, f"C{number}", PLACE if number < 6 else FAR, CRIME_AT + timedelta(minutes=40 * number)
            )
            for number in range(12)
        ]
        for number, crime in enumerate(crimes[:11]):  # one has not been matched yet
            run = seed_run(cursor, crime)
            if number < 5:
                seed_result(cursor, run, crime, people["RESIDENT"], weight=a_weight(20))
            if number < 3:
                seed_result(cursor, run, crime, people["STRANGER"], weight=a_weight(0))
    return batch, crimes, people


def expect(urls: DatabaseUrls, batch: int) -> int:
    """How many wearers were weighed."""
    with closing(connect(urls.worker, "test")) as connection, connection, connection.cursor() as cursor:
        want_batch(cursor, batch)
        waiting = waiting_wearers(cursor, 20)
        for wanted in waiting:
            expect_wearer(cursor, wanted, SETTINGS, ROUTINE)
        return len(waiting)


def labels(urls: DatabaseUrls) -> dict[int, str]:
    with as_owner(urls.owner) as cursor:
        cursor.execute("SELECT person_id, label FROM crime_batch_wearers")
        return dict(cursor.fetchall())


def sheet_of(api: RunningApi, batch: int) -> dict[str, Any]:
    answer = api.get(ANALYST, f"/v1/crime-batches/{batch}/sheet", headers={"X-Purpose": "weekly review"})
    assert answer.status_code == 200, answer.text
    sheet: dict[str, Any] = answer.json()
    return sheet


def test_whom_routine_explains_least_comes_first(api: RunningApi) -> None:
    batch, _, people = seed_series(api.urls)
    assert expect(api.urls, batch) == 2
    sheet = sheet_of(api, batch)
    label = labels(api.urls)
    assert [one["label"] for one in sheet["wearers"]] == [label[people["STRANGER"]], label[people["RESIDENT"]]]
    stranger, resident = sheet["wearers"]
    assert (stranger["hits"], stranger["yardstick"]) == (3, "remote chance")
    assert stranger["expected"] < 0.05
    assert resident["hits"] == 5
    assert 4 < resident["expected"] < 6.5
    assert resident["chance_of_so_many"] > 0.2


def test_the_crimes_have_their_four_counts(api: RunningApi) -> None:
    batch, crimes, _ = seed_series(api.urls)
    sheet = sheet_of(api, batch)
    assert [one["reference"] for one in sheet["crimes"]] == [f"C{number}" for number in range(12)]
    assert sheet["crimes"][0] == {
        "crime_version_id": crimes[0].crime_version_id,
        "reference": "C0",
        "present": 1,
        "possible": 2,
        "absent": 30,
        "cannot_say": 4,
    }
    assert sheet["crimes"][11]["present"] is None
    assert sheet["words"][0] == "11 of 12 crimes have been matched."
    assert "measures no guilt" in sheet["words"][1]


def test_before_routines_are_weighed_it_says_so(api: RunningApi) -> None:
    batch, _, _ = seed_series(api.urls)
    wearers = sheet_of(api, batch)["wearers"]
    assert {one["expected"] for one in wearers} == {None}
    assert all("has not been weighed yet" in one["words"] for one in wearers)


def test_a_crime_without_a_result_counts_where_the_wearer_lives_amid_them(api: RunningApi) -> None:
    batch, crimes, people = seed_series(api.urls)
    expect(api.urls, batch)
    with as_owner(api.urls.owner) as cursor:
        cursor.execute("SELECT person_id, crime_version_id, weight ->> 'windows_there' FROM routine_expectations")
        found = {(person, version): int(there) for person, version, there in cursor.fetchall()}
    assert found == {(people["RESIDENT"], crimes[5].crime_version_id): 20}


def test_wearers_are_weighed_once(api: RunningApi) -> None:
    batch, _, _ = seed_series(api.urls)
    assert [expect(api.urls, batch) for _ in range(2)] == [2, 0]


def test_no_identity_and_one_record_for_each_wearer(api: RunningApi) -> None:
    batch, _, people = seed_series(api.urls)
    expect(api.urls, batch)
    text = json.dumps(sheet_of(api, batch))
    assert not any(word in text for word in ("RESIDENT", "STRANGER", "Sam", "person", "lat"))
    records = api.audit("crime_sheet.read")
    assert sorted(record[2] or 0 for record in records) == [0, *sorted(people.values())]
    assert {record[4] for record in records} == {"weekly review"}


def test_another_force_s_sheet_is_not_there(api: RunningApi) -> None:
    with as_owner(api.urls.owner) as cursor:
        batch = seed_batch(cursor, "Kent")
    assert api.get(ANALYST, f"/v1/crime-batches/{batch}/sheet").status_code == 404
    assert [record[0] for record in api.audit("crime_sheet.read")] == ["refused"]
    assert api.get(ANALYST, "/v1/crime-batches/999999/sheet").status_code == 404


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM sheet_wearers({batch})",
        "SELECT * FROM police_sheet_wearers({batch})",
        "SELECT * FROM routine_expectations",
        "SELECT * FROM batch_routines",
    ],
)
@pytest.mark.parametrize(("role", "force"), [(ANALYST, "Kent"), (Role.MANAGER, FORCE), (ANALYST, "")])
def test_below_the_api_nobody_else_reads_a_sheet(
    migrated_database: DatabaseUrls, statement: str, role: Role, force: str
) -> None:
    with as_owner(migrated_database.owner) as cursor:
        batch = seed_batch(cursor)
    with closing(connect(migrated_database.api, "test")) as connection, connection.cursor() as cursor:
        set_identity(cursor, Identity("a", role, "p", "r", force))
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement.format(batch=batch))


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.ADMINISTRATOR, Role.AUDITOR])
def test_the_sheet_is_for_police(api: RunningApi, role: Role) -> None:
    batch, _, _ = seed_series(api.urls)
    assert api.get(role, f"/v1/crime-batches/{batch}/sheet").status_code == 403


def seed_judged(urls: DatabaseUrls, decisions: list[str], outcomes: list[str]) -> None:
    """A match for each decision and outcome, both in turn."""
    with as_owner(urls.owner) as cursor:
        batch = seed_batch(cursor)
        for number, (decision, outcome) in enumerate(zip(decisions, outcomes, strict=True)):
            crime = seed_crime(cursor, batch, f"J{number}")
            person, _ = seed_person(cursor, f"J{number}")
            result = seed_result(cursor, seed_run(cursor, crime), crime, person, verdict=MatchVerdict.PRESENT)
            for word in ("unclear", decision):  # the newest stands
                cursor.execute(
                    "INSERT INTO match_qualifications (result_id, reviewer, decision, note) VALUES (%s, 'r', %s, 'n')",
                    (result, word),
                )
            cursor.execute(
                "INSERT INTO match_outcomes (result_id, outcome, note, recorded_by) VALUES (%s, %s, 'n', 'p')",
                (result, outcome),
            )


def test_the_precision_is_published_to_everyone(api: RunningApi) -> None:
    seed_judged(
        api.urls,
        ["confirmed"] * 8 + ["rejected"] * 2 + ["unclear"] * 3,
        ["charged", "witness_or_victim", "eliminated_by_other_evidence", "no_further_action"]
        + ["under_investigation"] * 9,
    )
    for role in (Role.AUDITOR, ANALYST, Role.PRACTITIONER):
        answer = api.get(role, "/v1/matching/precision")
        assert answer.status_code == 200, answer.text
        [present] = answer.json()["precisions"]
        assert (present["verdict"], present["algorithm_version"]) == ("present", MATCHING_VERSION)
        assert (present["confirmed"]["cases"], present["confirmed"]["share"]) == (10, 0.8)
        assert present["confirmed"]["least"] < 0.8 < present["confirmed"]["most"]
        assert present["borne_out"] == {"cases": None, "share": None, "least": None, "most": None}


@pytest.fixture
def cordon(
    migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cordon:
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", migrated_database.owner)
    return in_process(monkeypatch, capsys)


def test_the_command_weighs_what_is_not_weighed_and_prints_the_sheet(
    migrated_database: DatabaseUrls, cordon: Cordon
) -> None:
    batch, _, people = seed_series(migrated_database)
    code, printed, _ = cordon("crimes", "sheet", str(batch))
    assert code == 0
    label = labels(migrated_database)
    assert printed.index(f"\n{label[people['STRANGER']]} ") < printed.index(f"\n{label[people['RESIDENT']]} ")
    assert "measures no guilt" in printed
    document = json.loads(cordon("crimes", "sheet", str(batch), "--json")[1])
    assert [one["hits"] for one in document["wearers"]] == [3, 5]


def test_the_command_prints_the_precision(migrated_database: DatabaseUrls, cordon: Cordon) -> None:
    seed_judged(migrated_database, ["confirmed"] * 9 + ["rejected"], ["under_investigation"] * 10)
    code, printed, _ = cordon("crimes", "precision")
    assert code == 0
    assert "90% (60% to 98%) of 10" in printed
    assert "too few cases" in printed


def test_the_command_refuses_a_batch_that_is_not_there(cordon: Cordon) -> None:
    code, _, complaint = cordon("crimes", "sheet", "7")
    assert code == 1
    assert "there is no crime batch 7" in complaint
