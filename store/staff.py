"""Staff: who may be told of something, and by which addresses."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import psycopg2.errors

from model.staff import StaffMember, StaffRole
from ops.errors import InputError
from store.checks import checked_subject, checked_text
from store.database import Cursor

NAME_LENGTH = 200
EMAIL_LENGTH = 254
EMAIL = re.compile(r"[^@\s\"<>,;:]+@[^@\s\"<>,;:]+\.[^@\s\"<>,;:.]+", re.ASCII)
MOBILE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
MOBILE_REMEDY = "give it with its country, such as +447700900123"

_STAFF = "SELECT subject, name, role, team_id, email, mobile FROM staff WHERE ended_at IS NULL"


@dataclass(frozen=True, slots=True)
class ListedMember:
    member: StaffMember
    ended_at: datetime | None  # left; is told nothing more


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


def same_subjects(cursor: Cursor, subject: str, others: Iterable[str]) -> set[str]:
    """Those of ``others`` who are ``subject``, however it is written."""
    cursor.execute(
        "SELECT other FROM unnest(%s::text[]) AS other WHERE same_subject(other, %s)", (sorted(set(others)), subject)
    )
    return {other for (other,) in cursor.fetchall()}


def list_staff(cursor: Cursor, after: str = "", limit: int | None = None) -> list[ListedMember]:
    """In the order of their subjects, from behind ``after``; those who left too."""
    cursor.execute(
        "SELECT subject, name, role, team_id, email, mobile, ended_at FROM staff WHERE subject > %s"
        " ORDER BY subject LIMIT %s",
        (after, limit),
    )
    return [ListedMember(_member(row[:-1]), row[-1]) for row in cursor.fetchall()]


@contextmanager
def reach_kept() -> Iterator[None]:
    """What the database refuses a manager, as words: to widen whom they see by changing who is on the staff."""
    try:
        yield
    except psycopg2.errors.InsufficientPrivilege as error:
        if error.diag.constraint_name != "managers_reach":
            raise
        raise InputError(str(error.diag.message_primary)) from None


def add_staff(cursor: Cursor, member: StaffMember) -> StaffMember:
    """Raises InputError on an unusable value, or a subject that is there."""
    checked = checked_member(cursor, member)
    with reach_kept():
        cursor.execute(
            "INSERT INTO staff (subject, name, role, team_id, email, mobile) VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            _values(checked),
        )
    if cursor.rowcount == 0:
        raise InputError(f"{checked.subject} is on the staff already: change what is to be changed")
    return checked


def change_staff(cursor: Cursor, member: StaffMember) -> StaffMember:
    """Everything of the member but the subject, who is on the staff again if they had left. Raises InputError."""
    checked = checked_member(cursor, member)
    with reach_kept():
        cursor.execute(
            "UPDATE staff SET name = %s, role = %s, team_id = %s, email = %s, mobile = %s, ended_at = NULL"
            " WHERE subject = %s",
            (*_values(checked)[1:], checked.subject),
        )
    if cursor.rowcount == 0:
        raise InputError(f"{checked.subject} is not on the staff: `cordon staff list` shows who is")
    return checked


def end_staff(cursor: Cursor, subject: str) -> ListedMember:
    """They are told nothing more from now on. Raises InputError where they are not on the staff."""
    with reach_kept():
        cursor.execute(
            "UPDATE staff SET ended_at = service_clock() WHERE subject = %s AND ended_at IS NULL"
            " RETURNING subject, name, role, team_id, email, mobile, ended_at",
            (subject,),
        )
    row = cursor.fetchone()
    if row is None:
        raise InputError(f"{subject} is not on the staff: `cordon staff list` shows who is")
    return ListedMember(_member(row[:-1]), row[-1])


def checked_member(cursor: Cursor, member: StaffMember) -> StaffMember:
    """Raises InputError naming every value that cannot be kept."""
    subject = checked_subject(member.subject)
    name = checked_text("the name", member.name, NAME_LENGTH)
    problems = [problem for problem in (email_problem(member.email), mobile_problem(member.mobile)) if problem]
    if member.team_id is not None:
        cursor.execute("SELECT FROM teams WHERE team_id = %s", (member.team_id,))
        if cursor.fetchone() is None:
            problems.append(f"there is no team {member.team_id}: `cordon staff teams` shows them")
    if problems:
        raise InputError("; ".join(problems))
    return StaffMember(subject, name, member.role, member.team_id, member.email, member.mobile)


def email_problem(email: str | None) -> str | None:
    if email is None or (len(email) <= EMAIL_LENGTH and EMAIL.fullmatch(email)):
        return None
    return "the e-mail address is none: give one such as j.jones@example.test"


def mobile_problem(mobile: str | None) -> str | None:
    if mobile is None or MOBILE.fullmatch(mobile):
        return None
    return f"the mobile number is none: {MOBILE_REMEDY}"


def _values(member: StaffMember) -> tuple[str, str, str, int | None, str | None, str | None]:
    return member.subject, member.name, member.role.value, member.team_id, member.email, member.mobile


def _member(row: tuple[str, str, str, int | None, str | None, str | None]) -> StaffMember:
    subject, name, role, team_id, email, mobile = row
    return StaffMember(subject, name, StaffRole(role), team_id, email, mobile)
