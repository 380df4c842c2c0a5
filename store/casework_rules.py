"""The versions of the casework rules; the program's own hold until a service sets some."""

from store.database import Cursor, fetch_one


def latest_rules(cursor: Cursor) -> tuple[int, str] | None:
    """Version and document; None while nobody has set any."""
    cursor.execute("SELECT version, document FROM casework_rules ORDER BY version DESC LIMIT 1")
    return cursor.fetchone()


def add_rules(cursor: Cursor, document: str, set_by: str) -> int:
    """The version that ``document``, checked before, is now."""
    cursor.execute("LOCK TABLE casework_rules IN SHARE ROW EXCLUSIVE MODE")
    cursor.execute(
        "INSERT INTO casework_rules (version, document, set_by)"
        " SELECT coalesce(max(version), 0) + 1, %s, %s FROM casework_rules RETURNING version",
        (document, set_by),
    )
    version: int = fetch_one(cursor)[0]
    return version
