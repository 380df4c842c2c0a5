"""What lies on whom, as shifts end and people leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from model.enums import Severity
from model.staff import StaffRole
from store.database import Cursor, fetch_one


@dataclass(frozen=True, slots=True)
class EndingShift:
    shift_id: int
    role: StaffRole
    subject: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class HeldCase:
    """An open alert that is on somebody, or on nobody after it was acknowledged; locked until the commit."""

    alert_id: UUID
    severity: Severity
    assigned_to: str | None
    practitioner: str | None
    team_id: int | None


_SHIFT = (
    "SELECT shift_id, role, subject, upper(during) FROM rota_shifts"
    " WHERE cancelled_at IS NULL AND handed_over_at IS NULL"
)
_ON_NOBODY = (
    "(c.assigned_to IN (SELECT subject FROM staff WHERE ended_at IS NOT NULL)"
    " OR c.assigned_to IS NULL AND c.status IN ('acknowledged', 'under_review', 'contested'))"
)
_HELD = (
    "SELECT c.alert_id, alert.severity, c.assigned_to, person.practitioner, person.team_id"
    " FROM alert_cases c JOIN alerts alert USING (alert_id)"
    " LEFT JOIN people person ON person.person_id = c.person_id"
    " WHERE c.status NOT IN ('closed', 'retracted')"
)


def shifts_ending(cursor: Cursor, now: datetime, until: datetime) -> list[EndingShift]:
    """Those that have begun, end after ``now`` and not after ``until``, and whose holder was not told of it."""
    cursor.execute(
        f"{_SHIFT} AND ending_told_at IS NULL AND lower(during) <= %s AND upper(during) > %s AND upper(during) <= %s"
        " ORDER BY upper(during), shift_id",
        (now, now, until),
    )
    return [_shift(row) for row in cursor.fetchall()]


def shifts_ended(cursor: Cursor, now: datetime) -> list[EndingShift]:
    """Those that are over and of which something may still lie on their holder, the first to end first."""
    cursor.execute(f"{_SHIFT} AND upper(during) <= %s ORDER BY upper(during), shift_id", (now,))
    return [_shift(row) for row in cursor.fetchall()]


def note_ending_told(cursor: Cursor, shift_id: int, now: datetime) -> None:
    cursor.execute("UPDATE rota_shifts SET ending_told_at = %s WHERE shift_id = %s", (now, shift_id))


def note_handed_over(cursor: Cursor, shift_id: int, now: datetime) -> None:
    cursor.execute("UPDATE rota_shifts SET handed_over_at = %s WHERE shift_id = %s", (now, shift_id))


def count_held(cursor: Cursor, subject: str) -> int:
    """How many open alerts are on ``subject`` that are not of a person of theirs."""
    cursor.execute(
        "SELECT count(*) FROM alert_cases c LEFT JOIN people person ON person.person_id = c.person_id"
        " WHERE c.assigned_to = %(subject)s AND c.status NOT IN ('closed', 'retracted')"
        " AND person.practitioner IS DISTINCT FROM %(subject)s",
        {"subject": subject},
    )
    count: int = fetch_one(cursor)[0]
    return count


def lock_held(cursor: Cursor, subject: str, limit: int) -> list[HeldCase]:
    """Open alerts on ``subject`` that are not of a person of theirs; those that somebody works on just now later."""
    cursor.execute(
        f"{_HELD} AND c.assigned_to = %s AND person.practitioner IS DISTINCT FROM %s"
        " ORDER BY c.raised_at, c.alert_id LIMIT %s FOR UPDATE OF c SKIP LOCKED",
        (subject, subject, limit),
    )
    return _held(cursor.fetchall())


def lock_on_nobody(cursor: Cursor, limit: int) -> list[HeldCase]:
    """Open alerts on staff who have left, or that were acknowledged and are on nobody."""
    cursor.execute(
        f"{_HELD} AND {_ON_NOBODY} ORDER BY c.raised_at, c.alert_id LIMIT %s FOR UPDATE OF c SKIP LOCKED",
        (limit,),
    )
    return _held(cursor.fetchall())


def _shift(row: tuple[int, str, str, datetime]) -> EndingShift:
    shift_id, role, subject, ends_at = row
    return EndingShift(shift_id, StaffRole(role), subject, ends_at)


def _held(rows: Sequence[tuple[str, str, str | None, str | None, int | None]]) -> list[HeldCase]:
    return [HeldCase(UUID(str(alert_id)), Severity(severity), *rest) for alert_id, severity, *rest in rows]  # type: ignore[arg-type]
