"""What lies on whom, as shifts end and people leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from model.enums import Severity
from model.staff import StaffRole
from store.database import Cursor, fetch_one
from store.locks import Lock, hold_until_commit


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
    person_id: int | None
    practitioner: str | None
    teams: frozenset[int]  # the person's and their practitioner's


_SHIFT = (
    "SELECT shift_id, role, subject, upper(during) FROM rota_shifts"
    " WHERE cancelled_at IS NULL AND handed_over_at IS NULL"
)
_ON_NOBODY = (
    "(alert_case.assigned_to IN (SELECT subject FROM staff WHERE ended_at IS NOT NULL)"
    " OR alert_case.assigned_to IS NULL AND alert_case.acknowledged_at IS NOT NULL)"
)
_OUT_OF_SIGHT = """
    alert_case.alert_id IN (
      WITH held AS MATERIALIZED (
        SELECT alert_id, person_id, assigned_to, staff.role FROM alert_cases LEFT JOIN people USING (person_id)
        JOIN staff ON staff.subject = assigned_to AND staff.ended_at IS NULL
        WHERE status NOT IN ('closed', 'retracted') AND practitioner IS DISTINCT FROM assigned_to
      ), seen AS MATERIALIZED (
        SELECT assigned_to, unnest(caseload(assigned_to, role)) AS person_id
        FROM (SELECT DISTINCT assigned_to, role FROM held) holders
      )
      SELECT alert_id FROM held WHERE CASE WHEN person_id IS NULL THEN NOT caller_may_see(assigned_to, role, NULL)
        ELSE (assigned_to, person_id) NOT IN (SELECT assigned_to, person_id FROM seen) END)
"""
_NOT_OWN = "alert_case.assigned_to = %s AND person.practitioner IS DISTINCT FROM %s"
_OWN = "alert_case.assigned_to = %s AND (%s::uuid[] IS NULL OR alert_case.alert_id = ANY(%s::uuid[]))"
_OLDEST = "ORDER BY alert_case.raised_at, alert_case.alert_id LIMIT %s"
_HELD = (
    "SELECT alert_case.alert_id, alert.severity, alert_case.assigned_to, alert_case.person_id, person.practitioner,"
    " array_remove(ARRAY[person.team_id, supervising.team_id], NULL)"
    " FROM alert_cases alert_case JOIN alerts alert USING (alert_id)"
    " LEFT JOIN people person ON person.person_id = alert_case.person_id"
    " LEFT JOIN staff supervising ON supervising.subject = person.practitioner"
    " WHERE alert_case.status NOT IN ('closed', 'retracted')"
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
        "SELECT count(*) FROM alert_cases alert_case LEFT JOIN people person ON person.person_id = alert_case.person_id"
        " WHERE alert_case.assigned_to = %(subject)s AND alert_case.status NOT IN ('closed', 'retracted')"
        " AND person.practitioner IS DISTINCT FROM %(subject)s",
        {"subject": subject},
    )
    count: int = fetch_one(cursor)[0]
    return count


def hold_held_by(cursor: Cursor, subject: str, limit: int) -> list[HeldCase]:
    """Open alerts on ``subject`` that are not of a person of theirs, the oldest first."""
    return _hold(cursor, _NOT_OWN, (subject, subject, limit))


def hold_on_nobody(cursor: Cursor, limit: int) -> list[HeldCase]:
    """Open alerts on staff who have left, or that were acknowledged and are on nobody, the oldest first."""
    return _hold(cursor, _ON_NOBODY, (limit,))


def hold_out_of_sight(cursor: Cursor, limit: int) -> list[HeldCase]:
    """Open alerts on staff who do not see the person any more, or never did, the oldest first."""
    return _hold(cursor, _OUT_OF_SIGHT, (limit,))


def held_of(cursor: Cursor, subject: str, alert_ids: Sequence[UUID] | None) -> list[HeldCase]:
    """Open alerts on ``subject``, as far as the caller sees them: all, or those of ``alert_ids``."""
    wanted = None if alert_ids is None else [str(one) for one in alert_ids]
    return _hold(cursor, _OWN, (subject, wanted, wanted, None))


def _hold(cursor: Cursor, which: str, values: tuple[object, ...]) -> list[HeldCase]:
    """The log of changes is held before them, as all do who write cases; where there are none, not at all."""
    cursor.execute(f"{_HELD} AND {which} {_OLDEST}", values)
    if cursor.rowcount == 0:
        return []
    hold_until_commit(cursor, Lock.ALERT_EVENTS)
    cursor.execute(f"{_HELD} AND {which} {_OLDEST} FOR UPDATE OF alert_case", values)
    return [
        HeldCase(UUID(str(alert_id)), Severity(severity), *rest, frozenset(teams))  # type: ignore[call-arg]
        for alert_id, severity, *rest, teams in cursor.fetchall()
    ]


def _shift(row: tuple[int, str, str, datetime]) -> EndingShift:
    shift_id, role, subject, ends_at = row
    return EndingShift(shift_id, StaffRole(role), subject, ends_at)
