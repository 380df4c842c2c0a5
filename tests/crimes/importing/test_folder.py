"""The watched folder: each complete file once, then out of the way, with its errors beside it."""

import csv
import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import ingest.matching.folder
from ingest.matching.folder import CrimeFolder, watched_folder
from ingest.matching.importing import Reading
from ops.errors import ConfigurationError, UnavailableError
from ops.metrics import CRIME_FOLDER_STUCK
from ops.settings import Settings
from store.database import Connection, connect
from tests.crimes.files.police_files import SECOND_CRIME, police_csv
from tests.support.crime_imports import LOCK_TIMEOUT_MS, ask, value
from tests.support.database import DatabaseUrls

MAX_BYTES = 100_000
READING = Reading({}, MAX_BYTES, LOCK_TIMEOUT_MS)
WRONG = {"crime_reference": "BAD", "crime_type_id": "XX"}


@pytest.fixture
def connection(migrated_database: DatabaseUrls) -> Iterator[Connection]:
    """Of the role under which `cordon match` runs."""
    with closing(connect(migrated_database.worker, "test")) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CrimeFolder:
    monkeypatch.setattr(ingest.matching.folder, "EMPTY_SETTLE_S", 0)
    return CrimeFolder(tmp_path, READING, settle_s=0)


def files(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if not file.is_dir()}


def test_files_go_where_their_outcome_says(
    tmp_path: Path, folder: CrimeFolder, connection: Connection, migrated_database: DatabaseUrls
) -> None:
    (tmp_path / "good.csv").write_bytes(police_csv({}))
    (tmp_path / "mixed.csv").write_bytes(police_csv(SECOND_CRIME, WRONG))
    (tmp_path / "bad.csv").write_bytes(police_csv(WRONG))
    (tmp_path / "empty.csv").touch()
    folder.round(connection)
    assert files(tmp_path) == {
        "done/good.csv",
        "partial/mixed.csv",
        "partial/mixed.csv.errors.csv",
        "refused/bad.csv",
        "refused/bad.csv.errors.csv",
        "refused/empty.csv",
        "refused/empty.csv.errors.csv",
    }
    with (tmp_path / "partial/mixed.csv.errors.csv").open(encoding="utf-8-sig", newline="") as errors:
        (row,) = csv.DictReader(errors)
    assert (row["row"], row["field"], row["value"], bool(row["remedy"])) == ("2", "crime_type_id", "XX", True)
    assert value(migrated_database, "SELECT count(*) FROM crimes") == 2
    by = ask(migrated_database, "SELECT DISTINCT received_by, imported_by FROM crime_batches")
    assert by == [("folder", "cordon")]
    recorded = ask(migrated_database, "SELECT DISTINCT subject, role, action FROM audit_log")
    assert recorded == [("cordon", "service", "crimes.import")]


