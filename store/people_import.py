"""What one file of people or devices changes: all of it in one transaction, and the registry's lock last of all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from store.activations import activations_changed
from store.database import Cursor, fetch_one
from store.people_import_checks import DEVICE_COLUMN_TYPES
from store.registry import lock_registry_for_edit, next_revision, read_revision

PEOPLE_COLUMN_TYPES = {
    "crn": "text",
    "name": "text",
    "date_of_birth": "date",
    "nomis_id": "text",
    "pnc_id": "text",
    "team": "text",
    "practitioner": "text",
    **{name: kind for name, kind in DEVICE_COLUMN_TYPES.items() if name != "crn"},
    "tag_day": "date",
    "prison": "text",
    "borough": "text",
    "screening_note": "text",
    "stated": "jsonb",
    "answers": "jsonb",
    "is_eligible": "boolean",
    "reason": "text",
}


@dataclass(frozen=True, slots=True)
class Counts:
    """What a file changes."""

    added: int
    changed: int
    unchanged: int
    decisions: int
    put_on: int
    taken_off: int


@dataclass(frozen=True, slots=True)
class Corrected:
    """A date of birth in the file that makes the wearer of a tag somebody who was under 18."""

    person_id: int
    date_of_birth: date


def write_people(cursor: Cursor) -> tuple[int, int, int]:
    """How many people are new, changed and unchanged. What is empty in the file stays as it is."""
    cursor.execute("SELECT count(*) FROM staged JOIN managed_people USING (crn)")
    known = fetch_one(cursor)[0]
    cursor.execute(
        """
        UPDATE managed_people person
        SET name = staged.name, nomis_id = coalesce(staged.nomis_id, person.nomis_id),
            pnc_id = coalesce(staged.pnc_id, person.pnc_id),
            practitioner = coalesce(staged.practitioner, person.practitioner),
            team_id = coalesce(team.team_id, person.team_id),
            date_of_birth = CASE WHEN makes_a_child_of_a_wearer(person.person_id, staged.date_of_birth)
              THEN person.date_of_birth ELSE coalesce(staged.date_of_birth, person.date_of_birth) END
        FROM staged LEFT JOIN teams team ON team.name = staged.team
        WHERE staged.crn = person.crn AND (
          staged.name <> person.name
          OR staged.nomis_id IS DISTINCT FROM person.nomis_id AND staged.nomis_id IS NOT NULL
          OR staged.pnc_id IS DISTINCT FROM person.pnc_id AND staged.pnc_id IS NOT NULL
          OR staged.practitioner IS DISTINCT FROM person.practitioner AND staged.practitioner IS NOT NULL
          OR team.team_id IS DISTINCT FROM person.team_id AND team.team_id IS NOT NULL
          OR staged.date_of_birth IS DISTINCT FROM person.date_of_birth AND staged.date_of_birth IS NOT NULL)
        """
    )
    changed = cursor.rowcount
    cursor.execute(
        "INSERT INTO managed_people (crn, name, date_of_birth, nomis_id, pnc_id, practitioner, team_id)"
        " SELECT crn, staged.name, date_of_birth, nomis_id, pnc_id, practitioner, team.team_id"
        " FROM staged LEFT JOIN teams team ON team.name = staged.team"
        " WHERE NOT EXISTS (SELECT FROM managed_people known WHERE known.crn = staged.crn) ORDER BY row_number"
    )
    return cursor.rowcount, changed, known - changed


def corrections_wanted(cursor: Cursor) -> list[Corrected]:
    """To be corrected under the registry's lock, one by one."""
    cursor.execute(
        "SELECT person_id, staged.date_of_birth FROM staged JOIN managed_people person USING (crn)"
        " WHERE staged.date_of_birth <> coalesce(person.date_of_birth, '-infinity')"
        " AND makes_a_child_of_a_wearer(person_id, staged.date_of_birth) ORDER BY person_id"
    )
    return [Corrected(*row) for row in cursor.fetchall()]


