"""Cover for a colleague's caseload: dated, granted by a manager, and never by who gets it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg2.errors
from psycopg2.extras import DateTimeTZRange

from model.staff import WORK_ALERTS, StaffMember
from ops.errors import InputError
from store.checks import checked_text
from store.clock import service_now
from store.database import Cursor, fetch_one
from store.staff import find_staff, staff_of_subjects

LONGEST = timedelta(days=92)
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class NewCover:
    """``covered_by`` sees the people of ``covered`` from ``starts_at`` to before ``ends_at``."""

    covered: str
    covered_by: str
    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Cover:
    cover_id: int
    covered: str
    covered_by: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    granted_by: str
    granted_at: datetime
    ended_at: datetime | None  # taken back, before its end or before it began
    ended_by: str | None


_COVER = (
    "SELECT cover_id, covered, covered_by, lower(during), upper(during), reason, granted_by, granted_at, ended_at,"
    " ended_by FROM caseload_covers"
)


def grant_cover(cursor: Cursor, wanted: NewCover, granted_by: str) -> Cover:
    """Somebody grants it who manages whoever is covered, and not who gets it.

    Raises InputError where it cannot be: both are on the staff and see alerts, and it is dated.
    """
    _check(cursor, wanted)
    reason = checked_text("the reason", wanted.reason, LONGEST_REASON)
    try:
        cursor.execute(
            "INSERT INTO caseload_covers (covered, covered_by, during, reason, granted_by)"
            " VALUES (%s, %s, %s, %s, %s) RETURNING cover_id",
            (
                wanted.covered,
                wanted.covered_by,
                DateTimeTZRange(wanted.starts_at, wanted.ends_at),
                reason,
                granted_by,
            ),
        )
    except psycopg2.errors.CheckViolation as error:
        if error.diag.constraint_name == "cover_is_granted_by_another":
            raise InputError("nobody grants a cover to themselves: another manager or the owner does") from None
        raise InputError("nobody covers themselves: name two people") from None
    except psycopg2.errors.InsufficientPrivilege:
        raise InputError(f"{wanted.covered} is of another manager's team: that manager grants it") from None
    cover_id: int = fetch_one(cursor)[0]
    cursor.execute(f"{_COVER} WHERE cover_id = %s", (cover_id,))
    return Cover(*fetch_one(cursor))


def end_cover(cursor: Cursor, cover_id: int, ended_by: str) -> Cover | None:
    """Take it back now; one that has not begun never holds. None where it is not the caller's to end, or is over."""
    cursor.execute(
        "UPDATE caseload_covers SET ended_at = service_clock(), ended_by = %s"
        " WHERE cover_id = %s AND ended_at IS NULL AND upper(during) > service_clock()",
        (ended_by, cover_id),
    )
    if cursor.rowcount == 0:
        return None
    cursor.execute(f"{_COVER} WHERE cover_id = %s", (cover_id,))
    return Cover(*fetch_one(cursor))


def list_covers(cursor: Cursor, *, with_past: bool = False) -> list[Cover]:
    """As far as row security shows them, in the order of their beginning; those that are over only if wanted."""
    cursor.execute(
        f"{_COVER} WHERE %s OR ended_at IS NULL AND upper(during) > (SELECT service_clock())"
        " ORDER BY lower(during), cover_id",
        (with_past,),
    )
    return [Cover(*row) for row in cursor.fetchall()]


def covering(cursor: Cursor, covered: Sequence[str], at: datetime) -> dict[str, list[StaffMember]]:
    """By subject, who of the staff covers them at that time; whose cover began last is first."""
    cursor.execute(
        "SELECT covered, covered_by FROM caseload_covers WHERE covered = ANY(%s) AND during @> %s::timestamptz"
        " AND ended_at IS NULL ORDER BY covered, lower(during) DESC, covered_by",
        (list(covered), at),
    )
    rows = cursor.fetchall()
    members = staff_of_subjects(cursor, (by for _, by in rows))
    found: dict[str, list[StaffMember]] = {}
    for subject, by in rows:
        if by in members and members[by].role in WORK_ALERTS:
            found.setdefault(subject, []).append(members[by])
    return found


def _check(cursor: Cursor, wanted: NewCover) -> None:
    for subject in (wanted.covered, wanted.covered_by):
        member = find_staff(cursor, subject)
        if member is None or member.role not in WORK_ALERTS:
            raise InputError(
                f"{subject} is not on the staff in a role that sees alerts: `cordon staff list` shows who is"
            )
    if not timedelta(0) < wanted.ends_at - wanted.starts_at <= LONGEST:
        raise InputError(f"a cover ends after it begins, and lasts {LONGEST.days} days at most: correct its times")
    if wanted.ends_at <= service_now(cursor):
        raise InputError("the cover is over already: check the date")