def test_a_file_that_is_still_being_written_waits(
    tmp_path: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    folder = CrimeFolder(tmp_path, READING, settle_s=5)
    growing = tmp_path / "growing.csv"
    growing.write_bytes(police_csv({})[:20])
    for _ in range(3):
        folder.round(connection)
        clock[0] += 4
        growing.write_bytes(growing.read_bytes() + b" ")
    assert files(tmp_path) == {"growing.csv"}
    growing.write_bytes(police_csv({}))
    folder.round(connection)
    clock[0] += 5
    folder.round(connection)
    assert files(tmp_path) == {"done/growing.csv"}


def test_an_empty_file_waits_longer_for_its_sender_may_be_slow(tmp_path: Path, connection: Connection) -> None:
    (tmp_path / "empty.csv").touch()
    CrimeFolder(tmp_path, READING, settle_s=0).round(connection)
    assert files(tmp_path) == {"empty.csv"}


def test_names_that_say_unfinished_are_left_alone(tmp_path: Path, folder: CrimeFolder, connection: Connection) -> None:
    names = {".hidden.csv", "a.csv.part", "b.filepart", "c.TMP", "~lock.csv"}
    for name in names:
        (tmp_path / name).write_bytes(police_csv({}))
    (tmp_path / "subfolder").mkdir()
    folder.round(connection)
    assert files(tmp_path) == names


def test_files_of_one_name_do_not_overwrite_each_other(
    tmp_path: Path, folder: CrimeFolder, connection: Connection
) -> None:
    for number in range(3):
        (tmp_path / "daily.csv").write_bytes(police_csv({"crime_reference": f"C{number}"}, WRONG))
        folder.round(connection)
    kept = {f"partial/daily{n}.csv{ending}" for n in ("", "-2", "-3") for ending in ("", ".errors.csv")}
    assert files(tmp_path) == kept
    assert b"C0" in (tmp_path / "partial/daily.csv").read_bytes()
    assert b"C2" in (tmp_path / "partial/daily-3.csv").read_bytes()


def test_a_crash_between_import_and_move_repeats_nothing(
    tmp_path: Path,
    folder: CrimeFolder,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
    migrated_database: DatabaseUrls,
) -> None:
    (tmp_path / "mixed.csv").write_bytes(police_csv({}, WRONG))

    class PowerCutError(BaseException):
        pass

    def cut(*_: object) -> None:
        raise PowerCutError

    with monkeypatch.context() as patched:
        patched.setattr(CrimeFolder, "_move", cut)
        with pytest.raises(PowerCutError):
            folder.round(connection)
    assert value(migrated_database, "SELECT count(*) FROM crime_versions") == 1
    CrimeFolder(tmp_path, READING, settle_s=0).round(connection)
    assert files(tmp_path) == {"partial/mixed.csv", "partial/mixed.csv.errors.csv"}
    assert value(migrated_database, "SELECT count(*) FROM crime_versions") == 1
    assert value(migrated_database, "SELECT count(*) FROM crime_batches") == 1


def test_what_cannot_be_read_is_seen_and_holds_nothing_up(
    tmp_path: Path, folder: CrimeFolder, connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path.parent / "secret.csv"
    secret.write_bytes(police_csv({}))
    (tmp_path / "a-link.csv").symlink_to(secret)
    os.mkfifo(tmp_path / "a-pipe.csv")
    (tmp_path / "good.csv").write_bytes(police_csv({}))
    folder.round(connection)
    folder.round(connection)
    assert files(tmp_path) == {"a-link.csv", "a-pipe.csv", "done/good.csv"}
    assert CRIME_FOLDER_STUCK._value.get() == 2
    said = capsys.readouterr()
    assert (said.out + said.err).count("stuck") == 2, "once for each, and not again in every round"
    (tmp_path / "a-link.csv").unlink()
    (tmp_path / "a-pipe.csv").unlink()
    folder.round(connection)
    assert CRIME_FOLDER_STUCK._value.get() == 0


def test_errors_are_never_written_through_a_link(tmp_path: Path, folder: CrimeFolder, connection: Connection) -> None:
    """Whoever may put files into the folder may not have the service write elsewhere."""
    victim = tmp_path.parent / "victim"
    victim.write_text("untouched")
    (tmp_path / "refused").mkdir()
    (tmp_path / "refused" / ".bad.csv.errors.csv.part").symlink_to(victim)
    (tmp_path / "bad.csv").write_bytes(police_csv(WRONG))
    folder.round(connection)
    assert victim.read_text() == "untouched"
    assert files(tmp_path) == {"refused/bad.csv", "refused/bad.csv.errors.csv"}


def test_nothing_is_moved_into_a_folder_behind_a_link(
    tmp_path: Path, folder: CrimeFolder, connection: Connection
) -> None:
    elsewhere = tmp_path.parent / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "done").symlink_to(elsewhere)
    (tmp_path / "good.csv").write_bytes(police_csv({}))
    folder.round(connection)
    assert (list(elsewhere.iterdir()), (tmp_path / "good.csv").exists()) == ([], True)
    assert CRIME_FOLDER_STUCK._value.get() == 2, "the file, and the link"


def test_a_file_that_is_too_large_is_refused_without_being_read(
    tmp_path: Path, folder: CrimeFolder, connection: Connection
) -> None:
    with (tmp_path / "huge.csv").open("wb") as huge:
        huge.truncate(1_000_000_000)
    folder.round(connection)
    assert files(tmp_path) == {"refused/huge.csv", "refused/huge.csv.errors.csv"}
    assert str(MAX_BYTES) in (tmp_path / "refused/huge.csv.errors.csv").read_text(encoding="utf-8")


def test_a_busy_registry_leaves_the_file_for_later(
    tmp_path: Path, folder: CrimeFolder, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise UnavailableError("the registry is busy")

    (tmp_path / "good.csv").write_bytes(police_csv({}))
    with monkeypatch.context() as patched:
        patched.setattr(ingest.matching.folder, "import_crime_file", busy)
        folder.round(connection)
    assert files(tmp_path) == {"good.csv"}
    folder._waiting["good.csv"].try_at_s = 0
    folder.round(connection)
    assert files(tmp_path) == {"done/good.csv"}


def test_many_files_leave_the_matcher_time_for_its_other_work(
    tmp_path: Path, folder: CrimeFolder, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest.matching.folder, "ROUND_S", 0)
    for number in range(3):
        (tmp_path / f"{number}.csv").write_bytes(police_csv({"crime_reference": f"C{number}"}))
    for taken, more in ((1, True), (2, True), (3, False), (3, False)):
        assert folder.round(connection) is more
        assert len(files(tmp_path / "done")) == taken


def test_only_the_named_folder_is_watched(tmp_path: Path) -> None:
    assert watched_folder(Settings()) is None
    assert watched_folder(Settings(crime_folder=str(tmp_path))) is not None


def test_a_folder_that_is_not_there_is_an_error_of_the_deployment(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="CORDON_CRIME_FOLDER"):
        CrimeFolder(tmp_path / "nowhere", READING)


def test_a_folder_that_goes_away_stops_nothing(tmp_path: Path, connection: Connection) -> None:
    watched = tmp_path / "watched"
    watched.mkdir()
    folder = CrimeFolder(watched, READING, settle_s=0)
    watched.rmdir()
    folder.round(connection)
    assert CRIME_FOLDER_STUCK._value.get() == 1
    watched.mkdir()
    folder.round(connection)
    assert CRIME_FOLDER_STUCK._value.get() == 0
