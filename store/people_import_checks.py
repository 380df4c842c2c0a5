"""What is wrong with the rows of a file of people or devices beside each other, and beside what is known already."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from store.database import Cursor
from store.registry_staging import note_errors

DEVICE_COLUMN_TYPES = {
    "crn": "text",
    "device_serial": "text",
    "worn_from": "timestamptz",
    "worn_until": "timestamptz",
    "beside_another": "boolean",
}
_NEW_WEARING = (
    "staged JOIN managed_people person USING (crn)"
    " LEFT JOIN managed_devices device ON device.serial = staged.device_serial"
    " WHERE staged.worn_from IS NOT NULL AND NOT EXISTS (SELECT FROM managed_activations same"
    "  WHERE same.device_id = device.device_id AND same.person_id = person.person_id"
    "  AND lower(same.during) = staged.worn_from)"
)
_REPEATED_CRN = (
    "SELECT row_number, crn AS value FROM (SELECT row_number, crn,"
    " row_number() OVER (PARTITION BY crn ORDER BY row_number) AS place FROM staged) numbered WHERE place > 1"
)
_UNKNOWN_TEAM = (
    "SELECT row_number, team AS value FROM staged"
    " WHERE team IS NOT NULL AND NOT EXISTS (SELECT FROM teams WHERE teams.name = staged.team)"
)
_UNKNOWN_CRN = (
    "SELECT row_number, crn AS value FROM staged"
    " WHERE NOT EXISTS (SELECT FROM managed_people known WHERE known.crn = staged.crn)"
)
_DEVICE_TWICE_IN_FILE = (
    "SELECT row_number, device_serial AS value FROM (SELECT row_number, device_serial, worn_from,"
    " max(coalesce(worn_until, 'infinity')) OVER (PARTITION BY device_serial ORDER BY worn_from, row_number"
    "  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until FROM staged WHERE worn_from IS NOT NULL) ordered"
    " WHERE until > worn_from"
)
_PERSON_TWICE_IN_FILE = (
    "SELECT row_number, device_serial AS value FROM (SELECT row_number, device_serial, worn_from, beside_another,"
    " max(coalesce(worn_until, 'infinity')) OVER (PARTITION BY crn ORDER BY worn_from, row_number"
    "  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until FROM staged WHERE worn_from IS NOT NULL) ordered"
    " WHERE until > worn_from AND NOT beside_another"
)
_DEVICE_TAKEN = (
    f"SELECT row_number, device_serial AS value FROM {_NEW_WEARING}"  # noqa: S608  as above
    " AND EXISTS (SELECT FROM managed_activations other WHERE other.device_id = device.device_id"
    "  AND other.during && tstzrange(staged.worn_from, staged.worn_until))"
)
_PERSON_TAKEN = (
    f"SELECT row_number, device_serial AS value FROM {_NEW_WEARING}"  # noqa: S608  as above
    " AND NOT staged.beside_another AND EXISTS (SELECT FROM managed_activations other"
    "  WHERE other.person_id = person.person_id AND other.device_id IS DISTINCT FROM device.device_id"
    "  AND other.during && tstzrange(staged.worn_from, staged.worn_until))"
)
_ENDED = (
    f"SELECT row_number, crn AS value FROM {_NEW_WEARING}"  # noqa: S608  as above
    " AND coalesce(staged.worn_until, 'infinity') > person.ended_at"
)
_LATEST = (
    "LEFT JOIN LATERAL (SELECT is_eligible AND withdrawn_at IS NULL AS holds, prison, borough, screening_note, stated"
    " FROM eligibility_decisions known WHERE known.person_id = person.person_id"
    " ORDER BY decision_id DESC LIMIT 1) latest ON true"
)
_CHILD = "SELECT row_number, {value}::text AS value FROM {rows} AND worn_from < adult_from({born})"
_OLDER_END = (
    "SELECT row_number, staged.worn_until::text AS value FROM staged JOIN managed_people person USING (crn)"
    " JOIN managed_devices device ON device.serial = staged.device_serial"
    " JOIN managed_activations same ON same.device_id = device.device_id AND same.person_id = person.person_id"
    "  AND lower(same.during) = staged.worn_from"
    " WHERE NOT upper_inf(same.during) AND staged.worn_until <> upper(same.during)"
)


def check_wearings(cursor: Cursor, *, is_people: bool) -> None:
    """Note each row whose activation overlaps another, of the device or of the person, or that is a child's."""
    swap = "end the other first, or give a later worn_from"
    note_errors(cursor, _DEVICE_TWICE_IN_FILE, "device_serial", "another row has it on somebody at that time", swap)
    note_errors(cursor, _DEVICE_TAKEN, "device_serial", "it is on somebody at some of that time", swap)
    second = "the person wears another device at some of that time"
    meant = "give worn_until, or say yes to beside_another where both are meant"
    note_errors(cursor, _PERSON_TWICE_IN_FILE, "device_serial", second, meant)
    note_errors(cursor, _PERSON_TAKEN, "device_serial", second, meant)
    note_errors(cursor, _ENDED, "worn_until", "the person has ended by then", "give worn_until, no later than the end")
    note_errors(cursor, _OLDER_END, "worn_until", "it came off at another time already", "leave the row out")
    born = "coalesce(staged.date_of_birth, person.date_of_birth)" if is_people else "person.date_of_birth"
    known = _CHILD.format(value=born, rows=_NEW_WEARING, born=born)
    child = "the person is under 18 on that day, or the date of birth is not known"
    note_errors(cursor, known, "date_of_birth", child, "leave the device out; nobody under 18 is tagged")
    if is_people:
        fresh = f"({_UNKNOWN_CRN.replace('row_number, crn AS value', '*')}) fresh WHERE worn_from IS NOT NULL"
        unknown = _CHILD.format(value="date_of_birth", rows=fresh, born="date_of_birth")
        note_errors(cursor, unknown, "date_of_birth", child, "leave the device out; nobody under 18 is tagged")


