"""Devices, and who wore which of them when. A change of an activation is a change of the registry.

Positions of the device that were judged for somebody else, or for nobody, are judged anew. Everything goes through the
views of migration 0025, which are empty for whoever may not manage people.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg2.errors

from ops.errors import InputError
from store.checks import checked_text
from store.clock import service_now
from store.database import Cursor, fetch_one
from store.enrolment import find_person
from store.registry import lock_registry_exclusive, next_revision

SERIAL_LENGTH = 64
MOST_AHEAD = timedelta(days=1)
"""A tag that is recorded for next year by a slip of the pen is on nobody until then, and nobody would notice."""

_ACTIVATION = (
    "SELECT activation_id, person_id, person.crn, device.serial, lower(during), upper(during)"
    " FROM managed_activations JOIN managed_people person USING (person_id)"
    " JOIN managed_devices device USING (device_id)"
)
NO_CHILD = (
    "nobody is tagged who is under 18 on the day it begins, or whose date of birth is not known:"
    " `cordon people change` records it"
)


@dataclass(frozen=True, slots=True)
class Activation:
    activation_id: int
    person_id: int
    crn: str
    serial: str
    began_at: datetime
    ended_at: datetime | None  # None: still on

    def __str__(self) -> str:
        until = f"until {self.ended_at.isoformat()}" if self.ended_at else "with no end"
        return f"activation {self.activation_id}, on {self.crn} from {self.began_at.isoformat()} {until}"


@dataclass(frozen=True, slots=True)
class Device:
    serial: str
    last: Activation | None  # the latest activation, whether or not it has ended


@dataclass(frozen=True, slots=True)
class Swap:
    off: Activation
    on: Activation


def activate(
    cursor: Cursor,
    serial: str,
    crn: str,
    began_at: datetime,
    ended_at: datetime | None = None,
    *,
    beside_another: bool = False,
) -> Activation:
    """Record that the device is on the person from ``began_at`` on; a device not yet known is registered.

    Raises InputError when that lies in the future, when nobody has the CRN, when the device is or will be on somebody
    then, when the person is under 18 on that day or has ended, or wears another device and ``beside_another`` does not
    say that this is meant.
    """
    serial = checked_text("the serial", serial, SERIAL_LENGTH)
    if ended_at is not None and ended_at <= began_at:
        raise InputError(f"{serial} cannot come off at {ended_at.isoformat()}, before it was put on; give a later time")
    if began_at > service_now(cursor) + MOST_AHEAD:
        raise InputError(
            f"{serial} cannot have been put on at {began_at.isoformat()}, in the future: give the time at which it was;"
            " check the year"
        )
    lock_registry_exclusive(cursor)
    person_id = find_person(cursor, crn)
    device_id = _device_for(cursor, serial)
    _refuse_overlap(cursor, serial, device_id, began_at, ended_at)
    _refuse_ended(cursor, person_id, began_at, ended_at)
    if not beside_another:
        _refuse_second(cursor, person_id, began_at, ended_at)
    with _no_child():
        cursor.execute(
            "INSERT INTO managed_activations (device_id, person_id, during, revision)"
            " VALUES (%s, %s, tstzrange(%s, %s), %s) RETURNING activation_id",
            (device_id, person_id, began_at, ended_at, next_revision(cursor)),
        )
        activation_id = fetch_one(cursor)[0]
    activations_changed(cursor, [device_id], [began_at])
    return Activation(activation_id, person_id, crn.strip(), serial, began_at, ended_at)


def deactivate(cursor: Cursor, serial: str, ended_at: datetime, person_id: int | None = None) -> Activation:
    """Record that the device came off at ``ended_at``; of this person alone, where one is given.

    Raises InputError when the device is unknown or on nobody, or when it was put on no earlier than that.
    """
    serial = checked_text("the serial", serial, SERIAL_LENGTH)
    lock_registry_exclusive(cursor)
    device_id = _find_device(cursor, serial)
    last = _last_activation(cursor, device_id)
    if last is None or last.ended_at is not None:
        before = f"; its last was {last}" if last else ""
        raise InputError(f"{serial} is on nobody, so there is no activation to end{before}")
    if person_id is not None and last.person_id != person_id:
        raise InputError(f"{serial} is not on this person: {last}")
    if ended_at <= last.began_at:
        raise InputError(
            f"{serial} cannot come off at {ended_at.isoformat()}, before it was put on: {last}; give a later time"
        )
    cursor.execute(
        "UPDATE managed_activations SET during = tstzrange(lower(during), %s), revision = %s WHERE activation_id = %s",
        (ended_at, next_revision(cursor), last.activation_id),
    )
    activations_changed(cursor, [device_id], [ended_at])
    return Activation(last.activation_id, last.person_id, last.crn, serial, last.began_at, ended_at)


def swap(cursor: Cursor, crn: str, off_serial: str, on_serial: str, at: datetime) -> Swap:
    """One device off the person and another on at the same instant: a position belongs to one of the two, not to both.

    Raises InputError as ``activate`` and ``deactivate`` do, and then neither has happened.
    """
    lock_registry_exclusive(cursor)
    off = deactivate(cursor, off_serial, at, find_person(cursor, crn))
    return Swap(off, activate(cursor, on_serial, crn, at, beside_another=True))


def activations_changed(cursor: Cursor, device_ids: list[int], moments: list[datetime]) -> None:
    """Who wore each device from its moment on was changed: those times are judged and matched anew."""
    cursor.execute("SELECT activations_changed(%s::integer[], %s::timestamptz[])", (device_ids, moments))


def list_devices(cursor: Cursor, after: str = "", limit: int | None = None) -> list[Device]:
    """Devices in the order of the serials, from behind ``after``, each with its latest activation.

    Without those that are on somebody whom the caller does not manage.
    """
    cursor.execute(
        "SELECT device.serial, last.activation_id, last.person_id, last.crn, device.serial, last.began, last.ended"
        " FROM managed_devices device LEFT JOIN LATERAL (SELECT activation_id, person_id, crn, lower(during) AS began,"
        "   upper(during) AS ended FROM managed_activations worn JOIN managed_people USING (person_id)"
        "   WHERE worn.device_id = device.device_id ORDER BY during DESC LIMIT 1) last ON true"
        " WHERE device.serial > %s AND device.device_id NOT IN"
        "   (SELECT device_id FROM worn_by_others(ARRAY(SELECT device_id FROM managed_devices))"
        "    WHERE during @> (SELECT service_clock()))"
        " ORDER BY device.serial LIMIT %s",
        (after, limit),
    )
    return [Device(serial, Activation(*last) if last[0] else None) for serial, *last in cursor.fetchall()]


def list_activations(cursor: Cursor, person_id: int) -> list[Activation]:
    """Of one person, the newest first."""
    cursor.execute(f"{_ACTIVATION} WHERE person_id = %s ORDER BY during DESC, activation_id DESC", (person_id,))
    return [Activation(*row) for row in cursor.fetchall()]


def list_doubtful(cursor: Cursor) -> list[Activation]:
    """Activations from before the rule on ages: of somebody under 18 then, or with no date of birth."""
    cursor.execute(f"{_ACTIVATION} WHERE lower(during) < adult_from(person.date_of_birth) ORDER BY crn, during")
    return [Activation(*row) for row in cursor.fetchall()]


@contextmanager
def _no_child() -> Iterator[None]:
    """The database's own refusals as words; it is asked last, and right whatever was read before."""
    try:
        yield
    except psycopg2.errors.CheckViolation as error:
        if error.diag.constraint_name != "wearer_is_adult":
            raise
        raise InputError(NO_CHILD) from None
    except psycopg2.errors.ExclusionViolation:
        raise InputError(
            "the device is or was on somebody else at some of that time, who is not shown to you: give a later time"
        ) from None


