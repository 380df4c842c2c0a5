"""Devices, and who wore which of them when. A change of an activation is a change of the registry.

Positions of the device that were judged for somebody else, or for nobody, are judged anew.
"""

from dataclasses import dataclass
from datetime import datetime

from ops.errors import InputError
from store.checks import checked_text
from store.database import Cursor, fetch_one
from store.enrolment import find_person
from store.matching_wanted import match_worn_since
from store.reevaluation_requests import reevaluate_device
from store.registry import lock_registry_exclusive, next_revision
from store.rematches import rematch_worn_about

SERIAL_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Activation:
    activation_id: int
    crn: str
    began_at: datetime
    ended_at: datetime | None  # None: still on

    def __str__(self) -> str:
        until = f"until {self.ended_at.isoformat()}" if self.ended_at else "with no end"
        return f"activation {self.activation_id}, on {self.crn} from {self.began_at.isoformat()} {until}"


@dataclass(frozen=True, slots=True)
class Device:
    serial: str
    last: Activation | None  # the latest activation, whether or not it has ended


def activate(cursor: Cursor, serial: str, crn: str, began_at: datetime) -> Activation:
    """Record that the device is on the person from ``began_at`` on; a device not yet known is registered.

    Raises InputError when nobody has the CRN, or when the device is or will be on somebody then.
    """
    serial = checked_text("the serial", serial, SERIAL_LENGTH)
    lock_registry_exclusive(cursor)
    person_id = find_person(cursor, crn)
    device_id = _device_for(cursor, serial)
    _refuse_overlap(cursor, serial, device_id, began_at)
    cursor.execute(
        "INSERT INTO device_activations (device_id, person_id, during, revision)"
        " VALUES (%s, %s, tstzrange(%s, NULL), %s) RETURNING activation_id",
        (device_id, person_id, began_at, next_revision(cursor)),
    )
    activation_id = fetch_one(cursor)[0]
    reevaluate_device(cursor, device_id, began_at)
    match_worn_since(cursor, began_at)
    rematch_worn_about(cursor, device_id, began_at)
    return Activation(activation_id, crn.strip(), began_at, None)


def deactivate(cursor: Cursor, serial: str, ended_at: datetime) -> Activation:
    """Record that the device came off at ``ended_at``.

    Raises InputError when the device is unknown or on nobody, or when it was put on no earlier than that.
    """
    serial = checked_text("the serial", serial, SERIAL_LENGTH)
    lock_registry_exclusive(cursor)
    device_id = _find_device(cursor, serial)
    last = _last_activation(cursor, device_id)
    if last is None or last.ended_at is not None:
        before = f"; its last was {last}" if last else ""
        raise InputError(f"{serial} is on nobody, so there is no activation to end{before}")
    if ended_at <= last.began_at:
        raise InputError(
            f"{serial} cannot come off at {ended_at.isoformat()}, before it was put on: {last}; give a later time"
        )
    cursor.execute(
        "UPDATE device_activations SET during = tstzrange(lower(during), %s), revision = %s WHERE activation_id = %s",
        (ended_at, next_revision(cursor), last.activation_id),
    )
    reevaluate_device(cursor, device_id, ended_at)
    match_worn_since(cursor, ended_at)
    rematch_worn_about(cursor, device_id, ended_at)
    return Activation(last.activation_id, last.crn, last.began_at, ended_at)


def list_devices(cursor: Cursor) -> list[Device]:
    """Every device in the order of the serials, each with its latest activation."""
    cursor.execute(
        "SELECT DISTINCT ON (device.serial) device.serial, activation_id, crn, lower(during), upper(during)"
        " FROM devices device LEFT JOIN device_activations USING (device_id) LEFT JOIN people USING (person_id)"
        " ORDER BY device.serial, during DESC NULLS LAST"
    )
    return [Device(serial, Activation(*last) if last[0] else None) for serial, *last in cursor.fetchall()]


def _device_for(cursor: Cursor, serial: str) -> int:
    cursor.execute("INSERT INTO devices (serial) VALUES (%s) ON CONFLICT (serial) DO NOTHING", (serial,))
    return _find_device(cursor, serial)


def _find_device(cursor: Cursor, serial: str) -> int:
    cursor.execute("SELECT device_id FROM devices WHERE serial = %s", (serial,))
    row = cursor.fetchone()
    if row is None:
        raise InputError(f"no device has the serial {serial}: `cordon devices list` shows those that are known")
    device_id: int = row[0]
    return device_id


def _refuse_overlap(cursor: Cursor, serial: str, device_id: int, began_at: datetime) -> None:
    cursor.execute(
        "SELECT activation_id, crn, lower(during), upper(during) FROM device_activations JOIN people USING (person_id)"
        " WHERE device_id = %s AND during && tstzrange(%s, NULL) ORDER BY during LIMIT 1",
        (device_id, began_at),
    )
    row = cursor.fetchone()
    if row is not None:
        raise InputError(
            f"{serial} cannot be put on at {began_at.isoformat()}: it overlaps {Activation(*row)}; end that first with"
            f" `cordon devices deactivate {serial}`, or give a later --from"
        )


def _last_activation(cursor: Cursor, device_id: int) -> Activation | None:
    cursor.execute(
        "SELECT activation_id, crn, lower(during), upper(during) FROM device_activations JOIN people USING (person_id)"
        " WHERE device_id = %s ORDER BY during DESC LIMIT 1",
        (device_id,),
    )
    row = cursor.fetchone()
    return Activation(*row) if row else None
