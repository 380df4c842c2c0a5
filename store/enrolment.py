"""Enrolment of people on probation, by the owner: nothing is hidden from it."""

from dataclasses import dataclass

from ops.errors import InputError
from store.checks import checked_text
from store.database import Cursor

CRN_LENGTH = 32
NAME_LENGTH = 200
SUBJECT_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Person:
    person_id: int
    crn: str
    name: str
    practitioner: str | None
    serials: list[str]  # devices worn now


def add_person(cursor: Cursor, crn: str, name: str, practitioner: str | None = None) -> int:
    """Add a person and return their identifier. Raises InputError on an unusable value or a CRN that is taken."""
    crn = checked_text("the CRN", crn, CRN_LENGTH)
    name = checked_text("the name", name, NAME_LENGTH)
    if practitioner is not None:
        practitioner = checked_text("the practitioner's subject", practitioner, SUBJECT_LENGTH)
    cursor.execute(
        "INSERT INTO people (crn, name, practitioner) VALUES (%s, %s, %s) ON CONFLICT (crn) DO NOTHING"
        " RETURNING person_id",
        (crn, name, practitioner),
    )
    row = cursor.fetchone()
    if row is None:
        raise InputError(f"the CRN {crn} is taken: `cordon people list` shows by whom")
    person_id: int = row[0]
    return person_id


def find_person(cursor: Cursor, crn: str) -> int:
    """The identifier of the person with that CRN; InputError when nobody has it."""
    crn = checked_text("the CRN", crn, CRN_LENGTH)
    cursor.execute("SELECT person_id FROM people WHERE crn = %s", (crn,))
    row = cursor.fetchone()
    if row is None:
        raise InputError(f"nobody has the CRN {crn}: `cordon people list` shows who there is")
    person_id: int = row[0]
    return person_id


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
