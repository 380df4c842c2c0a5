"""`cordon alerts`: an alert is worked from the command line in an officer's name."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model.staff import StaffRole
from tests.support.cases import CaseWorld, seed_case_world, seed_staff
from tests.support.command import Cordon
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner

Database = Callable[[str], Any]
AS = ("--as", "officer.a")


@pytest.fixture
def world(migrated_database: DatabaseUrls, database: Database) -> CaseWorld:
    assert database("SELECT count(*) FROM alerts") == 0
    return seed_case_world(migrated_database)


def test_an_alert_is_worked_from_start_to_finish(cordon: Cordon, world: CaseWorld, database: Database) -> None:
    alert = str(world.alert_id)
    code, out, error = cordon("alerts", "list", "--overdue", "--unassigned")
    assert (code, alert in out, "overdue" in out) == (0, True, True), error
    for place, command in enumerate(
        [
            ("acknowledge", alert, *AS, "--version", "1"),
            ("assign", alert, *AS, "--to", "officer.b"),
            ("hand-over", alert, "--as", "officer.b", "--to", "officer.a"),
            ("tick", alert, *AS, "--step", "call_wearer"),
            ("note", alert, *AS, "--contact", "--text", "rang twice\nthen spoke"),
            ("review", alert, *AS),
            ("invite", alert, *AS),
            ("account", alert, *AS, "--text", "I missed the bus"),
            ("close", alert, *AS, "--outcome", "warning", "--text", "the first"),
            ("contest", alert, *AS, "--by", "wearer", "--text", "it was the bus"),
            ("close", alert, "--as", "officer.b", "--outcome", "drift", "--text", "so it was"),
            ("reopen", alert, *AS, "--text", "a camera shows more"),
        ]
    ):
        code, out, error = cordon("alerts", *command)
        assert (code, out.endswith(f", version {place + 2}\n")) == (0, True), (command, error)
    shown = cordon("alerts", "show", alert)[1]
    assert "status reopened, version 13, on the desk of officer.a" in shown
    assert "  officer.a closed it with the outcome Breach: warning given\n    the first\n" in shown
    assert (
        "call_wearer: Ring the wearer: ask them to leave, and for their account.  within 10 min [x] officer.a" in shown
    )
    actions = "SELECT array_agg(DISTINCT action || ' ' || outcome ORDER BY action || ' ' || outcome) FROM audit_log"
    assert database(actions) == ["alert.read allowed", "alert.work allowed", "alerts.list allowed"]
    assert database("SELECT array_agg(DISTINCT detail ->> 'as') FROM audit_log WHERE action = 'alert.work'") == [
        "officer.a",
        "officer.b",
    ]


def test_the_list_shows_what_is_to_do_and_all_of_it_when_asked(cordon: Cordon, world: CaseWorld) -> None:
    alert = str(world.alert_id)
    cordon("alerts", "review", alert, *AS)
    cordon("alerts", "close", alert, *AS, "--outcome", "drift", "--text", "x")
    assert alert not in cordon("alerts", "list")[1]
    for option in (("--all",), ("--status", "closed")):
        assert alert in cordon("alerts", "list", *option)[1], option


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("acknowledge", "{alert}", "--as", "nobody.known"), "no active member of staff nobody.known"),
        (("acknowledge", "{alert}", *AS, "--version", "7"), "somebody was first"),
        (("reopen", "{alert}", *AS, "--text", "x"), "is raised: reopen cannot be done"),
        (("close", "{alert}", *AS, "--outcome", "no_such", "--text", "x"), "outcome: give one of warning,"),
        (("acknowledge", "00000000-0000-0000-0000-000000000001", *AS), "there is no alert"),
        (("show", "00000000-0000-0000-0000-000000000001"), "there is no alert"),
        (("plan", "show", "OWN"), "has no plan of its own"),
    ],
)
def test_what_cannot_be_done_is_said(cordon: Cordon, world: CaseWorld, command: tuple[str, ...], words: str) -> None:
    code, _, error = cordon("alerts", *(part.format(alert=world.alert_id) for part in command))
    assert (code, words in error) == (1, True), error


def test_nobody_works_an_alert_by_command_that_they_would_not_see(cordon: Cordon, world: CaseWorld) -> None:
    with as_owner(world.urls.owner) as cursor:
        seed_staff(cursor, "liaison", StaffRole.VICTIM_LIAISON)
        seed_staff(cursor, "other.practitioner")
    for blind in ("liaison", "other.practitioner"):
        code, _, error = cordon("alerts", "acknowledge", str(world.alert_id), "--as", blind)
        assert (code, f"it is not {blind}'s to work" in error) == (1, True)
    assert world.case().acknowledged_at is None


def test_a_zone_s_plan_is_set_from_a_file_in_the_form_it_is_shown_in(
    cordon: Cordon, world: CaseWorld, tmp_path: Path, database: Database
) -> None:
    by_kind = json.loads(cordon("alerts", "plan", "show")[1])
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(by_kind["curfew_absence"]), encoding="utf-8")
    assert cordon("alerts", "plan", "set", "OWN", str(file))[1].startswith("version 1 of the plan of OWN holds")
    assert json.loads(cordon("alerts", "plan", "show", "OWN")[1]) == by_kind["curfew_absence"]
    file.write_text(json.dumps({"steps": [{"code": "A B", "minutes": "x"}]}), encoding="utf-8")
    code, _, error = cordon("alerts", "plan", "set", "OWN", str(file))
    assert code == 1
    assert all(place in error for place in ("steps.0.code", "steps.0.text", "steps.0.minutes", "emergency_when"))
    file.write_text("{", encoding="utf-8")
    assert "cannot be read" in cordon("alerts", "plan", "set", "OWN", str(file))[2]
    assert database(f"SELECT count(*) FROM response_plans WHERE zone_id = {world.zone_id}") == 1
