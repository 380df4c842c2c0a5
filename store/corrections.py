"""A corrected date of birth, and the end of a person: what either does to what watches them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ops.errors import InputError
from store.activations import Activation, deactivate, list_activations
from store.database import Cursor, fetch_one
from store.enrolment import checked_birth
from store.locks import Lock, hold_until_commit
from store.reevaluation_requests import reevaluate_zones
from store.registry import lock_registry_exclusive, next_revision


@dataclass(frozen=True, slots=True)
class Correction:
    """``stopped``: the new date makes the person one who was under 18 with a tag on; else the rest is empty."""

    stopped: bool
    device_ids: list[int]
    told: int  # data-protection officers


@dataclass(frozen=True, slots=True)
class Ended:
    """``conditions`` ended and ``drafts`` withdrawn; ``zones`` counts those of the person that were to go on."""

    ended_at: datetime
    taken_off: list[Activation]
    conditions: int
    drafts: int
    zones: int

    def document(self) -> dict[str, Any]:
        """For the audit."""
        return {
            "activation_ids": [one.activation_id for one in self.taken_off],
            "conditions": self.conditions,
            "drafts": self.drafts,
            "zones": self.zones,
        }


def correct_date_of_birth(cursor: Cursor, person_id: int, born: date) -> Correction:
    """Set the date of birth. Where the person was under 18 while a tag was on them, monitoring of them stops, what was
    recorded before the 18th birthday is shut away, and the data-protection officers are told: all of it, or nothing.

    Raises InputError on a day on which nobody who lives was born.
    """
    checked_birth(cursor, born)
    lock_registry_exclusive(cursor)
    return correct_under_lock(cursor, person_id, born, next_revision(cursor))


def correct_under_lock(cursor: Cursor, person_id: int, born: date, revision: int) -> Correction:
    """The same for whoever holds the registry's lock, and raised its revision."""
    hold_until_commit(cursor, Lock.ALERT_EVENTS)
    cursor.execute("SELECT * FROM correct_date_of_birth(%s, %s, %s)", (person_id, born, revision))
    device_ids, _, told = fetch_one(cursor)
    return Correction(bool(device_ids), device_ids, told)


def end_person(cursor: Cursor, person_id: int, ended_at: datetime, ended_by: str, *, takes_tags_off: bool) -> Ended:
    """No tag is on the person from ``ended_at`` on, their conditions and zones end then, and drafts are withdrawn.

    Raises InputError where a tag is on them then and ``takes_tags_off`` does not say that it comes off, or where a tag
    was put on or a zone began to hold no earlier, or a tag came off later: an end before its start. Nothing is changed.
    """
    lock_registry_exclusive(cursor)
    worn = [one for one in list_activations(cursor, person_id) if one.ended_at is None or one.ended_at > ended_at]
    wrong = [f"{one.serial} has {one}" for one in worn if one.ended_at is not None or one.began_at >= ended_at]
    cursor.execute("SELECT * FROM zones_begun_after(%s, %s)", (person_id, ended_at))
    wrong += [f"zone {reference} holds from {began_at.isoformat()}" for reference, began_at in cursor.fetchall()]
    if wrong:
        raise InputError(f"the person cannot end at {ended_at.isoformat()}: {'; '.join(wrong)}; give a later time")
    if worn and not takes_tags_off:
        raise InputError(
            f"a tag is still on the person: {', '.join(one.serial for one in worn)}; take it off first, or say that it"
            " comes off with the end: monitoring stops then"
        )
    taken_off = [deactivate(cursor, one.serial, ended_at, person_id) for one in worn]
    cursor.execute(
        "SELECT * FROM end_conditions_of(%s, %s, %s, %s)", (person_id, ended_at, ended_by, next_revision(cursor))
    )
    conditions, drafts, zone_ids = fetch_one(cursor)
    reevaluate_zones(cursor, [(zone_id, ended_at) for zone_id in zone_ids])
    cursor.execute("UPDATE managed_people SET ended_at = %s WHERE person_id = %s", (ended_at, person_id))
    return Ended(ended_at, taken_off, conditions, drafts, len(zone_ids))