def write_decisions(cursor: Cursor, rules_version: int, how_to_challenge: str, decided_by: str) -> int:
    """How many are new; one that says what the person's latest says already is not."""
    cursor.execute(
        """
        INSERT INTO eligibility_decisions (person_id, rules_version, for_day, prison, borough, stated, answers,
          screening_note, is_eligible, reason, how_to_challenge, decided_by)
        SELECT person.person_id, %(version)s, tag_day, staged.prison, staged.borough, staged.stated, staged.answers,
          staged.screening_note, staged.is_eligible, staged.reason, %(challenge)s, %(decided_by)s
        FROM staged JOIN managed_people person USING (crn)
        LEFT JOIN LATERAL (
          SELECT * FROM eligibility_decisions known WHERE known.person_id = person.person_id
          ORDER BY decision_id DESC LIMIT 1) latest ON true
        WHERE staged.answers IS NOT NULL
          AND (latest.decision_id IS NULL OR latest.withdrawn_at IS NOT NULL
            OR (latest.rules_version, latest.for_day, latest.answers, latest.screening_note)
              IS DISTINCT FROM (%(version)s, tag_day, staged.answers, staged.screening_note))
        ORDER BY row_number
        """,
        {"version": rules_version, "challenge": how_to_challenge, "decided_by": decided_by},
    )
    return cursor.rowcount


def write_activations(cursor: Cursor) -> tuple[int, int]:
    """How many devices are put on and taken off, by a revision that ``publish`` makes true."""
    revision = read_revision(cursor) + 1
    cursor.execute(
        "INSERT INTO managed_devices (serial) SELECT DISTINCT device_serial FROM wearing"
        " WHERE device_id IS NULL ORDER BY 1 ON CONFLICT DO NOTHING"
    )
    cursor.execute(
        """
        CREATE TEMPORARY TABLE changed ON COMMIT DROP AS
        SELECT device.device_id, person.person_id, worn_from, worn_until, same_id
        FROM wearing JOIN managed_devices device ON device.serial = device_serial
        JOIN managed_people person ON person.crn = wearing.crn
        WHERE same_id IS NULL OR same_until IS NULL AND worn_until IS NOT NULL
        """
    )
    cursor.execute("ANALYZE changed")
    cursor.execute(
        "UPDATE managed_activations worn SET during = tstzrange(worn_from, worn_until), revision = %s FROM changed"
        " WHERE changed.same_id = worn.activation_id",
        (revision,),
    )
    taken_off = cursor.rowcount
    cursor.execute(
        "INSERT INTO managed_activations (device_id, person_id, during, revision)"
        " SELECT device_id, person_id, tstzrange(worn_from, worn_until), %s FROM changed"
        " WHERE same_id IS NULL ORDER BY device_id, worn_from",
        (revision,),
    )
    return cursor.rowcount, taken_off


def publish(cursor: Cursor, lock_timeout_ms: int, correct: Callable[[int], None]) -> None:
    """Take the registry's lock, and with it the revision; have what was judged meanwhile judged anew.

    ``correct`` is called under the lock. Raises UnavailableError where the lock is not had in time: nothing is kept.
    """
    written = read_revision(cursor) + 1
    lock_registry_for_edit(cursor, lock_timeout_ms)
    revision = next_revision(cursor)
    if revision != written:  # an edit came between
        cursor.execute(
            "UPDATE managed_activations worn SET revision = %s FROM changed WHERE changed.device_id = worn.device_id"
            " AND changed.person_id = worn.person_id AND lower(worn.during) = changed.worn_from",
            (revision,),
        )
    cursor.execute(
        "SELECT device_id, CASE WHEN same_id IS NULL THEN worn_from ELSE worn_until END FROM changed ORDER BY 1, 2"
    )
    changes: list[tuple[int, datetime]] = cursor.fetchall()
    if changes:
        activations_changed(cursor, [device_id for device_id, _ in changes], [moment for _, moment in changes])
    correct(revision)


def people_of_file(cursor: Cursor) -> list[int]:
    """Whom the file names: for the audit."""
    cursor.execute("SELECT person_id FROM staged JOIN managed_people USING (crn)")
    return [person_id for (person_id,) in cursor.fetchall()]
