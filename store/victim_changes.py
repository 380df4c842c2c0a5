"""Which victims' facts, choices or tasks were changed since their tasks were decided last (migration 0035)."""

from collections.abc import Iterable

from store.database import Cursor, fetch_one


def read_changes(cursor: Cursor) -> list[tuple[int, int]]:
    """(change, victim). Read before the facts: what commits in between is among the facts, and read again."""
    cursor.execute("SELECT change_id, victim_id FROM victim_changes")
    return cursor.fetchall()


def forget_changes(cursor: Cursor, change_ids: Iterable[int]) -> None:
    """They were looked at, in this transaction."""
    wanted = list(change_ids)
    if wanted:
        cursor.execute("DELETE FROM victim_changes WHERE change_id = ANY (%s)", (wanted,))


def rules_version_of_tasks(cursor: Cursor) -> int | None:
    """By which version of the casework rules every task was decided last; None before the first time."""
    cursor.execute("SELECT rules_version FROM victim_zone_rounds")
    version: int | None = fetch_one(cursor)[0]
    return version


def note_rules_version_of_tasks(cursor: Cursor, version: int) -> None:
    cursor.execute("UPDATE victim_zone_rounds SET rules_version = %s", (version,))
