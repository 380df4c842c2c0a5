"""`cordon zones rehearse`: what it prints, records and refuses."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Cordon, in_process
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner, seed_positions, seed_wearer
from tests.support.zone_files import BOW_TIE, collection, feature

RING = [[-0.101, 51.5005], [-0.099, 51.5005], [-0.099, 51.5015], [-0.101, 51.5015], [-0.101, 51.5005]]


@pytest.fixture
def cordon(
    migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cordon:
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", migrated_database.owner)
    with as_owner(migrated_database.owner) as cursor:
        wearer = seed_wearer(cursor, "X1")
        seed_positions(cursor, wearer.device_id, 240, datetime.now(UTC) - timedelta(days=2))
    return in_process(monkeypatch, capsys)


def draft_file(folder: Path, *features: dict[str, Any]) -> str:
    path = folder / "draft.geojson"
    path.write_bytes(collection(*(features or [feature("EZ-9", RING, crn="X1")])))
    return str(path)


def test_a_rehearsal_in_words(cordon: Cordon, tmp_path: Path) -> None:
    code, printed, error = cordon("zones", "rehearse", draft_file(tmp_path))
    assert (code, error) == (0, "")
    assert "240 positions on" in printed
    assert "alerts: 1 (1 exclusion_zone_breach); by week: 0 0 0 1" in printed
    why = r"\d+ m inside, p_inside [01]\.\d\d"
    assert re.search(rf"exclusion_zone_breach +51\.501\d+, -0\.10000 +{why}, {why}", printed)
    assert "warning too_few_positions:" in printed
    assert "note: main roads and railways were not looked up" in printed
    assert "note: Positions were looked at in times of trail monitoring or another legal basis" in printed
    assert "SIMULATED" not in printed
    assert cordon("zones", "list")[1].count("EZ-9") == 0


def test_the_read_is_recorded(cordon: Cordon, tmp_path: Path, migrated_database: DatabaseUrls) -> None:
    cordon("zones", "rehearse", draft_file(tmp_path), "--weeks", "2")
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute(
            "SELECT role, row_count, window_to - window_from, detail FROM audit_log WHERE action = 'zone.rehearse'"
        )
        detail = {"reference": "EZ-9", "weeks": 2, "simulated": None}
        assert cursor.fetchall() == [("owner", 240, timedelta(weeks=2), detail)]


def test_json_is_the_answer_of_the_api(cordon: Cordon, tmp_path: Path) -> None:
    told = json.loads(cordon("zones", "rehearse", draft_file(tmp_path), "--json")[1])
    assert (told["reference"], told["alert_count"], len(told["alerts"])) == ("EZ-9", 1, 1)


def test_a_simulated_routine_is_labelled_and_repeatable(cordon: Cordon, tmp_path: Path) -> None:
    curfew = draft_file(tmp_path, feature("CU-1", RING, crn="X1", kind="curfew"))
    printed = cordon("zones", "rehearse", curfew, "--simulated", "5", "--weeks", "1")[1]
    assert "SIMULATED with seed 5: nobody's positions" in printed
    assert "the innermost place of this curfew's zone" in printed
    assert "too_few_positions" not in printed


def test_a_simulated_home_is_that_of_the_wearer_s_curfew(cordon: Cordon, tmp_path: Path) -> None:
    cordon("zones", "import", draft_file(tmp_path, feature("CU-1", RING, crn="X1", kind="curfew")))
    arguments = ("zones", "rehearse", draft_file(tmp_path), "--simulated", "5", "--weeks", "1", "--json")
    told = json.loads(cordon(*arguments)[1])
    assert told["simulation"]["home_is"] == "the innermost place of the wearer's curfew zone CU-1"
    assert told["simulation"]["home"] == pytest.approx((-0.1, 51.501), abs=3e-4)
    assert "contradicts" in {warning["code"] for warning in told["warnings"]}


def test_a_map_of_roads_is_used(cordon: Cordon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    road = {
        "type": "Feature",
        "properties": {"kind": "main_road", "name": "A201"},
        "geometry": {"type": "LineString", "coordinates": [[-0.2, 51.501], [0.0, 51.501]]},
    }
    ways = tmp_path / "ways.geojson"
    ways.write_bytes(collection(road))
    monkeypatch.setenv("CORDON_MAP_WAYS_FILE", str(ways))
    printed = cordon("zones", "rehearse", draft_file(tmp_path))[1]
    assert "warning main_road: the main road A201 leads through it for 139 m" in printed
    assert "note: main roads" not in printed
    monkeypatch.setenv("CORDON_MAP_WAYS_FILE", str(tmp_path / "nowhere"))
    code, _, error = cordon("zones", "rehearse", draft_file(tmp_path))
    assert (code, "CORDON_MAP_WAYS_FILE cannot be used" in error) == (1, True)


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ([feature("EZ-9", RING)], "is shared by all wearers"),
        ([feature("EZ-9", RING, crn="X2")], "nobody has the CRN X2"),
        ([feature("A", RING, crn="X1"), feature("B", RING, crn="X1")], "holds 2 zones"),
        ([feature("EZ-9", BOW_TIE, crn="X1")], "nothing was rehearsed: 1 problem(s)"),
    ],
)
def test_what_is_refused(cordon: Cordon, tmp_path: Path, features: list[dict[str, Any]], words: str) -> None:
    code, _, error = cordon("zones", "rehearse", draft_file(tmp_path, *features))
    assert (code, words in error) == (1, True)


def test_a_file_that_is_not_there(cordon: Cordon, tmp_path: Path) -> None:
    code, _, error = cordon("zones", "rehearse", str(tmp_path / "none.geojson"))
    assert (code, "cannot be read" in error) == (1, True)
