"""`cordon authorise`, and what `cordon zones show` says of hours, policy and authorisations."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Cordon
from tests.support.zone_files import collection, feature

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
WINDOW = ("--from", (NOW - HOUR).isoformat(), "--to", (NOW + HOUR).isoformat())


@pytest.fixture
def zone(cordon: Cordon, tmp_path: Path, database: Callable[[str], Any]) -> str:
    """A curfew of X1 and a shared zone; the curfew's reference."""
    assert database("SELECT count(*) FROM zones") == 0
    cordon("people", "add", "--crn", "X1", "--name", "Sam")
    nights = {"time_zone": "Europe/London", "weekly": [{"days": ["mon"], "from": "19:00", "to": "07:00"}]}
    home = feature(
        "HOME", kind="curfew", crn="X1", schedule=nights, policy={"grace_s": 900}, valid_from="2026-01-01T00:00Z"
    )
    (tmp_path / "zones.json").write_bytes(collection(home, feature("SHARED", valid_from="2026-01-01T00:00Z")))
    code, out, error = cordon("zones", "import", str(tmp_path / "zones.json"))
    assert (code, out.splitlines()[0]) == (0, "created: 2"), error
    return "HOME"


def test_grant_list_show_revoke(cordon: Cordon, zone: str, database: Callable[[str], Any]) -> None:
    code, out, error = cordon("authorise", "grant", zone, "--crn", "X1", *WINDOW, "--purpose", "night shift")
    assert (code, out.startswith("authorisation 1: zone HOME is lifted for X1 from ")) == (0, True), error
    row = r"1 +HOME +X1 .* in force +\S+ +night shift"
    assert re.search(row, cordon("authorise", "list")[1])
    assert re.search(row, cordon("authorise", "list", "--zone", zone)[1])
    assert "night shift" not in cordon("authorise", "list", "--zone", "SHARED")[1]
    shown = cordon("zones", "show", zone)[1]
    assert "in force: Monday 19:00 to 07:00 the next day (Europe/London)\n" in shown
    assert "policy: curfew, confirm_dwell_s 900 (not 600)\n" in shown
    assert "the wearer has not been told of it\n" in shown
    assert re.search(row, shown)
    assert re.match("authorisation 1 is revoked, held until ", cordon("authorise", "revoke", "1")[1])
    assert "night shift" not in cordon("zones", "show", zone)[1]
    assert "revoked, held until" in cordon("authorise", "list")[1]
    actions = "SELECT array_agg(action ORDER BY audit_id) FROM audit_log WHERE action LIKE 'authorisation%'"
    done = database(actions)
    assert [one for one in done if one != "authorisations.list"] == ["authorisation.grant", "authorisation.revoke"]
    assert done[-1] == "authorisations.list", "what is only read is recorded too"
    listed = "SELECT count(*) FROM audit_log WHERE action = 'authorisations.list' AND person_ids = '{}'"
    assert database(listed) == 1, "that of the shared zone showed nobody"


def test_one_that_has_not_begun_is_to_come_and_then_lifts_nothing(cordon: Cordon, zone: str) -> None:
    window = ("--from", (NOW + HOUR).isoformat(), "--to", (NOW + 2 * HOUR).isoformat())
    cordon("authorise", "grant", zone, "--crn", "X1", *window, "--purpose", "x")
    assert " to come " in cordon("authorise", "list")[1]
    assert cordon("authorise", "revoke", "1")[1] == "authorisation 1 is revoked, lifts nothing\n"


def test_every_reason_of_a_refusal_is_shown(cordon: Cordon, zone: str) -> None:
    window = ("--from", NOW.isoformat(), "--to", NOW.isoformat())
    code, _, error = cordon("authorise", "grant", zone, "--crn", "X404", *window, "--purpose", " ")
    assert code == 1
    assert all(re.search(f"(^|: ){field}: ", error, re.MULTILINE) for field in ("person", "purpose", "to"))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("revoke", "7"), "no authorisation 7"),
        (("list", "--zone", "NONE"), "no zone NONE"),
        (("grant", "HOME", "--crn", "X1", "--from", "today", "--to", "today", "--purpose", "x"), "'today' is no time"),
    ],
)
@pytest.mark.usefixtures("zone")
def test_what_is_not_there_is_named(cordon: Cordon, arguments: tuple[str, ...], word: str) -> None:
    code, _, error = cordon("authorise", *arguments)
    assert (code, word in error) == (1, True), error
