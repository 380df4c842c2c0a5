"""Staff, as far as they can be told of something."""

from collections.abc import Iterable

from model.staff import StaffMember, StaffRole
from store.database import Cursor

_STAFF = "SELECT subject, name, role, team_id, email, mobile FROM staff WHERE ended_at IS NULL"


def find_staff(cursor: Cursor, subject: str) -> StaffMember | None:
    cursor.execute(f"{_STAFF} AND subject = %s", (subject,))
    row = cursor.fetchone()
    return None if row is None else _member(row)


def staff_of_role(cursor: Cursor, role: StaffRole) -> list[StaffMember]:
    """All of that role, in the order of their subjects."""
    cursor.execute(f"{_STAFF} AND role = %s ORDER BY subject", (role.value,))
    return [_member(row) for row in cursor.fetchall()]


def staff_of_subjects(cursor: Cursor, subjects: Iterable[str]) -> dict[str, StaffMember]:
    """Those of them who are there and have not left, by subject."""
    cursor.execute(f"{_STAFF} AND subject = ANY(%s)", (sorted(set(subjects)),))
    return {row[0]: _member(row) for row in cursor.fetchall()}


def _member(row: tuple[str, str, str, int | None, str | None, str | None]) -> StaffMember:
    subject, name, role, team_id, email, mobile = row
    return StaffMember(subject, name, StaffRole(role), team_id, email, mobile)