def check_people(cursor: Cursor) -> None:
    """Note each row of a person who is there twice, or whose team is not there."""
    note_errors(cursor, _REPEATED_CRN, "crn", "another row before has this CRN", "give each person once")
    note_errors(cursor, _UNKNOWN_TEAM, "team", "there is no such team", "add it first, or correct its name")


def check_known(cursor: Cursor) -> None:
    """Note each row of a file of devices whose wearer is not there."""
    note_errors(cursor, _UNKNOWN_CRN, "crn", "nobody has this CRN", "add the person first, or correct it")


@dataclass(frozen=True, slots=True)
class EarlierDecision:
    """A device that is put on by the word of a decision that was recorded before, to be asked again for that day."""

    row_number: int
    serial: str
    worn_from: datetime
    date_of_birth: date | None
    prison: str | None
    borough: str | None
    screening_note: str
    stated: dict[str, Any]


def check_decisions(cursor: Cursor, *, is_people: bool) -> Iterator[EarlierDecision]:
    """Note each device that is put on without any decision; the others with an earlier one come back."""
    without = "AND staged.answers IS NULL" if is_people else ""
    born = "coalesce(staged.date_of_birth, person.date_of_birth)" if is_people else "person.date_of_birth"
    rows = _NEW_WEARING.replace(" WHERE", f" {_LATEST} WHERE", 1)
    missing = f"SELECT row_number, crn AS value FROM {rows} {without} AND latest.holds IS NOT TRUE"  # noqa: S608  as above
    problem = "nobody has decided that the person may be tagged"
    remedy = "decide first, or give screening_note and the answers in the row"
    note_errors(cursor, missing, "device_serial", problem, remedy)
    if is_people:
        fresh = _UNKNOWN_CRN + " AND worn_from IS NOT NULL AND answers IS NULL"
        note_errors(cursor, fresh, "device_serial", problem, remedy)
    with cursor.connection.cursor(name="earlier_decisions") as found:
        found.execute(
            f"SELECT row_number, device_serial, worn_from, {born}, latest.prison, latest.borough,"  # noqa: S608  as above
            f" latest.screening_note, latest.stated FROM {rows} {without} AND latest.holds ORDER BY row_number"
        )
        yield from (EarlierDecision(*row) for row in found)
