"""`cordon crimes`: what it takes, says and refuses."""

import csv
import getpass
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.crimes.files.police_files import SECOND_CRIME, police_csv
from tests.support.command import Cordon

Ask = Callable[[str], Any]
WRONG = {"crime_reference": "BAD", "crime_type_id": "XX"}
KENT = {"police_force": "Kent", "batch_id": "KNT20250126"}


@pytest.fixture
def good(tmp_path: Path) -> str:
    return written(tmp_path / "good.csv", police_csv({}))


def written(file: Path, content: bytes) -> str:
    file.write_bytes(content)
    return str(file)


def test_files_are_imported_one_after_the_other(cordon: Cordon, database: Ask, good: str, tmp_path: Path) -> None:
    partial = written(tmp_path / "partial.csv", police_csv(SECOND_CRIME, WRONG))
    code, said, complained = cordon("crimes", "import", good, partial)
    assert (code, complained) == (0, "")
    lines = said.splitlines()
    assert lines[0] == f"{good}: accepted, batch 1 of Metropolitan: 1 row, 1 new, 0 changed, 0 unchanged, 0 wrong"
    assert lines[1].startswith("times without an offset were read as UTC")
    assert lines[2] == f"{partial}: partial, batch 2 of Metropolitan: 2 rows, 1 new, 0 changed, 0 unchanged, 1 wrong"
    assert lines[4].split() == ["ROW", "FIELD", "VALUE", "PROBLEM", "REMEDY"]
    assert lines[5].split()[:3] == ["2", "crime_type_id", "XX"]
    assert lines[-1] == "all of them: cordon crimes errors 2 --csv"
    recorded = database("SELECT array_agg(concat_ws(' ', subject, role, action, row_count)) FROM audit_log")
    assert recorded == [f"{getpass.getuser()} owner crimes.import 1"] * 2


@pytest.mark.usefixtures("database")
def test_it_says_by_which_clock_local_times_were_read(
    cordon: Cordon, good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORDON_CRIME_LOCAL_TIME_FORCES", "Metropolitan")
    _, said, _ = cordon("crimes", "import", good)
    assert "times without an offset were read as those of Europe/London" in said


def test_a_file_that_came_before_changes_nothing(cordon: Cordon, database: Ask, good: str) -> None:
    cordon("crimes", "import", good)
    code, said, _ = cordon("crimes", "import", good)
    assert code == 0
    assert "already: nothing changed" in said
    assert database("SELECT count(*) FROM crime_versions") == 1


def test_a_refused_file_does_not_hold_the_others_up(cordon: Cordon, database: Ask, good: str, tmp_path: Path) -> None:
    empty = written(tmp_path / "empty.csv", b"")
    zipped = written(tmp_path / "crimes.zip", b"PK\x03\x04" + bytes(100))
    missing = str(tmp_path / "missing.csv")
    wrong = written(tmp_path / "wrong.csv", police_csv(WRONG))
    code, said, complained = cordon("crimes", "import", empty, zipped, missing, wrong, good)
    assert code == 1
    for file in (empty, zipped, missing, wrong):
        assert file in complained
    assert good not in complained
    assert "zip" in said
    assert f"{wrong}: refused, batch 1 of Metropolitan" in said
    assert database("SELECT count(*) FROM crimes") == 1
    outcomes = database("SELECT array_agg(outcome ORDER BY audit_id) FROM audit_log")
    assert outcomes == ["refused", "refused", "allowed", "allowed"]


def test_a_file_of_another_force_than_was_said_is_refused(
    cordon: Cordon, database: Ask, good: str, tmp_path: Path
) -> None:
    kent = written(tmp_path / "kent.csv", police_csv(KENT))
    code, said, _ = cordon("crimes", "import", kent, good, "--force-of", "mps")
    assert code == 1
    assert "the file is of Kent" in said
    assert database("SELECT array_agg(force) FROM crimes") == ["Metropolitan"]
    code, _, complained = cordon("crimes", "import", good, "--force-of", "Mordor")
    assert (code, "no police force" in complained) == (1, True)


def test_a_huge_file_is_refused_before_it_is_read(
    cordon: Cordon, database: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(1_000_000_000)
    monkeypatch.setenv("CORDON_CRIME_FILE_MAX_BYTES", "100000")
    code, said, _ = cordon("crimes", "import", str(huge))
    assert code == 1
    assert "100000 bytes" in said
    assert database("SELECT count(*) FROM crime_batches") == 0


def test_batches_are_listed_newest_first(cordon: Cordon, database: Ask, good: str, tmp_path: Path) -> None:
    kent = written(tmp_path / "kent.csv", police_csv(KENT))
    cordon("crimes", "import", good, kent)
    rows = [line.split() for line in cordon("crimes", "batches")[1].splitlines()]
    assert rows[0][:3] == ["ID", "FORCE", "BATCH"]
    assert [row[:3] for row in rows[1:]] == [["2", "Kent", "KNT20250126"], ["1", "Metropolitan", "MPS20250126"]]
    assert len(cordon("crimes", "batches", "--limit", "1")[1].splitlines()) == 2
    assert database("SELECT count(*) FROM audit_log WHERE action = 'crime_batches.read'") == 2


def test_errors_are_shown_and_given_as_csv(cordon: Cordon, database: Ask, tmp_path: Path) -> None:
    cordon("crimes", "import", written(tmp_path / "partial.csv", police_csv({}, WRONG)))
    batch = str(database("SELECT max(crime_batch_id) FROM crime_batches"))
    assert "crime_type_id" in cordon("crimes", "errors", batch)[1]
    sheet = cordon("crimes", "errors", batch, "--csv")[1].removeprefix("\ufeff")
    (row,) = csv.DictReader(io.StringIO(sheet))
    assert (row["row"], row["value"]) == ("2", "XX")
    code, _, complained = cordon("crimes", "errors", "99")
    assert (code, "cordon crimes batches" in complained) == (1, True)


def test_local_times_are_those_of_the_forces_that_declared_them(
    cordon: Cordon, database: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summer = {"date_from": "20250725083000", "date_to": "20250725093000"}
    cordon("crimes", "import", written(tmp_path / "utc.csv", police_csv(summer)))
    assert database("SELECT from_time::text FROM crime_versions WHERE is_current") == "2025-07-25 08:30:00+00"
    monkeypatch.setenv("CORDON_CRIME_LOCAL_TIME_FORCES", "metropolitan, Kent")
    cordon("crimes", "import", written(tmp_path / "local.csv", police_csv(summer | {"batch_id": "MPS20250126-R"})))
    assert database("SELECT from_time::text FROM crime_versions WHERE is_current") == "2025-07-25 07:30:00+00"
    monkeypatch.setenv("CORDON_CRIME_LOCAL_TIME_FORCES", "Mordor")
    code, _, complained = cordon("crimes", "batches")
    assert (code, "Mordor" in complained) == (1, True)


def test_a_token_s_force_is_known_by_its_identifier(cordon: Cordon, database: Ask) -> None:
    code, _, _ = cordon("token", "create", "--role", "police_analyst", "--for", "an.analyst", "--force", "mps")
    assert code == 0
    assert database("SELECT force FROM access_tokens") == "Metropolitan"
    code, _, complained = cordon("token", "create", "--role", "police_analyst", "--for", "x", "--force", "Mordor")
    assert (code, "no police force" in complained) == (1, True)
