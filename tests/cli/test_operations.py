"""`cordon wards` and `cordon operations`, with real wards."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.command import Cordon
from tests.support.zone_files import collection, feature

NOW = datetime.now(UTC)
DAY = (NOW + timedelta(days=10)).date().isoformat()
ST_JAMES_S, WEST_END = "E05000644", "E05000649"


def opened(cordon: Cordon, *wards: str, hours: float = 12) -> tuple[int, str, str]:
    named = [argument for ward in wards for argument in ("--ward", ward)]
    times = ("--from", NOW.isoformat(), "--to", (NOW + timedelta(hours=hours)).isoformat())
    who = ("--officer", "Alex Thornbury", "--rank", "inspector", "--reason", "two stabbings")
    return cordon("operations", "open", "S60-114", *named, *times, *who)


def test_an_authority_over_real_wards_from_the_import_to_its_end(
    cordon: Cordon, database: Callable[[str], Any], shared_data: Path
) -> None:
    file = str(shared_data / "boundaries" / "westminster_wards_2018.geojson")
    properties = ("--code-property", "GSS_CODE", "--name-property", "NAME")
    assert cordon("wards", "import", file, *properties) == (0, "new: 20\nchanged: 0\nunchanged: 0\n", "")
    assert cordon("wards", "import", file, *properties)[1] == "new: 0\nchanged: 0\nunchanged: 20\n"
    assert "St. James's" in cordon("wards", "list")[1]
    code, _, error = opened(cordon, ST_JAMES_S, "E1", "E2")
    assert code == 1
    assert "there is no ward 'E1'" in error
    assert "there is no ward 'E2'" in error
    code, out, error = opened(cordon, ST_JAMES_S, WEST_END)
    assert code == 0, error
    assert "S60-114    section_60" in out
    assert database("SELECT count(*) FROM zone_versions WHERE kind = 'authority_area' AND active_to > now()") == 1
    who = ("--officer", "Sam Whitcombe", "--rank", "superintendent", "--reason", "more is expected")
    code, out, error = cordon("operations", "extend", "S60-114", "--to", (NOW + timedelta(hours=36)).isoformat(), *who)
    assert "Alex Thornbury (inspector), Sam Whitcombe (superintendent)" in out, error
    assert "closed" in cordon("operations", "close", "S60-114")[1]
    assert "closed" in cordon("operations", "list")[1]
    assert database("SELECT valid_to <= now() FROM zone_versions WHERE version = 2")
    assert database("SELECT count(*) FROM audit_log WHERE action LIKE 'operation.%' AND role = 'owner'") == 3


def test_a_wrong_file_of_wards_is_refused_whole(cordon: Cordon, database: Callable[[str], Any], tmp_path: Path) -> None:
    (tmp_path / "wards.json").write_bytes(collection(feature("A"), feature("B")))
    code, out, error = cordon("wards", "import", str(tmp_path / "wards.json"))
    assert (code, out.count("properties.code")) == (1, 2)
    assert "nothing was imported: 2 problem(s)" in error
    (tmp_path / "wards.json").write_bytes(b"{")
    assert "is no JSON" in cordon("wards", "import", str(tmp_path / "wards.json"))[2]
    assert database("SELECT count(*) FROM wards") == 0


def test_match_days(cordon: Cordon, database: Callable[[str], Any], tmp_path: Path) -> None:
    mondays = {"time_zone": "Europe/London", "weekly": [{"days": ["mon"], "from": "19:00", "to": "20:00"}]}
    (tmp_path / "zones.json").write_bytes(collection(feature("STADIUM", schedule=mondays)))
    assert cordon("zones", "import", str(tmp_path / "zones.json"))[0] == 0
    when = ("--date", DAY, "--from", "12:00", "--to", "24:00")
    code, out, error = cordon("operations", "match-day", "add", "STADIUM", *when, "--event", "League match")
    assert (code, out.split()[-5:]) == (0, [DAY, "12:00", "24:00", "League", "match"]), error
    assert DAY in cordon("operations", "match-day", "list", "STADIUM")[1]
    assert cordon("operations", "match-day", "remove", "STADIUM", *when)[0] == 0
    assert DAY not in cordon("operations", "match-day", "list", "STADIUM")[1]
    assert database("SELECT count(*) FROM zone_versions") == 3
    for wrong in (("--date", "tomorrow"), ("--from", "7pm")):
        arguments = [*when, "--event", "X", *wrong]
        assert cordon("operations", "match-day", "add", "STADIUM", *arguments)[0] == 1
    assert "there is no zone" in cordon("operations", "match-day", "list", "NONE")[2]
