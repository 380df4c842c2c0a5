"""Whether the database answers and holds this program's schema."""

from store.database import Cursor


def missing_migrations(cursor: Cursor, expected: frozenset[str]) -> frozenset[str]:
    cursor.execute("SELECT name FROM schema_migrations")
    return expected - {row[0] for row in cursor.fetchall()}
