"""A corrected date of birth, and the end of a person: what either does to the tags that are on them."""

from dataclasses import dataclass
from datetime import date, datetime

from ops.errors import InputError
from store.activations import Activation, deactivate, list_activations
from store.database import Cursor, fetch_one
from store.enrolment import checked_birth
from store.locks import Lock, hold_until_commit
from store.registry import lock_registry_exclusive, next_revision


@dataclass(frozen=True, slots=True)
class Correction:
    """``stopped``: the new date makes the person one who was under 18 with a tag on; else the rest is empty."""

    stopped: bool
    device_ids: list[int]
    told: int  # data-protection officers


@dataclass(frozen=True, slots=True)
class Ended:
    ended_at: datetime
    taken_off: list[Activation]


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


def end_person(cursor: Cursor, person_id: int, ended_at: datetime, *, takes_tags_off: bool) -> Ended:
    """No tag is on the person from ``ended_at`` on.

    Raises InputError where a tag is on them then and ``takes_tags_off`` does not say that it comes off, or where one
    was put on no earlier, or came off later: an end before its start.
    """
    lock_registry_exclusive(cursor)
    worn = [one for one in list_activations(cursor, person_id) if one.ended_at is None or one.ended_at > ended_at]
    wrong = [one for one in worn if one.ended_at is not None or one.began_at >= ended_at]
    if wrong:
        raise InputError(
            f"the person cannot end at {ended_at.isoformat()}: {wrong[0].serial} has {wrong[0]}; give a later time"
        )
    if worn and not takes_tags_off:
        raise InputError(
            f"a tag is still on the person: {', '.join(one.serial for one in worn)}; take it off first, or say that it"
            " comes off with the end: monitoring stops then"
        )
    taken_off = [deactivate(cursor, one.serial, ended_at, person_id) for one in worn]
    cursor.execute("UPDATE managed_people SET ended_at = %s WHERE person_id = %s", (ended_at, person_id))
    return Ended(ended_at, taken_off)
