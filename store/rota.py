"""The rota: who holds which role when. Times are aware; a shift holds from its first instant to before its last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg2.extras import DateTimeTZRange

from model.staff import WORK_ALERTS, StaffMember, StaffRole
from store.database import Cursor
from store.locks import Lock, hold_until_commit
from store.rows import insert_rows

ROTA_ROLES = (StaffRole.DUTY_OFFICER, StaffRole.MANAGER)
_SEE_ALERTS = sorted(WORK_ALERTS)


@dataclass(frozen=True, slots=True)
class NewShift:
    role: StaffRole
    subject: str
    starts_at: datetime
    ends_at: datetime
    teams: tuple[int, ...] = ()  # its area; none: the whole service


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Who holds a role now, and for whom: ``area`` holds teams, none for the whole service."""

    member: StaffMember
    area: frozenset[int]

    def is_for(self, teams: frozenset[int]) -> bool:
        """Whether a person of these teams is theirs meanwhile; somebody of no team is of every area."""
        return not self.area or not teams or bool(self.area & teams)


@dataclass(frozen=True, slots=True)
class Shift:
    """``cancelled_at`` is of one that never began; one that had begun was cut short."""

    shift_id: int
    role: StaffRole
    subject: str
    name: str
    starts_at: datetime
    ends_at: datetime
    added_by: str
    cancelled_at: datetime | None
    teams: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StaffedTime:
    starts_at: datetime
    ends_at: datetime
    area: frozenset[int]


_SHIFT = (
    "SELECT shift.shift_id, shift.role, shift.subject, staff.name, lower(shift.during), upper(shift.during),"
    " shift.added_by, shift.cancelled_at, shift.teams FROM rota_shifts shift JOIN staff USING (subject)"
)


def on_duty(cursor: Cursor, role: StaffRole, at: datetime) -> list[StaffMember]:
    """Whoever holds ``role`` at ``at`` somewhere."""
    return [one.member for one in holders_on_duty(cursor, role, at)]


def holders_on_duty(cursor: Cursor, role: StaffRole, at: datetime) -> list[OnDuty]:
    """Whoever holds ``role`` at ``at``, has not left and sees alerts.

    Whose shift began last is first: they came to take over.
    """
    cursor.execute(
        "SELECT staff.subject, staff.name, staff.role, staff.team_id, staff.email, staff.mobile, shift.teams"
        " FROM rota_shifts shift JOIN staff USING (subject)"
        " WHERE shift.role = %s AND shift.cancelled_at IS NULL AND shift.during @> %s::timestamptz"
        " AND staff.ended_at IS NULL AND staff.role = ANY(%s) ORDER BY lower(shift.during) DESC, staff.subject",
        (role.value, at, _SEE_ALERTS),
    )
    return [
        OnDuty(StaffMember(subject, name, StaffRole(own), team_id, email, mobile), frozenset(teams))
        for subject, name, own, team_id, email, mobile, teams in cursor.fetchall()
    ]


def lock_rota(cursor: Cursor) -> None:
    """Nobody else adds shifts until the commit; the rota is read meanwhile."""
    hold_until_commit(cursor, Lock.ROTA)


def shifts_of(cursor: Cursor, subjects: Sequence[str], since: datetime) -> list[Shift]:
    """Those of their shifts that were not cancelled and end after ``since``."""
    cursor.execute(
        f"{_SHIFT} WHERE shift.subject = ANY(%s) AND shift.cancelled_at IS NULL AND upper(shift.during) > %s"
        " ORDER BY lower(shift.during), shift.shift_id",
        (sorted(set(subjects)), since),
    )
    return [_shift(row) for row in cursor.fetchall()]


def list_shifts(cursor: Cursor, since: datetime, until: datetime) -> list[Shift]:
    """All that overlap the time, cancelled ones too, in the order of their beginning."""
    cursor.execute(
        f"{_SHIFT} WHERE shift.during && tstzrange(%s, %s) ORDER BY lower(shift.during), shift.shift_id",
        (since, until),
    )
    return [_shift(row) for row in cursor.fetchall()]


def find_shift(cursor: Cursor, shift_id: int) -> Shift | None:
    cursor.execute(f"{_SHIFT} WHERE shift.shift_id = %s", (shift_id,))
    row = cursor.fetchone()
    return None if row is None else _shift(row)


def add_shifts(cursor: Cursor, shifts: Sequence[NewShift], added_by: str) -> None:
    insert_rows(
        cursor,
        "INSERT INTO rota_shifts (role, subject, during, added_by, teams)"
        " SELECT role, subject, during, added_by, teams::bigint[]"
        " FROM (VALUES %s) AS given (role, subject, during, added_by, teams)",
        (
            (one.role.value, one.subject, DateTimeTZRange(one.starts_at, one.ends_at), added_by, list(one.teams))
            for one in shifts
        ),
    )


def end_shift(cursor: Cursor, shift_id: int, ended_by: str, now: datetime) -> bool:
    """Cancel one that has not begun; let one that has begun end at ``now``. False where it is over or cancelled."""
    cursor.execute(
        "UPDATE rota_shifts SET"
        " during = CASE WHEN lower(during) < %(now)s THEN tstzrange(lower(during), %(now)s) ELSE during END,"
        " cancelled_at = CASE WHEN lower(during) < %(now)s THEN NULL ELSE %(now)s END,"
        " cancelled_by = CASE WHEN lower(during) < %(now)s THEN NULL ELSE %(by)s END"
        " WHERE shift_id = %(shift)s AND cancelled_at IS NULL AND upper(during) > %(now)s",
        {"now": now, "by": ended_by, "shift": shift_id},
    )
    return cursor.rowcount == 1


def staffed(cursor: Cursor, since: datetime, until: datetime) -> dict[StaffRole, list[StaffedTime]]:
    """The shifts of staff who have not left and see alerts, each cut to the time, in order, by role."""
    cursor.execute(
        "SELECT shift.role, greatest(lower(shift.during), %(since)s), least(upper(shift.during), %(until)s),"
        " shift.teams"
        " FROM rota_shifts shift JOIN staff USING (subject) WHERE shift.cancelled_at IS NULL"
        " AND staff.ended_at IS NULL AND staff.role = ANY(%(roles)s)"
        " AND shift.during && tstzrange(%(since)s, %(until)s) ORDER BY 1, 2",
        {"since": since, "until": until, "roles": _SEE_ALERTS},
    )
    covered: dict[StaffRole, list[StaffedTime]] = {role: [] for role in ROTA_ROLES}
    for role, starts_at, ends_at, teams in cursor.fetchall():
        covered[StaffRole(role)].append(StaffedTime(starts_at, ends_at, frozenset(teams)))
    return covered


def _shift(row: tuple[int, str, str, str, datetime, datetime, str, datetime | None, list[int]]) -> Shift:
    shift_id, role, subject, name, starts_at, ends_at, added_by, cancelled_at, teams = row
    return Shift(shift_id, StaffRole(role), subject, name, starts_at, ends_at, added_by, cancelled_at, tuple(teams))
