"""Events of devices: written once however often they come, and read back for those whose state has to be judged."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from model.device_events import DeviceEvent, DeviceEventKind
from model.times import from_microseconds, to_microseconds
from model.watching import Beacon
from store.database import SERVICE, Cursor, Pool

_BATTERY_KINDS = [
    kind.value
    for kind in (
        DeviceEventKind.BATTERY_LOW,
        DeviceEventKind.BATTERY_CRITICAL,
        DeviceEventKind.BATTERY_RESTORED,
        DeviceEventKind.CHARGING_STARTED,
        DeviceEventKind.CHARGING_STOPPED,
    )
]


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as it is kept; ``original`` is None for one that follows from pings."""

    serial: str
    event: DeviceEvent
    sequence: int | None
    original: bytes | None


def record_events(cursor: Cursor, rows: Sequence[EventRow]) -> int:
    """How many were new. Each new one has its device judged at once. Rows of unknown serials are left out."""
    cursor.execute(
        "SELECT record_device_events(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::real[],"
        " %s::bigint[], %s::bytea[])",
        (
            [row.serial for row in rows],
            [row.event.kind.value for row in rows],
            [from_microseconds(row.event.event_us) for row in rows],
            [from_microseconds(row.event.received_us) for row in rows],
            [row.event.battery_pct for row in rows],
            [row.sequence for row in rows],
            [row.original for row in rows],
        ),
    )
    found = cursor.fetchone()
    return int(found[0]) if found else 0


def known_serials(cursor: Cursor, serials: Collection[str]) -> set[str]:
    """Those of ``serials`` that are registered."""
    cursor.execute("SELECT serial FROM devices WHERE serial = ANY (%s)", (list(serials),))
    return {serial for (serial,) in cursor.fetchall()}


def record_events_of_gateway(pool: Pool, rows: Sequence[EventRow]) -> None:
    """Durable on return. UnavailableError when it could not be."""
    with pool.transaction(SERVICE) as cursor:
        record_events(cursor, rows)


def load_events(cursor: Cursor, device_ids: Collection[int]) -> dict[int, list[DeviceEvent]]:
    """Every event of each device, in no order."""
    found: dict[int, list[DeviceEvent]] = {device_id: [] for device_id in device_ids}
    cursor.execute(
        "SELECT device_id, kind, event_time, received_at, battery_pct FROM device_events WHERE device_id = ANY (%s)",
        (list(device_ids),),
    )
    for device_id, kind, event_time, received_at, battery_pct in cursor.fetchall():
        found[device_id].append(
            DeviceEvent(DeviceEventKind(kind), to_microseconds(event_time), to_microseconds(received_at), battery_pct)
        )
    return found


def latest_battery_events(cursor: Cursor, device_ids: Collection[int]) -> dict[int, DeviceEvent]:
    """The latest event of each device's battery or charging; in a tie of times, the order that episodes go by."""
    cursor.execute(
        "SELECT device_id, latest.* FROM unnest(%s::integer[]) AS wanted (device_id) CROSS JOIN LATERAL ("
        "  SELECT kind, event_time, received_at, battery_pct FROM device_events event"
        "  WHERE event.device_id = wanted.device_id AND kind = ANY (%s)"
        '  ORDER BY event_time DESC, kind COLLATE "C" DESC LIMIT 1) latest',
        (list(device_ids), _BATTERY_KINDS),
    )
    return {
        device_id: DeviceEvent(
            DeviceEventKind(kind), to_microseconds(event_time), to_microseconds(received_at), battery_pct
        )
        for device_id, kind, event_time, received_at, battery_pct in cursor.fetchall()
    }


def due_devices(cursor: Cursor, through_us: int | None, limit: int) -> list[int]:
    """Devices to be judged: those with new events, and those whose wait ended by ``through_us``, where it is given.

    Their timers stay locked to the commit, so that an event that comes meanwhile is judged in the next round.
    """
    cursor.execute(
        "SELECT device_id FROM device_timers WHERE due_at <= %s::timestamptz ORDER BY device_id LIMIT %s FOR UPDATE",
        ("-infinity" if through_us is None else from_microseconds(through_us), limit),
    )
    return [device_id for (device_id,) in cursor.fetchall()]


def set_timer(cursor: Cursor, device_id: int, due_us: int | None) -> None:
    """When the device has to be judged again; None: not before its next event."""
    if due_us is None:
        cursor.execute("DELETE FROM device_timers WHERE device_id = %s", (device_id,))
    else:
        cursor.execute(
            "UPDATE device_timers SET due_at = %s WHERE device_id = %s", (from_microseconds(due_us), device_id)
        )


def write_beacon(cursor: Cursor, device_id: int, beacon: Beacon) -> None:
    """What its events say of the home beacon."""
    cursor.execute(
        "UPDATE device_heard SET at_beacon = %s, beacon_seen_at = %s WHERE device_id = %s",
        (beacon.is_at, from_microseconds(beacon.seen_us), device_id),
    )


def waiting_devices(cursor: Cursor) -> set[int]:
    """Devices that have a timer, such as those whose battery is low and not charged yet."""
    cursor.execute("SELECT device_id FROM device_timers")
    return {device_id for (device_id,) in cursor.fetchall()}


def request_judgement(cursor: Cursor, device_ids: Collection[int]) -> None:
    """Have the devices judged at once."""
    cursor.execute(
        "INSERT INTO device_timers (device_id, due_at) SELECT device_id, '-infinity' FROM unnest(%s::integer[])"
        " AS wanted (device_id) ORDER BY device_id ON CONFLICT (device_id) DO UPDATE SET due_at = excluded.due_at",
        (list(device_ids),),
    )


def serials_of(cursor: Cursor, device_ids: Collection[int]) -> dict[int, str]:
    cursor.execute("SELECT device_id, serial FROM devices WHERE device_id = ANY (%s)", (list(device_ids),))
    return dict(cursor.fetchall())
