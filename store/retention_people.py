"""People and victims of whom nothing is left but themselves."""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg2.errors

from store.database import Cursor, fetch_one
from store.registry import lock_registry_exclusive, next_revision

STUB = "erased-"
_NOT_MONITORED_FORGETS = (  # a bitmap of people; the counts of the runs stay
    "UPDATE not_monitored SET people = set_bit(people, %(person)s, 0)"
    " WHERE length(people) > %(person)s / 8 AND get_bit(people, %(person)s) = 1"
)


@dataclass(frozen=True, slots=True)
class PeopleDue:
    people: int
    activations: int
    victims: int


def record_ends(cursor: Cursor) -> bool:
    """Write down the end of those who are due: what it was found by goes before they do, and a run may be broken off.
    False where somebody's order ended at another time than planned, or goes on again: plan anew.

    Under the registry's lock; from here on nobody puts a tag on them, nor approves a condition for them.
    """
    lock_registry_exclusive(cursor)
    cursor.execute(
        "SELECT count(*) FROM due_people JOIN ended USING (person_id) LEFT JOIN orders_ended() again USING (person_id)"
        " WHERE again.ended_at IS DISTINCT FROM ended.ended_at"
    )
    if fetch_one(cursor)[0]:
        return False
    cursor.execute(
        "UPDATE people SET ended_at = ended.ended_at FROM due_people JOIN ended USING (person_id)"
        " WHERE people.person_id = due_people.person_id AND people.ended_at IS NULL"
    )
    return True


def count_people(cursor: Cursor) -> PeopleDue:
    cursor.execute(
        "SELECT (SELECT count(*) FROM people JOIN due_people USING (person_id) WHERE NOT starts_with(crn, %(stub)s)),"
        " (SELECT count(*) FROM activation_records JOIN due_people USING (person_id)),"
        " (SELECT count(*) FROM victims JOIN due_victims USING (victim_id))",
        {"stub": STUB},
    )
    return PeopleDue(*fetch_one(cursor))


def people_due(cursor: Cursor) -> list[int]:
    cursor.execute("SELECT person_id FROM people JOIN due_people USING (person_id) ORDER BY person_id")
    return [person_id for (person_id,) in cursor.fetchall()]


def forget_person(cursor: Cursor, person_id: int) -> tuple[int, int]:
    """The person and what they wore; how many of both. Where a record of somebody else refers to the person, a stub
    stays for it, which says nothing about anybody; it goes once nothing refers to it.

    Under the registry's lock, and workers read the devices anew: none of them writes for the person after that.
    """
    lock_registry_exclusive(cursor)
    cursor.execute("SAVEPOINT person")
    cursor.execute("SELECT starts_with(crn, %s) FROM people WHERE person_id = %s", (STUB, person_id))
    was_there = not fetch_one(cursor)[0]
    cursor.execute(_NOT_MONITORED_FORGETS, {"person": person_id})
    try:
        worn = _delete_worn(cursor, person_id)
        cursor.execute("DELETE FROM people WHERE person_id = %s", (person_id,))
    except psycopg2.errors.ForeignKeyViolation:
        cursor.execute("ROLLBACK TO SAVEPOINT person")
        worn = _delete_unneeded_worn(cursor, person_id)
        cursor.execute(
            "UPDATE people SET crn = %s || person_id, name = 'erased', nomis_id = NULL, pnc_id = NULL,"
            " date_of_birth = NULL, practitioner = NULL, team_id = NULL WHERE person_id = %s",
            (STUB, person_id),
        )
    return int(was_there), worn


def _delete_worn(cursor: Cursor, person_id: int) -> int:
    cursor.execute("DELETE FROM activation_records WHERE person_id = %s RETURNING device_id", (person_id,))
    device_ids = [device_id for (device_id,) in cursor.fetchall()]
    cursor.execute(
        "UPDATE erased_times SET revision = %s WHERE device_id = ANY (%s)", (next_revision(cursor), device_ids)
    )
    return len(device_ids)


def _delete_unneeded_worn(cursor: Cursor, person_id: int) -> int:
    """What was worn goes even so, unless it is that which somebody else's record refers to."""
    cursor.execute("SAVEPOINT worn")
    try:
        return _delete_worn(cursor, person_id)
    except psycopg2.errors.ForeignKeyViolation:
        cursor.execute("ROLLBACK TO SAVEPOINT worn")
        return 0


def victims_due(cursor: Cursor) -> list[int]:
    cursor.execute("SELECT victim_id FROM victims JOIN due_victims USING (victim_id) ORDER BY victim_id")
    return [victim_id for (victim_id,) in cursor.fetchall()]


def forget_victim(cursor: Cursor, victim_id: int, parameters: Mapping[str, object]) -> int:
    cursor.execute("SELECT erase_victim(%s, %s)", (victim_id, parameters["victims_end"]))
    return int(fetch_one(cursor)[0])


def count_unended(cursor: Cursor) -> int:
    """People whose tags are all off, and of whose order no end is known: nothing of theirs goes by one."""
    cursor.execute(
        "SELECT count(*) FROM people WHERE ended_at IS NULL"
        " AND EXISTS (SELECT FROM activation_records worn WHERE worn.person_id = people.person_id)"
        " AND NOT EXISTS (SELECT FROM activation_records worn WHERE worn.person_id = people.person_id"
        "   AND coalesce(upper(worn.during), 'infinity') > service_clock())"
        " AND person_id NOT IN (SELECT person_id FROM orders_ended())"
    )
    return int(fetch_one(cursor)[0])
