"""Enrolment of people on probation: through views that are empty for whoever may not manage people."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import psycopg2.errors

from ops.errors import InputError
from store.checks import checked_text
from store.clock import service_now
from store.database import Cursor

CRN_LENGTH = 32
NAME_LENGTH = 200
SUBJECT_LENGTH = 200
IDENTIFIER_LENGTH = 32
FIRST_BIRTH = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class NewPerson:
    crn: str
    name: str
    practitioner: str | None = None
    date_of_birth: date | None = None  # nobody is tagged without one
    nomis_id: str | None = None
    pnc_id: str | None = None
    team_id: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    person_id: int
    crn: str
    name: str
    practitioner: str | None
    serials: list[str]  # devices worn now


@dataclass(frozen=True, slots=True)
class PersonRecord:
    person_id: int
    crn: str
    nomis_id: str | None
    pnc_id: str | None
    name: str
    date_of_birth: date | None
    practitioner: str | None
    team_id: int | None
    team: str | None
    ended_at: datetime | None


NOT_OWN_TEAM = "the person would be of another manager's team: give your own, or have an administrator do it"
CHANGEABLE = ("name", "nomis_id", "pnc_id", "practitioner", "team_id")
"""A date of birth is corrected (store/corrections.py), and a CRN stays."""


def add_person(
    cursor: Cursor, crn: str, name: str, practitioner: str | None = None, date_of_birth: date | None = None
) -> int:
    """Add a person and return their identifier. Raises InputError on an unusable value or a CRN that is taken."""
    return enrol(cursor, NewPerson(crn, name, practitioner, date_of_birth))


def enrol(cursor: Cursor, person: NewPerson) -> int:
    """The same with everything that is known of the person."""
    values = {"crn": checked_text("the CRN", person.crn, CRN_LENGTH)}
    rest = {name: value for name, value in asdict(person).items() if name not in {"crn", "date_of_birth"}}
    values |= _checked(cursor, rest) | {"date_of_birth": checked_birth(cursor, person.date_of_birth)}
    taken = f"the CRN {values['crn']} is taken, in these or other capitals: `cordon people list` shows by whom"
    cursor.execute(
        "SELECT FROM managed_people WHERE lower(crn) = lower(%(crn)s)"
        " UNION ALL SELECT FROM crns_of_others(ARRAY[%(crn)s::text])",
        values,
    )
    if cursor.fetchone() is not None:
        raise InputError(taken)
    with own_people_only():
        cursor.execute(
            "INSERT INTO managed_people (crn, name, practitioner, nomis_id, pnc_id, team_id, date_of_birth) VALUES"
            " (%(crn)s, %(name)s, %(practitioner)s, %(nomis_id)s, %(pnc_id)s, %(team_id)s, %(date_of_birth)s)"
            " ON CONFLICT (crn) DO NOTHING RETURNING person_id",
            values,
        )
    row = cursor.fetchone()
    if row is None:
        raise InputError(taken)
    person_id: int = row[0]
    return person_id


def change_person(cursor: Cursor, person_id: int, changes: Mapping[str, Any]) -> None:
    """Set the fields of ``CHANGEABLE`` that are given. Raises InputError on an unusable value."""
    values = _checked(cursor, changes)
    if not values:
        return
    settings = ", ".join(f"{name} = %({name})s" for name in values if name in CHANGEABLE)
    with own_people_only():
        cursor.execute(
            f"UPDATE managed_people SET {settings} WHERE person_id = %(person_id)s",  # noqa: S608  names of CHANGEABLE
            {**values, "person_id": person_id},
        )


@contextmanager
def own_people_only() -> Iterator[None]:
    """The database's refusal as words: what a manager writes has to be of the own team, before and after."""
    try:
        yield
    except psycopg2.errors.WithCheckOptionViolation:
        raise InputError(NOT_OWN_TEAM) from None


def find_person(cursor: Cursor, crn: str) -> int:
    """The identifier of the person with that CRN; InputError when nobody has it."""
    crn = checked_text("the CRN", crn, CRN_LENGTH)
    cursor.execute("SELECT person_id FROM people WHERE crn = %s", (crn,))
    row = cursor.fetchone()
    if row is None:
        raise InputError(f"nobody has the CRN {crn}: `cordon people list` shows who there is")
    person_id: int = row[0]
    return person_id


def read_person(cursor: Cursor, person_id: int) -> PersonRecord | None:
    """None where there is no such person for the caller, who supervises or manages them."""
    cursor.execute("SELECT * FROM person_record(%s)", (person_id,))
    row = cursor.fetchone()
    return PersonRecord(*row) if row else None


def list_people(cursor: Cursor) -> list[Person]:
    """Everybody, in the order of their CRNs."""
    cursor.execute(
        "SELECT person.person_id, person.crn, person.name, person.practitioner,"
        " coalesce(array_agg(device.serial ORDER BY device.serial) FILTER (WHERE device.serial IS NOT NULL), '{}')"
        " FROM people person"
        " LEFT JOIN device_activations activation"
        " ON activation.person_id = person.person_id AND activation.during @> (SELECT service_clock())"
        " LEFT JOIN devices device USING (device_id)"
        " GROUP BY person.person_id ORDER BY person.crn"
    )
    return [Person(*row) for row in cursor.fetchall()]


def _checked(cursor: Cursor, values: Mapping[str, Any]) -> dict[str, Any]:
    """Raises InputError on the first value that cannot be kept."""
    checked = dict(values)
    for field, what, longest in (
        ("name", "the name", NAME_LENGTH),
        ("practitioner", "the practitioner's subject", SUBJECT_LENGTH),
        ("nomis_id", "the NOMIS ID", IDENTIFIER_LENGTH),
        ("pnc_id", "the PNC ID", IDENTIFIER_LENGTH),
    ):
        if checked.get(field) is not None:
            checked[field] = checked_text(what, checked[field], longest)
    if "name" in checked and checked["name"] is None:
        raise InputError("the name is empty")
    if checked.get("team_id") is not None:
        cursor.execute("SELECT FROM teams WHERE team_id = %s", (checked["team_id"],))
        if cursor.fetchone() is None:
            raise InputError(f"there is no team {checked['team_id']}: `cordon staff teams` shows them")
    return checked


def checked_birth(cursor: Cursor, born: date | None) -> date | None:
    """Raises InputError on a day on which nobody who lives was born."""
    if born is not None and not FIRST_BIRTH <= born <= service_now(cursor).date():
        raise InputError(f"{born.isoformat()} is no date of birth: give one from {FIRST_BIRTH.isoformat()} to today")
    return born
