"""The administration commands: what they keep, what they refuse, and that a refusal leaves nothing half done."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.command import Cordon
from tests.support.people import BORN, DECIDE

MARCH = "2026-03-01T09:30:00Z"
APRIL = "2026-04-01T09:30:00+01:00"


@pytest.fixture
def sam(database: Callable[[str], Any], cordon: Cordon) -> Callable[[str], Any]:
    assert (
        cordon("people", "add", "--crn", "X100001", "--name", "Sam Larkfield", "--practitioner", "jones", *BORN)[0] == 0
    )
    assert cordon("people", "decide", "X100001", *DECIDE)[0] == 0
    return database


@pytest.mark.usefixtures("sam")
def test_people_are_listed_with_what_they_wear(cordon: Cordon) -> None:
    cordon("devices", "activate", "TAG-1", "--crn", "X100001", "--from", MARCH)
    assert cordon("people", "list")[1].splitlines()[1].split() == ["X100001", "Sam", "Larkfield", "jones", "TAG-1"]
    assert "TAG-1   activation" in cordon("devices", "list")[1]
    cordon("devices", "deactivate", "TAG-1", "--at", APRIL)
    assert cordon("people", "list")[1].splitlines()[1].endswith("none")
    assert "until 2026-04-01T08:30:00+00:00" in cordon("devices", "list")[1]


@pytest.mark.usefixtures("database")
def test_empty_lists_are_no_error(cordon: Cordon) -> None:
    assert cordon("people", "list")[0] == 0
    assert cordon("devices", "list")[0] == 0


@pytest.mark.parametrize(
    ("crn", "name", "complaint"),
    [
        ("X100001", "Another", "the CRN X100001 is taken"),
        (" X100001 ", "Another", "the CRN X100001 is taken"),
        ("  ", "Another", "the CRN is empty"),
        ("X" * 33, "Another", "the CRN has 33 characters"),
        ("X2", "", "the name is empty"),
        ("X2", "n" * 201, "the name has 201 characters"),
        ("X2", "line\nbreak", "cannot be printed"),
        ("X2", "half \udcff a byte", "cannot be printed"),
    ],
)
def test_an_unusable_person_is_refused(
    sam: Callable[[str], Any], cordon: Cordon, crn: str, name: str, complaint: str
) -> None:
    code, _, error = cordon("people", "add", "--crn", crn, "--name", name)
    assert (code, complaint in error) == (1, True), error
    assert sam("SELECT count(*) FROM people") == 1


def test_each_change_of_an_activation_raises_the_revision(sam: Callable[[str], Any], cordon: Cordon) -> None:
    assert sam("SELECT revision FROM registry_revision") == 0
    cordon("devices", "activate", "TAG-1", "--crn", "X100001", "--from", MARCH)
    assert sam("SELECT revision FROM device_activations") == sam("SELECT revision FROM registry_revision") == 1
    cordon("devices", "deactivate", "TAG-1", "--at", APRIL)
    assert sam("SELECT revision FROM device_activations") == sam("SELECT revision FROM registry_revision") == 2


def test_an_overlap_names_the_other_activation(sam: Callable[[str], Any], cordon: Cordon) -> None:
    cordon("people", "add", "--crn", "X100002", "--name", "Kim Ashdown", *BORN)
    cordon("people", "decide", "X100002", *DECIDE)
    cordon("devices", "activate", "TAG-1", "--crn", "X100001", "--from", MARCH)
    code, _, error = cordon("devices", "activate", "TAG-1", "--crn", "X100002", "--from", APRIL)
    assert code == 1
    assert "overlaps activation 1, on X100001 from 2026-03-01T09:30:00+00:00 with no end" in error
    cordon("devices", "deactivate", "TAG-1", "--at", APRIL)
    assert cordon("devices", "activate", "TAG-1", "--crn", "X100002", "--from", "2026-02-01T00:00Z")[0] == 1
    assert sam("SELECT count(*) FROM device_activations") == 1
    assert sam("SELECT revision FROM registry_revision") == 2
    assert cordon("devices", "activate", "TAG-1", "--crn", "X100002", "--from", APRIL)[0] == 0


def test_nobody_to_put_it_on_leaves_no_device_behind(database: Callable[[str], Any], cordon: Cordon) -> None:
    code, _, error = cordon("devices", "activate", "TAG-1", "--crn", "X999")
    assert (code, "nobody has the CRN X999" in error) == (1, True)
    assert database("SELECT count(*) FROM devices") == 0


@pytest.mark.usefixtures("sam")
def test_what_cannot_come_off_is_refused(cordon: Cordon) -> None:
    assert "no device has the serial TAG-1" in cordon("devices", "deactivate", "TAG-1")[2]
    cordon("devices", "activate", "TAG-1", "--crn", "X100001", "--from", MARCH)
    assert "before it was put on" in cordon("devices", "deactivate", "TAG-1", "--at", MARCH)[2]
    assert "before it was put on" in cordon("devices", "deactivate", "TAG-1", "--at", "2026-02-01T00:00Z")[2]
    assert cordon("devices", "deactivate", "TAG-1", "--at", APRIL)[0] == 0
    assert "TAG-1 is on nobody" in cordon("devices", "deactivate", "TAG-1")[2]


@pytest.mark.usefixtures("sam")
@pytest.mark.parametrize(
    ("time", "complaint"),
    [
        ("yesterday", "is no time"),
        ("2026-03-01T09:30:00", "has no offset"),
        ("0001-01-01T00:00:00+14:00", "not between 1970 and 2200"),
        ("9999-12-31T23:59:59-14:00", "not between 1970 and 2200"),
    ],
)
def test_a_time_has_to_be_one_moment(cordon: Cordon, time: str, complaint: str) -> None:
    code, _, error = cordon("devices", "activate", "TAG-1", "--crn", "X100001", "--from", time)
    assert (code, complaint in error) == (1, True), error


@pytest.mark.parametrize("command", [("people", "add"), ("people", "list"), ("devices", "activate")])
def test_help_teaches_by_an_example(cordon: Cordon, command: tuple[str, ...]) -> None:
    code, out, _ = cordon(*command, "--help")
    assert code == 0
    assert f"Example: cordon {' '.join(command)}" in out


def test_without_a_database_the_setting_is_named(
    cordon: Cordon, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.delenv("CORDON_DATABASE_OWNER_URL", raising=False)
    monkeypatch.setenv("CORDON_DATA_FOLDER", str(tmp_path_factory.mktemp("none")))
    code, _, error = cordon("people", "list")
    assert (code, "CORDON_DATABASE_OWNER_URL is not set" in error) == (1, True)


def test_a_name_that_the_locale_cannot_print_does_not_end_the_list(
    database: Callable[[str], Any], cordon: Cordon
) -> None:
    cordon("people", "add", "--crn", "X1", "--name", "Zo\u00eb \u0141uk")
    listed = subprocess.run(
        [sys.executable, "-P", "-m", "cli", "people", "list"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert listed.returncode == 0, listed.stderr
    assert rb"Zo\xeb \u0141uk" in listed.stdout
    assert database("SELECT name FROM people") == "Zo\u00eb \u0141uk"


def test_every_change_leaves_a_trace(database: Callable[[str], Any], cordon: Cordon) -> None:
    cordon("people", "add", "--crn", "X1", "--name", "Sam Larkfield", *BORN)
    cordon("people", "decide", "X1", *DECIDE)
    cordon("devices", "activate", "TAG-1", "--crn", "X1", "--from", "2026-03-01T09:30:00Z")
    cordon("devices", "deactivate", "TAG-1", "--at", "2026-03-02T09:30:00Z")
    cordon("sources", "create", "Supplier")
    cordon("sources", "revoke", "Supplier")
    cordon("people", "add", "--crn", "X1", "--name", "Another")  # refused: nothing happened
    assert database("SELECT array_agg(action ORDER BY audit_id) FROM audit_log") == [
        "person.add",
        "eligibility.decide",
        "device.activate",
        "device.deactivate",
        "source.create",
        "source.revoke",
    ]
    assert database("SELECT count(DISTINCT person_id) FROM audit_log WHERE person_id IS NOT NULL") == 1
