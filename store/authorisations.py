"""Authorised entries and absences: granted, revoked and listed, and loaded by workers.

A change of one is a change of the registry, so that every worker knows it with its next batch.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from model.authorisations import Authorisation
from model.times import EARLIEST, LATEST, to_microseconds
from ops.errors import InputError
from store.checks import FieldProblem, FieldsRefusedError, checked_field
from store.database import Cursor, fetch_one
from store.enrolment import CRN_LENGTH
from store.reevaluation_requests import reevaluate_zone
from store.registry import lock_registry_for_edit, next_revision

LONGEST = timedelta(days=31)
LONGEST_PURPOSE = 500


@dataclass(frozen=True, slots=True)
class StoredAuthorisation:
    """One as it was granted, ``[begins_at, ends_at)``, and what of it holds: until ``lifts_until``."""

    authorisation_id: int
    zone_id: int
    zone_reference: str
    person_id: int
    crn: str
    begins_at: datetime
    ends_at: datetime
    lifts_until: datetime
    purpose: str
    granted_by: str
    granted_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None


@dataclass(frozen=True, slots=True)
class AuthorisationRequest:
    """What somebody wants to grant: who (by CRN) may be in, or away from, which zone and when, and for what."""

    zone_reference: str
    crn: str
    begins_at: datetime
    ends_at: datetime
    purpose: str


_AUTHORISATIONS = """
    SELECT authorisation.authorisation_id, authorisation.zone_id, zone.reference, authorisation.person_id, person.crn,
           lower(authorisation.during), upper(authorisation.during), authorisation.lifts_until, authorisation.purpose,
           authorisation.granted_by, authorisation.granted_at, authorisation.revoked_at, authorisation.revoked_by
    FROM authorisations authorisation
    JOIN zones zone USING (zone_id)
    JOIN people person ON person.person_id = authorisation.person_id
