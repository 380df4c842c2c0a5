"""`cordon conditions`: files of drafts, a second person, and zones that were there before."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Cordon
from tests.support.conditions import WORDING, condition
from tests.support.zone_files import BOW_TIE, collection, feature

HEADER = "crn,reference,kind,name,wording,starts,ends,lat,lon,radius_m,schedule"
SHOPPING = json.dumps({"time_zone": "Europe/London", "weekly": [{"days": ["sat"], "from": "10:00", "to": "12:00"}]})


@pytest.fixture
def office(cordon: Cordon, database: Callable[[str], Any]) -> Cordon:
    """X1, a practitioner and a manager."""
    cordon("people", "add", "--crn", "X1", "--name", "Sam", "--practitioner", "officer.jones")
    database(
        "INSERT INTO staff (subject, name, role) VALUES ('officer.jones', 'Jo Jones', 'practitioner'),"
        " ('manager.patel', 'Pat Patel', 'manager'), ('other.manager', 'Al Other', 'manager') RETURNING subject"
    )
    return cordon


def file(folder: Path, *features: dict[str, Any]) -> str:
    path = folder / "conditions.geojson"
    path.write_bytes(collection(*features))
    return str(path)


def table(folder: Path, *rows: str) -> str:
    path = folder / "conditions.csv"
    path.write_text("\n".join((HEADER, *rows)), encoding="utf-8")
    return str(path)


def tag(cordon: Cordon, reference: str) -> str:
    found = re.search(r"^tag: (\S+)$", cordon("conditions", "show", reference)[1], re.MULTILINE)
    assert found is not None
    return found[1]


def test_draft_approve_change_end(office: Cordon, tmp_path: Path, database: Callable[[str], Any]) -> None:
    drafted = file(tmp_path, condition("EZ-1", crn="X1"), condition("TM-1", "trail_monitoring", crn="X1"))
    code, out, error = office("conditions", "draft", drafted, "--as", "officer.jones")
    assert (code, out.startswith("drafted: 2;")) == (0, True), error
    assert re.search(r"EZ-1 +X1 +exclusion +1 +draft", office("conditions", "list", "--status", "draft")[1])
    assert database("SELECT count(*) FROM zones") == 0
    for actor, said in (("officer.jones", "is a practitioner"), ("nobody", "nobody of the staff")):
        code, _, error = office("conditions", "approve", "EZ-1", "--as", actor, "--tag", "1.1.draft")
        assert (code, said in error) == (1, True)
    code, out, error = office("conditions", "approve", "EZ-1", "--as", "manager.patel", "--tag", "1.1.draft")
    assert (code, out) == (0, "EZ-1 version 1 is live, approved by manager.patel\n"), error
    wider = file(tmp_path, condition("EZ-1", crn="X1", name="Wider"))
    for name, expected in (("Wider", 0), ("Wider still", 0)):
        wider = file(tmp_path, condition("EZ-1", crn="X1", name=name))
        found = office("conditions", "draft", wider, "--as", "manager.patel", "--tag", tag(office, "EZ-1"))
        assert found[0] == expected, found
    code, out, error = office("conditions", "approve", "EZ-1", "--as", "other.manager", "--tag", "2.1.draft")
    assert (code, bool(re.search(r"2\.2 +name +manager\.patel", out)), "read it again" in error) == (1, True, True)
    code, _, error = office("conditions", "approve", "EZ-1", "--as", "manager.patel", "--tag", "2.2.draft")
    assert (code, "second person" in error) == (1, True)
    assert office("conditions", "approve", "EZ-1", "--as", "other.manager", "--tag", "2.2.draft")[0] == 0
    assert office("conditions", "end", "EZ-1", "--as", "manager.patel", "--reason", "varied")[0] == 0
    shown = office("conditions", "show", "EZ-1")[1]
    assert WORDING in shown
    assert "because: varied" in shown
    assert database("SELECT bool_and(valid_to IS NOT NULL) FROM zone_versions")
    acted = "SELECT array_agg(action || ' ' || (detail ->> 'as') ORDER BY audit_id) FROM audit_log"
    acted += " WHERE action LIKE 'condition.%' AND action NOT IN ('condition.change', 'condition.read')"
    assert database(acted) == [
        "condition.approve manager.patel",
        "condition.approve other.manager",
        "condition.end manager.patel",
    ]


def test_every_problem_of_a_file_comes_at_once_and_nothing_is_kept(
    office: Cordon, tmp_path: Path, database: Callable[[str], Any]
) -> None:
    wrong = file(
        tmp_path,
        condition("GOOD", crn="X1"),
        condition("TIE", ring=BOW_TIE, crn="X1"),
        condition("W", wording="", crn="X1"),
    )
    code, out, error = office("conditions", "draft", wrong, "--as", "officer.jones")
    assert (code, "nothing was drafted" in error) == (1, True)
    assert re.search(r"2 +TIE +outer ring", out)
    assert re.search(r"3 +W +properties.wording", out)
    wrong = file(
        tmp_path,
        condition("GOOD", crn="X1"),
        condition("A", crn="X9"),
        condition("B", ends="2026-02-01T00:00Z", crn="X1"),
    )
    code, out, error = office("conditions", "draft", wrong, "--as", "officer.jones")
    assert (code, "2 problem(s)" in error) == (1, True)
    assert re.search(r"A +crn +nobody", out)
    assert re.search(r"B +ends", out)
    assert database("SELECT count(*) FROM licence_conditions") == 0


def test_a_table_of_conditions_is_drafted_row_by_row(office: Cordon, tmp_path: Path) -> None:
    hours = SHOPPING.replace('"', '""')
    rows = (
        'X1,EZ-1,exclusion,Market Square,"Not to enter, ever",2026-01-01T00:00:00Z,,51.5,-0.1,300,',
        f'X1,AT-1,attendance,Course,To attend,2026-01-01T00:00:00Z,,51.5,-0.1,60,"{hours}"',
        "X1,TM-1,trail_monitoring,Trail,To be monitored,2026-01-01T00:00:00Z,2027-01-01T00:00:00Z,,,,",
    )
    code, out, error = office("conditions", "draft", table(tmp_path, *rows), "--as", "officer.jones")
    assert (code, out.startswith("drafted: 3;")) == (0, True), error
    assert "in force: Saturday 10:00 to 12:00 (Europe/London)" in office("conditions", "show", "AT-1")[1]
    wrong = (
        "X1,EZ-2,exclusion,Square,Not to,2026-01-01T00:00:00Z,,51.5,,300,",
        "X1,EZ-3,exclusion,Square,Not to,tomorrow,,51.5,-0.1,wide,",
        "X1,AT-2,attendance,Course,To attend,2026-01-01T00:00:00Z,,51.5,-0.1,60,",
    )
    code, out, error = office("conditions", "draft", table(tmp_path, *wrong), "--as", "officer.jones")
    assert (code, "4 problem(s)" in error) == (1, True), out
    assert re.search(r"3 +AT-2 +properties.schedule", out)
    code, _, error = office("conditions", "draft", table(tmp_path, rows[0] + ",more"), "--as", "officer.jones")
    assert (code, "line 2 is no CSV" in error) == (1, True)


def test_a_zone_that_was_there_before_is_listed_adopted_and_keeps_its_history(
    office: Cordon, tmp_path: Path, database: Callable[[str], Any]
) -> None:
    before = tmp_path / "zones.geojson"
    started = {"valid_from": "2026-01-01T00:00:00Z", "active_from": "2026-01-01T00:00:00Z"}
    before.write_bytes(collection(feature("OLD", crn="X1", **started), feature("SHARED")))
    code, out, _ = office("zones", "import", str(before))
    assert (code, "1 watch one person without an approved licence condition" in out) == (0, True)
    said = "SELECT detail -> 'without_a_second_person' FROM audit_log WHERE action = 'zones.write'"
    assert database(said) == ["OLD"]
    listed = office("conditions", "unworded")[1]
    assert re.search(r"OLD +X1 +exclusion", listed)
    assert "SHARED" not in listed
    code, _, error = office("conditions", "draft", file(tmp_path, condition("OLD", crn="X1")), "--as", "officer.jones")
    assert code == 1
    wording = ("--wording", "Not to enter Market Square.")
    assert office("conditions", "adopt", "OLD", "--as", "officer.jones", *wording)[0] == 0
    assert office("conditions", "adopt", "OLD", "--as", "officer.jones", *wording)[0] == 1, "a draft is there"
    assert office("zones", "import", str(before))[0] == 1, "whoever approves has read the zone as it stands"
    assert office("conditions", "withdraw", "OLD", "--as", "officer.jones", "--tag", "1.1.draft")[0] == 0
    assert office("zones", "import", str(before))[0] == 0, "nothing stands behind it"
    again = condition("OLD", crn="X1", wording="Not to enter Market Square.", starts=started["active_from"])
    drafted = ("draft", file(tmp_path, again), "--as", "officer.jones", "--tag", "1.1.withdrawn")
    assert office("conditions", *drafted)[0] == 0
    assert office("conditions", "approve", "OLD", "--as", "manager.patel", "--tag", "2.1.draft")[0] == 0
    assert database("SELECT count(*) FROM zone_versions JOIN zones USING (zone_id) WHERE reference = 'OLD'") == 1
    assert "OLD" not in office("conditions", "unworded")[1]
    for act in (("zones", "import", str(before)), ("zones", "end", "OLD")):
        code, _, error = office(*act)
        assert (code, "licence condition" in error) == (1, True), "the way is closed from then on"
