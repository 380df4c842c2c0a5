"""Numbered SQL files, forward only, each in a transaction of its own with a lock timeout: safe on a live database."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2.errors

from ops.errors import ConfigurationError, UnavailableError
from store.database import SCHEMA, Connection, Cursor, connect
from store.locks import Lock, limit_lock_wait

MIGRATIONS_FOLDER = Path(__file__).parent / "migrations"
LOCK_WAIT_MS = 5000
NAME_PATTERN = re.compile(r"\d{4}_[a-z0-9_]+\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(folder: Path = MIGRATIONS_FOLDER) -> list[Migration]:
    """Every migration in order. Raises ConfigurationError on a misnamed file or a number used twice."""
    files = sorted(folder.glob("*.sql"))
    misnamed = [file.name for file in files if not NAME_PATTERN.fullmatch(file.name)]
    numbers = [file.name[:4] for file in files]
    if misnamed or len(set(numbers)) != len(numbers):
        raise ConfigurationError(f"migrations are named 0001_what.sql, each number once; wrong: {misnamed or numbers}")
    return [Migration(file.name, file.read_text(encoding="utf-8")) for file in files]


def migrate(owner_url: str, folder: Path = MIGRATIONS_FOLDER) -> list[str]:
    """Apply what is missing and return its names.

    Raises ConfigurationError when an applied file was changed since, UnavailableError when a lock is not had in time
    (nothing of that file is applied then; run again).
    """
    connection = connect(owner_url, "cordon-migrate")
    try:
        _wait_for_others(connection)
        with _lock_limit(connection, "the table of applied migrations") as cursor:
            _prepare(cursor)
            applied = _applied(cursor)
        migrations = read_migrations(folder)
        _refuse_changed(migrations, applied)
        missing = [migration for migration in migrations if migration.name not in applied]
        for migration in missing:
            _apply(connection, migration)
        return [migration.name for migration in missing]
    finally:
        connection.close()


def _wait_for_others(connection: Connection) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (Lock.MIGRATION,))  # held until the connection closes


@contextmanager
def _lock_limit(connection: Connection, what: str) -> Iterator[Cursor]:
    """A transaction that waits for no lock longer than the limit: others queue behind one who waits."""
    try:
        with connection, connection.cursor() as cursor:
            limit_lock_wait(cursor, LOCK_WAIT_MS)
            yield cursor
    except psycopg2.errors.LockNotAvailable:
        raise UnavailableError(
            f"{what}: a lock was not had in {LOCK_WAIT_MS} ms; nothing of it was applied, run `cordon migrate` again"
        ) from None


def _prepare(cursor: Cursor) -> None:
    cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    cursor.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations"
        " (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    cursor.execute(
        # whether the library is preloaded: the list of those is closed to an owner who is no superuser
        "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')"
        " AND current_setting('timescaledb.max_background_workers', true) IS NOT NULL"
    )
    row = cursor.fetchone()
    if row is not None and row[0]:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS timescaledb SCHEMA public")


def _applied(cursor: Cursor) -> dict[str, str]:
    cursor.execute("SELECT name, checksum FROM schema_migrations")
    return dict(cursor.fetchall())


def _refuse_changed(migrations: list[Migration], applied: dict[str, str]) -> None:
    known = {migration.name: migration.checksum for migration in migrations}
    changed = [name for name, checksum in applied.items() if known.get(name, checksum) != checksum]
    unknown = sorted(applied.keys() - known.keys())
    last = max(applied, default="")
    passed_over = [name for name in known if name < last and name not in applied]
    if passed_over:
        raise ConfigurationError(f"{passed_over} are numbered below {last}, which is applied: number them above it")
    if changed:
        raise ConfigurationError(f"applied migrations were changed since: {changed}; write a new one instead")
    if unknown:
        raise ConfigurationError(f"the database is newer than this program: it knows {unknown}; run the newer release")


def _apply(connection: Connection, migration: Migration) -> None:
    with _lock_limit(connection, migration.name) as cursor:
        cursor.execute(migration.sql)
        cursor.execute(
            "INSERT INTO schema_migrations (name, checksum) VALUES (%s, %s)",
            (migration.name, migration.checksum),
        )