def _device_for(cursor: Cursor, serial: str) -> int:
    cursor.execute("INSERT INTO managed_devices (serial) VALUES (%s) ON CONFLICT (serial) DO NOTHING", (serial,))
    return _find_device(cursor, serial)


def _find_device(cursor: Cursor, serial: str) -> int:
    cursor.execute("SELECT device_id FROM managed_devices WHERE serial = %s", (serial,))
    row = cursor.fetchone()
    if row is None:
        raise InputError(f"no device has the serial {serial}: `cordon devices list` shows those that are known")
    device_id: int = row[0]
    return device_id


def _refuse_overlap(cursor: Cursor, serial: str, device_id: int, began_at: datetime, ended_at: datetime | None) -> None:
    cursor.execute(
        f"{_ACTIVATION} WHERE device_id = %s AND during && tstzrange(%s, %s) ORDER BY during LIMIT 1",
        (device_id, began_at, ended_at),
    )
    row = cursor.fetchone()
    if row is not None:
        raise InputError(
            f"{serial} cannot be put on at {began_at.isoformat()}: it overlaps {Activation(*row)}; end that first with"
            f" `cordon devices deactivate {serial}`, or give a later --from"
        )


def _refuse_second(cursor: Cursor, person_id: int, began_at: datetime, ended_at: datetime | None) -> None:
    cursor.execute(
        f"{_ACTIVATION} WHERE person_id = %s AND during && tstzrange(%s, %s) ORDER BY during LIMIT 1",
        (person_id, began_at, ended_at),
    )
    row = cursor.fetchone()
    if row is not None:
        other = Activation(*row)
        raise InputError(
            f"the person wears {other.serial} then: {other}; swap the two at one instant with `cordon devices swap`, or"
            " say that both are worn at once"
        )


def _refuse_ended(cursor: Cursor, person_id: int, began_at: datetime, ended_at: datetime | None) -> None:
    cursor.execute("SELECT ended_at FROM managed_people WHERE person_id = %s", (person_id,))
    over_at = fetch_one(cursor)[0]
    if over_at is not None and (ended_at is None or ended_at > over_at or began_at >= over_at):
        raise InputError(f"the person ended at {over_at.isoformat()}: no tag is on them from then on")


def _last_activation(cursor: Cursor, device_id: int) -> Activation | None:
    cursor.execute(f"{_ACTIVATION} WHERE device_id = %s ORDER BY during DESC LIMIT 1", (device_id,))
    row = cursor.fetchone()
    return Activation(*row) if row else None
