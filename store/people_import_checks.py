"""What is wrong with the rows of a file of people or devices beside each other, and beside what is known already."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from store.database import Cursor, fetch_one
from store.registry_staging import note_errors, note_repeated, note_unknown_teams

DEVICE_COLUMN_TYPES = {
    "crn": "text",
    "device_serial": "text",
    "worn_from": "timestamptz",
    "worn_until": "timestamptz",
    "beside_another": "boolean",
}
_LOOKS_LIKE_ANOTHER = (  # two records of one person would each hold half of what is known of them
    "SELECT row_number, crn AS value FROM staged"
    " WHERE EXISTS (SELECT FROM managed_people known WHERE lower(known.crn) = lower(staged.crn))"
    " AND NOT EXISTS (SELECT FROM managed_people known WHERE known.crn = staged.crn)"
)
_OF_OTHERS = (
    "SELECT row_number, crn AS value FROM staged WHERE crn IN (SELECT crns_of_others(ARRAY(SELECT crn FROM staged)))"
)
_FOR_OTHERS = (
    "SELECT row_number, coalesce(staged.team, staged.practitioner) AS value FROM staged"
    " LEFT JOIN managed_people known USING (crn) LEFT JOIN teams team ON team.name = staged.team"
    " WHERE NOT (SELECT administers_people())"
    " AND NOT manages_people_of("
    "  coalesce(staged.practitioner, known.practitioner), coalesce(team.team_id, known.team_id))"
)
_UNKNOWN_CRN = (
    "SELECT row_number, crn AS value FROM staged"
    " WHERE crn IS NOT NULL AND NOT EXISTS (SELECT FROM managed_people known WHERE known.crn = staged.crn)"
)
_DEVICE_TWICE_IN_FILE = (
    "SELECT row_number, device_serial AS value FROM (SELECT *, max(coalesce(worn_until, 'infinity'))"
    " OVER (PARTITION BY device_serial ORDER BY worn_from, row_number"
    "  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until FROM wearing) ordered WHERE until > worn_from"
)
_PERSON_TWICE_IN_FILE = (
    "SELECT row_number, device_serial AS value FROM (SELECT *, max(coalesce(worn_until, 'infinity'))"
    " OVER (PARTITION BY crn ORDER BY worn_from, row_number"
    "  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until FROM wearing) ordered"
    " WHERE until > worn_from AND NOT beside_another"
)
_DEVICE_TAKEN = (
    "SELECT row_number, device_serial AS value FROM wearing WHERE same_id IS NULL"
    " AND EXISTS (SELECT FROM standing other WHERE other.device_id = wearing.device_id"
    "  AND other.during && tstzrange(worn_from, worn_until))"
)
_PERSON_TAKEN = (
    "SELECT row_number, device_serial AS value FROM wearing WHERE same_id IS NULL AND NOT beside_another"
    " AND EXISTS (SELECT FROM standing other WHERE other.person_id = wearing.person_id"
    "  AND other.device_id IS DISTINCT FROM wearing.device_id AND other.during && tstzrange(worn_from, worn_until))"
)
_ENDED = (
    "SELECT row_number, worn_until::text AS value FROM wearing"
    " WHERE same_id IS NULL AND coalesce(worn_until, 'infinity') > over_at"
)
_OLDER_END = "SELECT row_number, worn_until::text AS value FROM wearing WHERE worn_until <> same_until"
_CHILD = (
    "SELECT row_number, born::text AS value FROM wearing"
    " WHERE same_id IS NULL AND is_somebody AND worn_from < adult_from(born)"
)
_UNDECIDED = (
    "SELECT row_number, device_serial AS value FROM wearing WHERE same_id IS NULL AND is_somebody AND NOT is_decided"
    " AND NOT EXISTS (SELECT FROM latest_decisions latest WHERE latest.person_id = wearing.person_id AND latest.holds)"
)


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


def check_people(cursor: Cursor) -> None:
    """Note each row of a person who is there twice, or whose team is not there."""
    note_repeated(cursor, "crn", "another row before has this CRN", "give each person once")
    alike = "somebody has this CRN in other capitals"
    note_errors(cursor, _LOOKS_LIKE_ANOTHER, "crn", alike, "write it as it is recorded: `cordon people list`")
    taken = "somebody has this CRN who is not of your team"
    note_errors(cursor, _OF_OTHERS, "crn", taken, "have an administrator change the person")
    others = "the person would be of another manager's team"
    note_errors(cursor, _FOR_OTHERS, "team", others, "give your own, or have an administrator do it")
    note_unknown_teams(cursor)


def count_unsupervised(cursor: Cursor) -> int:
    """How many rows name a practitioner who is not on the staff: nobody sees these people in the office, or is told."""
    cursor.execute(
        "SELECT count(*) FROM staged WHERE practitioner IS NOT NULL AND NOT EXISTS"
        " (SELECT FROM staff WHERE staff.subject = staged.practitioner AND staff.ended_at IS NULL)"
    )
    count: int = fetch_one(cursor)[0]
    return count


def check_known(cursor: Cursor) -> None:
    """Note each row of a file of devices whose wearer is not there."""
    note_errors(cursor, _UNKNOWN_CRN, "crn", "nobody has this CRN", "add the person first, or correct it")


def check_wearings(cursor: Cursor, *, is_people: bool) -> None:
    """Make the temporary table ``wearing``, of each device that a row puts on somebody beside what is known, and note
    each row whose activation overlaps another, of the device or of the person, or that is a child's.
    """
    born = "coalesce(staged.date_of_birth, person.date_of_birth)" if is_people else "person.date_of_birth"
    is_decided = "staged.answers IS NOT NULL" if is_people else "false"
    is_somebody = "true" if is_people else "person.person_id IS NOT NULL"
    cursor.execute(
        f"""
        CREATE TEMPORARY TABLE wearing ON COMMIT DROP AS
        SELECT row_number, staged.crn, device_serial, worn_from, worn_until, beside_another,
          person.person_id, device.device_id, {born} AS born, person.ended_at AS over_at, {is_decided} AS is_decided,
          {is_somebody} AS is_somebody,
          same.activation_id AS same_id, upper(same.during) AS same_until
        FROM staged LEFT JOIN managed_people person ON person.crn = staged.crn
        LEFT JOIN managed_devices device ON device.serial = device_serial
        LEFT JOIN managed_activations same ON same.device_id = device.device_id
          AND same.person_id = person.person_id AND lower(same.during) = worn_from
        WHERE worn_from IS NOT NULL
        """  # noqa: S608  literals of this function
    )
    cursor.execute(  # what is worn already, as it will be once the file's ends are true
        "CREATE TEMPORARY TABLE standing ON COMMIT DROP AS SELECT worn.device_id, worn.person_id,"
        " tstzrange(lower(during), coalesce(upper(during), ending.worn_until)) AS during"
        " FROM managed_activations worn LEFT JOIN wearing ending ON ending.same_id = worn.activation_id"
        " WHERE worn.device_id IN (SELECT device_id FROM wearing) OR worn.person_id IN (SELECT person_id FROM wearing)"
        " UNION ALL SELECT device_id, NULL, during FROM worn_by_others(ARRAY(SELECT device_id FROM wearing))"
    )
    cursor.execute("ANALYZE wearing; ANALYZE standing")
    swap = "end the other first, or give a later worn_from"
    note_errors(cursor, _DEVICE_TWICE_IN_FILE, "device_serial", "another row has it on somebody at that time", swap)
    note_errors(cursor, _DEVICE_TAKEN, "device_serial", "it is on somebody at some of that time", swap)
    second = "the person wears another device at some of that time"
    meant = "give worn_until, or say yes to beside_another where both are meant"
    note_errors(cursor, _PERSON_TWICE_IN_FILE, "device_serial", second, meant)
    note_errors(cursor, _PERSON_TAKEN, "device_serial", second, meant)
    note_errors(cursor, _ENDED, "worn_until", "the person has ended by then", "give worn_until, no later than the end")
    note_errors(cursor, _OLDER_END, "worn_until", "it came off at another time already", "leave the row out")
    child = "the person is under 18 on that day, or the date of birth is not known"
    note_errors(cursor, _CHILD, "date_of_birth", child, "leave the device out; nobody under 18 is tagged")


def check_decisions(cursor: Cursor) -> Iterator[EarlierDecision]:
    """Note each device that is put on without any decision; those with an earlier one come back."""
    cursor.execute(
        "CREATE TEMPORARY TABLE latest_decisions ON COMMIT DROP AS SELECT DISTINCT ON (person_id) person_id,"
        " is_eligible AND withdrawn_at IS NULL AS holds, prison, borough, screening_note, stated"
        " FROM eligibility_decisions WHERE person_id IN (SELECT person_id FROM wearing WHERE NOT is_decided)"
        " ORDER BY person_id, decision_id DESC"
    )
    problem = "nobody has decided that the person may be tagged"
    remedy = "decide first, or give screening_note and the answers in the row"
    note_errors(cursor, _UNDECIDED, "device_serial", problem, remedy)
    with cursor.connection.cursor(name="earlier_decisions") as found:
        found.execute(
            "SELECT row_number, device_serial, worn_from, born, prison, borough, screening_note, stated"
            " FROM wearing JOIN latest_decisions USING (person_id)"
            " WHERE same_id IS NULL AND NOT is_decided AND holds ORDER BY row_number"
        )
        yield from (EarlierDecision(*row) for row in found)
