"""Breaking the glass: somebody sees a person who is not theirs, at once and for a few hours; and who reviews it."""

from dataclasses import dataclass
from datetime import datetime

import psycopg2.errors

from ops.errors import InputError
from store.checks import checked_text
from store.database import Cursor, fetch_one

LONGEST_TEXT = 1000
SHORTEST_REASON = 10


@dataclass(frozen=True, slots=True)
class BrokenGlass:
    """``crn`` is None for whoever may not see the person."""

    break_glass_id: int
    person_id: int
    crn: str | None
    reason: str
    opened_by: str
    opened_role: str
    opened_at: datetime
    ends_at: datetime
    reviewed_by: str | None
    reviewed_at: datetime | None
    is_justified: bool | None
    review_note: str | None


@dataclass(frozen=True, slots=True)
class Unreviewed:
    count: int
    oldest_at: datetime | None


_GLASS = (
    "SELECT break_glass_id, glass.person_id, person.crn, reason, opened_by, opened_role, opened_at, ends_at,"
    " reviewed_by, reviewed_at, is_justified, review_note"
    " FROM break_glass glass LEFT JOIN people person USING (person_id)"
)


def open_glass(cursor: Cursor, crn: str, reason: str) -> BrokenGlass | None:
    """None where nobody has the CRN. The database writes the record, and tells the person's managers.

    Raises InputError where the caller sees the person anyway, or the reason says nothing.
    """
    given = checked_text("the reason", reason, LONGEST_TEXT)
    if len(given) < SHORTEST_REASON:
        raise InputError(f"the reason is too short: say in {SHORTEST_REASON} characters or more why it cannot wait")
    try:
        cursor.execute("SELECT break_glass_id FROM open_break_glass(%s, %s)", (crn, given))
    except psycopg2.errors.ObjectNotInPrerequisiteState:
        raise InputError("you see this person already: there is nothing to open") from None
    row = cursor.fetchone()
    return None if row is None else find_glass(cursor, row[0])


def find_glass(cursor: Cursor, break_glass_id: int) -> BrokenGlass | None:
    cursor.execute(f"{_GLASS} WHERE break_glass_id = %s", (break_glass_id,))
    row = cursor.fetchone()
    return None if row is None else BrokenGlass(*row)


def list_glass(cursor: Cursor, before: int | None, limit: int, *, only_unreviewed: bool) -> list[BrokenGlass]:
    """As far as row security shows them, the newest first, from behind ``before``."""
    cursor.execute(
        f"{_GLASS} WHERE (%(before)s::bigint IS NULL OR break_glass_id < %(before)s)"
        " AND NOT (%(only)s AND reviewed_at IS NOT NULL) ORDER BY break_glass_id DESC LIMIT %(limit)s",
        {"before": before, "only": only_unreviewed, "limit": limit},
    )
    return [BrokenGlass(*row) for row in cursor.fetchall()]


def review_glass(
    cursor: Cursor, break_glass_id: int, reviewed_by: str, *, is_justified: bool, note: str
) -> BrokenGlass | None:
    """None where it is not the caller's to review, or was reviewed. What was not justified ends at once."""
    cursor.execute(
        "UPDATE break_glass SET reviewed_by = %s, reviewed_at = service_clock(), is_justified = %s, review_note = %s"
        " WHERE break_glass_id = %s AND reviewed_at IS NULL AND reviews_glass(person_id, opened_by)",
        (reviewed_by, is_justified, checked_text("the note", note, LONGEST_TEXT), break_glass_id),
    )
    return find_glass(cursor, break_glass_id) if cursor.rowcount else None


def count_unreviewed(cursor: Cursor) -> Unreviewed:
    """For whoever counts: the worker sees all."""
    cursor.execute("SELECT count(*), min(opened_at) FROM break_glass WHERE reviewed_at IS NULL")
    return Unreviewed(*fetch_one(cursor))
