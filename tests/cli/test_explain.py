"""`cordon explain`: plain words on the terminal, and a record of who asked."""

import getpass
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.command import Cordon
from tests.support.database import DatabaseUrls
from tests.support.explained import Ping
from tests.support.explained_rows import store_breach
from tests.support.seed import as_owner, seed_wearer


@pytest.fixture
def breach(migrated_database: DatabaseUrls) -> str:
    with as_owner(migrated_database.owner) as cursor:
        wearer = seed_wearer(cursor, "X100001", name="Sam Larkfield")
        return str(store_breach(cursor, wearer, [Ping(0, 110), Ping(60, 100), Ping(120, 90)]))


@pytest.mark.usefixtures("database")
def test_it_prints_every_section_in_plain_words(cordon: Cordon, breach: str) -> None:
    code, printed, error = cordon("explain", breach)
    assert code == 0, error
    lines = printed.splitlines()
    assert lines[0] == f"Alert {breach}"
    assert lines[2:4] == [
        "What happened",
        (
            "  Sam Larkfield (CRN X100001) was in the exclusion zone Market Square (EZ / 7). The alert is open."
            " It began at 2 March 2026 09:00:00+00:00."
        ),
    ]
    assert "  The position of 2 March 2026 09:00:00+00:00 speaks for it and could not confirm yet:" in printed
    for heading in ("How sure", "What confirmed it", "Why not sooner", "The zone as it stood", "The rule"):
        assert heading in lines


def test_the_audit_keeps_who_asked_and_why(database: Callable[[str], Any], cordon: Cordon, breach: str) -> None:
    cordon("explain", breach, "--purpose", "call from the duty officer")
    asked = "SELECT subject || ': ' || purpose || ': ' || (detail->>'alert_id') FROM audit_log"
    assert database(f"{asked} WHERE action = 'alert.explain'") == (
        f"{getpass.getuser()}: call from the duty officer: {breach}"
    )
    assert database("SELECT count(*) FROM audit_log WHERE person_id IS NOT NULL") == 1


@pytest.mark.usefixtures("database")
def test_json_is_what_the_api_answers(cordon: Cordon, breach: str) -> None:
    found = json.loads(cordon("explain", breach, "--json")[1])
    assert (found["alert_id"], found["rule"]["confirmed_by"]) == (breach, "company")


def test_an_unknown_alert_is_an_error_and_leaves_no_record(database: Callable[[str], Any], cordon: Cordon) -> None:
    unknown = str(uuid.uuid4())
    code, printed, error = cordon("explain", unknown)
    assert (code, printed) == (1, "")
    assert f"there is no alert {unknown}" in error
    assert database("SELECT count(*) FROM audit_log") == 0
