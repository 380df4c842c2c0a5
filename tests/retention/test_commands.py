"""`cordon retention` and `cordon holds` as they are typed."""

import os
from pathlib import Path

import pytest

from model.retention import default_document
from store.retention_tables import KEPT
from tests.support.command import Cordon, in_process
from tests.support.database import DatabaseUrls
from tests.support.planted import ALEX, AUDIT, SAM, plant, where_found
from tests.support.seed import as_owner, seed_wearer


@pytest.fixture
def cordon(
    migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cordon:
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", migrated_database.owner)
    monkeypatch.setenv("CORDON_DATABASE_KEEPER_URL", migrated_database.keeper)
    return in_process(monkeypatch, capsys)


def test_the_dry_run_and_the_run_say_the_same(
    migrated_database: DatabaseUrls, cordon: Cordon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(default_document().replace("after_end_days = 2190", "after_end_days = 30"), encoding="utf-8")
    monkeypatch.setenv("CORDON_RETENTION_RULES_FILE", str(rules))
    done = tmp_path / "done"
    done.mkdir()
    for name, modified_s in (("old.csv", 0), ("new.csv", None)):
        (done / name).write_text("x")
        if modified_s is not None:
            os.utime(done / name, (modified_s, modified_s))
    monkeypatch.setenv("CORDON_CRIME_FOLDER", str(tmp_path))
    with as_owner(migrated_database.owner) as cursor:
        plant(cursor, [SAM, ALEX], set(KEPT) | AUDIT | {"legal_holds"})

    (first, would, _), (second, gone, _) = cordon("retention", "run", "--dry-run"), cordon("retention", "run")
    assert first == second == 0
    assert would.replace("WOULD GO", "GONE    ").split() == gone.split()
    assert "crime_files" in gone
    assert cordon("retention", "run")[:2] == (0, "nothing is due\n")
    assert [file.name for file in done.iterdir()] == ["new.csv"]
    with as_owner(migrated_database.owner) as cursor:
        assert "people" not in where_found(cursor, SAM)
    assert cordon("retention", "show")[1] == rules.read_text(encoding="utf-8")


def test_a_hold_is_placed_listed_and_released_by_another(
    migrated_database: DatabaseUrls, cordon: Cordon, monkeypatch: pytest.MonkeyPatch
) -> None:
    with as_owner(migrated_database.owner) as cursor:
        seed_wearer(cursor, "X1")
    window = ("--from", "2026-03-01T00:00Z", "--to", "2026-03-02T00:00Z")
    monkeypatch.setenv("LOGNAME", "one")
    assert cordon("holds", "place", "--crn", "X1", *window, "--reason", "complaint 77")[1] == "hold 1 is in force\n"
    assert "complaint 77" in cordon("holds", "list")[1]
    assert "does not release it" in cordon("holds", "release", "1", "--reason", "over")[2]
    monkeypatch.setenv("LOGNAME", "another")
    assert "complaint 77" not in cordon("evidence", "holds")[1]
    assert "whoever releases it says why" in cordon("evidence", "release", "1")[2]
    assert cordon("holds", "release", "1", "--reason", "over")[1] == "hold 1 is released\n"