"""


def grant(cursor: Cursor, wanted: AuthorisationRequest, granted_by: str, lock_timeout_ms: int) -> StoredAuthorisation:
    """Lift the zone for the person. Where that begins in the past, what was judged since is judged anew.

    Raises FieldsRefusedError with every reason; UnavailableError when the registry's lock is not had in time.
    """
    held_at = lock_registry_for_edit(cursor, lock_timeout_ms)
    problems = _time_problems(wanted)
    purpose = checked_field("purpose", wanted.purpose, LONGEST_PURPOSE, problems)
    person_id = _find_person(cursor, wanted, problems)
    zone_id = _find_zone(cursor, wanted.zone_reference, person_id, problems)
    if zone_id is not None and not problems:
        problems += _zone_problems(cursor, zone_id, person_id, wanted)
    if problems:
        raise FieldsRefusedError(problems)
    cursor.execute(
        "INSERT INTO authorisations (person_id, zone_id, during, purpose, granted_by, revision)"
        " VALUES (%s, %s, tstzrange(%s, %s), %s, %s, %s) RETURNING authorisation_id",
        (person_id, zone_id, wanted.begins_at, wanted.ends_at, purpose, granted_by, next_revision(cursor)),
    )
    granted = find_authorisation(cursor, fetch_one(cursor)[0])
    if granted is None:
        raise LookupError("an authorisation that was granted is not there")
    if granted.begins_at < held_at:
        reevaluate_zone(cursor, granted.zone_id, granted.person_id, granted.begins_at)
    return granted


def revoke(cursor: Cursor, authorisation_id: int, revoked_by: str, lock_timeout_ms: int) -> StoredAuthorisation | None:
    """Let it hold no longer; None where there is none to see. One that was revoked before stays as it is.

    What the wearer did under it stays lifted. One that was granted only after its end is withdrawn whole, and what was
    judged since its beginning is judged anew. Raises InputError where it was granted in time and is over.
    """
    held_at = lock_registry_for_edit(cursor, lock_timeout_ms)
    found = find_authorisation(cursor, authorisation_id)
    if found is None or found.revoked_at is not None:
        return found
    if found.granted_at < found.ends_at <= held_at:
        ended = found.ends_at.isoformat()
        raise InputError(f"authorisation {authorisation_id} ended at {ended}: what was done under it stays lifted")
    cursor.execute(
        "UPDATE authorisations SET revoked_at = %s, revoked_by = %s, revision = %s WHERE authorisation_id = %s",
        (held_at, revoked_by, next_revision(cursor), authorisation_id),
    )
    if found.ends_at <= held_at:
        reevaluate_zone(cursor, found.zone_id, found.person_id, found.begins_at)
    return find_authorisation(cursor, authorisation_id)


def find_authorisation(cursor: Cursor, authorisation_id: int) -> StoredAuthorisation | None:
    cursor.execute(f"{_AUTHORISATIONS} WHERE authorisation_id = %s", (authorisation_id,))
    row = cursor.fetchone()
    return StoredAuthorisation(*row) if row else None


def list_authorisations(
    cursor: Cursor, zone_id: int | None, before: int | None, limit: int, *, in_force_only: bool = False
) -> list[StoredAuthorisation]:
    """The newest first, from behind the one with the id ``before``; of one zone, or of all with None.

    ``in_force_only`` leaves those out that lift nothing any more.
    """
    cursor.execute(
        f"{_AUTHORISATIONS} WHERE (%(zone)s::bigint IS NULL OR zone.zone_id = %(zone)s)"
        " AND (%(before)s::bigint IS NULL OR authorisation_id < %(before)s)"
        " AND (NOT %(in_force)s OR (lifts_until > service_clock() AND lifts_until > lower(during)))"
        " ORDER BY authorisation_id DESC LIMIT %(limit)s",
        {"zone": zone_id, "before": before, "limit": limit, "in_force": in_force_only},
    )
    return [StoredAuthorisation(*row) for row in cursor.fetchall()]


def load_authorisations_of(cursor: Cursor, person_ids: Collection[int]) -> list[Authorisation]:
    """Every authorisation of these people, as far as it holds; one that lifts nothing ends where it begins."""
    return _load(cursor, "person_id = ANY (%s)", list(person_ids))


def authorisations_changed_since(cursor: Cursor, revision: int, person_ids: Collection[int]) -> list[Authorisation]:
    """Those of these people that were granted or revoked after ``revision``; each replaces the one with its id."""
    return _load(cursor, "revision > %s AND person_id = ANY (%s)", revision, list(person_ids))


def _load(cursor: Cursor, condition: str, *values: object) -> list[Authorisation]:
    cursor.execute(
        "SELECT authorisation_id, person_id, zone_id, lower(during), lifts_until FROM authorisations"  # noqa: S608  literals
        f" WHERE {condition} ORDER BY authorisation_id",
        values,
    )
    return [
        Authorisation(authorisation_id, person_id, zone_id, to_microseconds(begins_at), to_microseconds(lifts_until))
        for authorisation_id, person_id, zone_id, begins_at, lifts_until in cursor.fetchall()
    ]


def _time_problems(wanted: AuthorisationRequest) -> list[FieldProblem]:
    problems = [
        FieldProblem(field, moment.isoformat(), "give a time between 1970 and 2200")
        for field, moment in (("from", wanted.begins_at), ("to", wanted.ends_at))
        if not EARLIEST <= moment < LATEST
    ]
    if wanted.ends_at <= wanted.begins_at:
        problems.append(FieldProblem("to", wanted.ends_at.isoformat(), "give a time after from"))
    elif wanted.ends_at - wanted.begins_at > LONGEST:
        days = f"{(wanted.ends_at - wanted.begins_at) / timedelta(days=1):.1f} days"
        remedy = f"one authorisation lasts at most {LONGEST.days} days: for longer change the zone's schedule or dates"
        problems.append(FieldProblem("to", days, remedy))
    return problems


def _find_person(cursor: Cursor, wanted: AuthorisationRequest, problems: list[FieldProblem]) -> int | None:
    checked = checked_field("person", wanted.crn, CRN_LENGTH, problems)
    if not checked:
        return None
    cursor.execute("SELECT person_id, ended_at FROM people WHERE crn = %s", (checked,))
    row = cursor.fetchone()
    if row is None:
        remedy = "give the CRN of a person whom you may see"
        problems.append(FieldProblem("person", f"nobody whom you may see has the CRN {checked}", remedy))
        return None
    person_id: int
    person_id, ended_at = row
    if ended_at is not None and wanted.ends_at > ended_at:
        found = f"the person's monitoring ends, or ended, at {ended_at.isoformat()}"
        problems.append(FieldProblem("to", found, "nothing is watched from then on: give a time before"))
    return person_id


def _find_zone(cursor: Cursor, reference: str, person_id: int | None, problems: list[FieldProblem]) -> int | None:
    cursor.execute("SELECT zone_id, person_id FROM zones WHERE reference = %s", (reference,))
    row = cursor.fetchone()
    if row is None:
        remedy = "`cordon zones list` and GET /v1/zones show them"
        problems.append(FieldProblem("zone", f"there is no zone {reference} that you may see", remedy))
        return None
    zone_id: int
    zone_id, owner = row
    if person_id is not None and owner not in {None, person_id}:
        found = f"the zone {reference} does not apply to the person"
        problems.append(FieldProblem("zone", found, "give one of the person's own zones, or a shared one"))
    return zone_id


def _zone_problems(
    cursor: Cursor, zone_id: int, person_id: int | None, wanted: AuthorisationRequest
) -> list[FieldProblem]:
    """What speaks against lifting this zone then; the rest of the request is right."""
    cursor.execute(
        "SELECT bool_or(kind NOT IN ('crime_scene', 'authority_area')) FROM zone_versions WHERE zone_id = %s"
        " AND tstzrange(valid_from, valid_to) * tstzrange(active_from, active_to) && tstzrange(%s, %s)",
        (zone_id, wanted.begins_at, wanted.ends_at),
    )
    (can_be_lifted,) = fetch_one(cursor)
    if can_be_lifted is None:
        found = f"the zone {wanted.zone_reference} does not hold at any time of this window"
        return [FieldProblem("from", found, "give a window within the zone's dates")]
    if not can_be_lifted:
        found = f"the zone {wanted.zone_reference} is a crime scene or an authority's area"
        return [FieldProblem("zone", found, "nobody is kept out of it, so there is nothing to lift")]
    cursor.execute(
        f"{_AUTHORISATIONS} WHERE authorisation.zone_id = %s AND authorisation.person_id = %s"
        " AND tstzrange(lower(during), lifts_until) && tstzrange(%s, %s) ORDER BY lower(during) LIMIT 1",
        (zone_id, person_id, wanted.begins_at, wanted.ends_at),
    )
    row = cursor.fetchone()
    if row is None:
        return []
    other = StoredAuthorisation(*row)
    until = f"{other.begins_at.isoformat()} to {other.lifts_until.isoformat()}"
    found = f"it overlaps authorisation {other.authorisation_id}, {until}"
    return [FieldProblem("from", found, "give a window beside that one, or revoke it first")]
