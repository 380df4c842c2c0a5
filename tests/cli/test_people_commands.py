"""People, staff and tags at the command line, and who may be tagged."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Cordon
from tests.support.people import BORN, DECIDE

MARCH = "2026-03-02T09:30:00Z"
NOON = "2026-03-02T12:00:00Z"


@pytest.fixture
def sam(database: Callable[[str], Any], cordon: Cordon) -> Callable[[str], Any]:
    cordon("people", "add", "--crn", "X1", "--name", "Sam Larkfield", *BORN)
    cordon("people", "decide", "X1", *DECIDE)
    cordon("devices", "activate", "TAG-1", "--crn", "X1", "--from", MARCH)
    return database


def test_no_tag_without_a_decision_or_a_date_of_birth(database: Callable[[str], Any], cordon: Cordon) -> None:
    cordon("people", "add", "--crn", "X1", "--name", "Sam Larkfield")
    assert "nobody has decided" in cordon("devices", "activate", "TAG-1", "--crn", "X1")[2]
    code, printed, _ = cordon("people", "decide", "X1", *DECIDE)
    assert (code, "may NOT be tagged: age is not known" in printed) == (0, True)
    assert "the person may not be tagged" in cordon("devices", "activate", "TAG-1", "--crn", "X1")[2]
    letter = cordon("people", "eligibility", "X1")[1]
    assert "You will not be given a GPS tag." in letter
    assert "If you do not agree:" in letter
    assert database("SELECT count(*) FROM devices") == 0
    assert database("SELECT count(*) FROM audit_log WHERE action = 'eligibility.decide'") == 1


def test_the_rules_say_whether_a_decision_is_needed(
    database: Callable[[str], Any], cordon: Cordon, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(cordon("rules", "show")[1].replace("is_required = true", "is_required = false", 1))
    assert cordon("rules", "set", str(rules))[0] == 0
    cordon("people", "add", "--crn", "X1", "--name", "Sam", *BORN)
    assert cordon("devices", "activate", "TAG-1", "--crn", "X1", "--from", MARCH)[0] == 0
    cordon("people", "add", "--crn", "X2", "--name", "Kim", "--date-of-birth", "2010-01-01")
    child = cordon("devices", "activate", "TAG-2", "--crn", "X2", "--from", MARCH)
    assert (child[0], "nobody is tagged who is under 18" in child[2]) == (1, True)
    assert database("SELECT count(*) FROM devices") == 1


def test_swapped_at_one_instant(sam: Callable[[str], Any], cordon: Cordon) -> None:
    code, printed, error = cordon("devices", "swap", "TAG-1", "TAG-2", "--crn", "X1", "--at", NOON)
    assert code == 0, error
    assert "until 2026-03-02T12:00:00+00:00" in printed
    assert "from 2026-03-02T12:00:00+00:00 with no end" in printed
    assert sam("SELECT count(*) FROM device_activations WHERE upper_inf(during)") == 1
    assert sam("SELECT count(*) FROM audit_log WHERE action = 'device.swap'") == 2


def test_a_practitioner_who_is_not_on_the_staff_is_warned_of(sam: Callable[[str], Any], cordon: Cordon) -> None:
    code, _, warned = cordon("people", "change", "X1", "--practitioner", "ofifcer.jones")
    assert (code, "ofifcer.jones is not on the staff" in warned) == (0, True)
    cordon("staff", "add", "officer.jones", "--name", "J. Jones", "--role", "practitioner")
    assert cordon("people", "change", "X1", "--practitioner", "officer.jones")[2] == ""
    assert sam("SELECT practitioner FROM people") == "officer.jones"


def test_changed_corrected_and_ended(sam: Callable[[str], Any], cordon: Cordon) -> None:
    cordon("staff", "add-team", "Croydon South")
    assert cordon("people", "change", "X1", "--team", "Croydon South", "--pnc-id", "99/1X")[0] == 0
    assert "nothing is given" in cordon("people", "change", "X1")[2]
    assert sam("SELECT team.name || pnc_id FROM people JOIN teams team USING (team_id)") == "Croydon South99/1X"
    still_on = cordon("people", "end", "X1", "--at", NOON)
    assert (still_on[0], "a tag is still on the person: TAG-1" in still_on[2]) == (1, True)
    assert "tags taken off: TAG-1" in cordon("people", "end", "X1", "--at", NOON, "--take-tags-off")[1]
    corrected = cordon("people", "change", "X1", "--date-of-birth", "2010-01-01")[1]
    assert "monitoring has stopped" in corrected
    assert "NOBODY" in corrected
    assert sam("SELECT count(*) FROM device_activations") == 0
    assert cordon("devices", "doubtful")[0] == 0


def test_staff_are_added_changed_ended_and_listed(database: Callable[[str], Any], cordon: Cordon) -> None:
    assert (
        cordon("staff", "add", "dpo", "--name", "D", "--role", "data_protection_officer", "--email", "d@x.test")[0] == 0
    )
    assert "on the staff already" in cordon("staff", "add", "dpo", "--name", "D", "--role", "manager")[2]
    wrong = cordon("staff", "change", "dpo", "--name", "D", "--role", "manager", "--mobile", "077", "--email", "x")[2]
    assert "e-mail address is none" in wrong
    assert "mobile number is none" in wrong
    assert cordon("staff", "end", "dpo")[0] == 0
    assert "left" in cordon("staff", "list")[1]
    assert database("SELECT count(*) FROM audit_log WHERE action = 'staff.change'") == 2


def test_a_file_is_taken_or_every_error_is_printed(sam: Callable[[str], Any], cordon: Cordon, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("crn,name,date_of_birth\nX2,Kim,1990-01-01\nX3,,tomorrow\n")
    code, _, error = cordon("people", "import", str(file))
    assert code == 1
    assert "row 3, name: it is empty; fill it in" in error
    assert "row 3, date_of_birth 'tomorrow': this is no day" in error
    assert sam("SELECT count(*) FROM people") == 1
    file.write_text("crn,name,date_of_birth\nX2,Kim,1990-01-01\n")
    assert "dry run, nothing was changed: 1 added" in cordon("people", "import", str(file), "--dry-run")[1]
    assert "1 added" in cordon("people", "import", str(file))[1]
    missing = cordon("devices", "import", str(tmp_path / "none.csv"))
    assert (missing[0], "cannot be read" in missing[2]) == (1, True)
