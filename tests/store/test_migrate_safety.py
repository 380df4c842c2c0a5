"""Migrating is safe on a live database: all of a file or nothing of it, once, whoever else does it at the same time."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest

from ops.errors import ConfigurationError, UnavailableError
from store import migrate as migrating
from store.migrate import MIGRATIONS_FOLDER, migrate, read_migrations
from tests.support.batches import connected
from tests.support.database import DatabaseUrls, prepare_database
from tests.support.world import rows

SERVERS = ["empty_embedded_database", "empty_timescale_database"]
CLOSED_TO_THE_API = ["positions", "quarantined_positions", "raw_batches", "access_tokens", "sources", "presence"]
PRIVILEGES = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]
ADDED = "9001_added.sql"


@pytest.fixture(params=SERVERS)
def empty_database(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the migrations, to be changed."""
    return Path(shutil.copytree(MIGRATIONS_FOLDER, tmp_path / "migrations"))


@contextmanager
def locked(owner_url: str, table: str) -> Iterator[None]:
    with connected(owner_url) as connection, connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


def test_two_at_once_apply_everything_once(empty_database: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        applied = list(pool.map(migrate, [empty_database] * 2))
    assert sorted(applied) == [[], [migration.name for migration in read_migrations()]]
    assert migrate(empty_database) == []


def test_positions_are_a_hypertable_exactly_where_timescale_is(
    migrated_database: DatabaseUrls, migrated_timescale_database: DatabaseUrls
) -> None:
    hypertables = "SELECT hypertable_name FROM timescaledb_information.hypertables"
    assert rows(migrated_timescale_database.owner, hypertables) == [("positions",)]
    extensions = "SELECT FROM pg_extension WHERE extname = 'timescaledb'"
    assert rows(migrated_database.owner, extensions) == []


@pytest.mark.parametrize("table", CLOSED_TO_THE_API)
def test_the_apis_role_has_no_privilege_on(migrated_database: DatabaseUrls, table: str) -> None:
    asked = ", ".join(f"has_table_privilege('cordon_api', '{table}', '{privilege}')" for privilege in PRIVILEGES)
    columns = ", ".join(f"has_any_column_privilege('cordon_api', '{table}', '{one}')" for one in PRIVILEGES[:3])
    assert set(rows(migrated_database.owner, f"SELECT {asked}, {columns}")[0]) == {False}
    with (
        connected(migrated_database.api) as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute(f"SELECT FROM {table}")


def test_nobody_but_the_owner_may_do_anything_by_default(migrated_database: DatabaseUrls) -> None:
    to_all = (
        "SELECT relname FROM pg_class, aclexplode(relacl) AS granted"
        " WHERE relnamespace = 'cordon'::regnamespace AND granted.grantee = 0"
        " UNION SELECT proname FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS granted"
        " WHERE pronamespace = 'cordon'::regnamespace AND granted.grantee = 0"
    )
    assert rows(migrated_database.owner, to_all) == []


def test_an_applied_file_that_was_changed_is_refused(empty_embedded_database: str, folder: Path) -> None:
    migrate(empty_embedded_database, folder)
    changed = next(folder.glob("0003*"))
    changed.write_text(changed.read_text(encoding="utf-8") + "\n-- a word\n", encoding="utf-8")
    (folder / ADDED).write_text("CREATE TABLE added ()", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=changed.name):
        migrate(empty_embedded_database, folder)
    assert rows(empty_embedded_database, "SELECT to_regclass('added')") == [(None,)]


def test_a_newer_database_is_refused(empty_embedded_database: str, folder: Path) -> None:
    (folder / ADDED).write_text("CREATE TABLE added ()", encoding="utf-8")
    migrate(empty_embedded_database, folder)
    with pytest.raises(ConfigurationError, match="newer than this program"):
        migrate(empty_embedded_database)


def test_a_file_that_fails_leaves_nothing_of_itself(empty_embedded_database: str, folder: Path) -> None:
    (folder / ADDED).write_text("CREATE TABLE added (); SELECT 1/0", encoding="utf-8")
    with pytest.raises(psycopg2.errors.DivisionByZero):
        migrate(empty_embedded_database, folder)
    assert rows(empty_embedded_database, "SELECT to_regclass('added')") == [(None,)]
    (folder / ADDED).write_text("CREATE TABLE added ()", encoding="utf-8")
    assert migrate(empty_embedded_database, folder) == [ADDED]


def test_a_lock_that_is_held_is_said_and_nothing_is_half_done(
    empty_embedded_database: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "LOCK_WAIT_MS", 200)
    database = prepare_database(empty_embedded_database)
    text = "CREATE TABLE added (); ALTER TABLE people ADD COLUMN added integer"
    (folder / ADDED).write_text(text, encoding="utf-8")
    with (
        locked(database.owner, "people"),
        pytest.raises(UnavailableError, match=f"{ADDED}.*run .* again"),
    ):
        migrate(database.owner, folder)
    assert rows(database.owner, "SELECT to_regclass('added')") == [(None,)]
    assert migrate(database.owner, folder) == [ADDED]


def test_a_lock_on_its_own_table_is_said_too(migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "LOCK_WAIT_MS", 200)
    with (
        locked(migrated_database.owner, "schema_migrations"),
        pytest.raises(UnavailableError, match="not had"),
    ):
        migrate(migrated_database.owner)


@pytest.mark.parametrize("names", [["1_short.sql"], ["0001_Upper.sql"], ["0001_a.sql", "0001_b.sql"]])
def test_files_are_numbered_and_each_number_is_used_once(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="each number once"):
        read_migrations(tmp_path)


def test_a_file_numbered_below_an_applied_one_is_refused(empty_embedded_database: str, folder: Path) -> None:
    """It would be applied here after what was built on its absence, and before that on a fresh database."""
    (folder / ADDED).write_text("SELECT 1", encoding="utf-8")
    migrate(empty_embedded_database, folder)
    (folder / "9000_forgotten.sql").write_text("SELECT 1", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="9000_forgotten"):
        migrate(empty_embedded_database, folder)
