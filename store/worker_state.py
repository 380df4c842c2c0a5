"""What a worker loads: the devices of a batch, their wearers' open visits, and the zones in force."""

from collections.abc import Collection

from model.devices import FOREVER_US, NEVER_US, Activation, DeviceRecord, LastFix
from model.times import to_microseconds
from model.zones import ZoneVersion
from store.database import Cursor
from store.zone_versions import ZONE_VERSION, ZONE_VERSIONS, zone_version


def load_devices(cursor: Cursor, serials: Collection[str]) -> list[DeviceRecord]:
    """Those of ``serials`` that are registered, with their activations and newest stored positions."""
    cursor.execute("SELECT device_id, serial FROM devices WHERE serial = ANY(%s)", (list(serials),))
    rows = cursor.fetchall()
    device_ids = [device_id for device_id, _ in rows]
    activations, last_fixes = load_activations(cursor, device_ids), load_last_fixes(cursor, device_ids)
    last_usable, erased = load_last_usable(cursor, device_ids), load_erased(cursor, device_ids)
    return [
        DeviceRecord(
            serial,
            device_id,
            activations.get(device_id, ()),
            last_fixes[device_id],
            last_usable.get(device_id),
            erased.get(device_id, ()),
        )
        for device_id, serial in rows
    ]


def load_last_fixes(cursor: Cursor, device_ids: Collection[int]) -> dict[int, tuple[LastFix, ...]]:
    """The newest two stored positions of each device, the newest first."""
    cursor.execute(
        "SELECT wanted.device_id, last.fix_time, last.fix_key, last.lat, last.lon, last.accuracy_m, last.mechanism"
        " FROM unnest(%s::integer[]) AS wanted (device_id) CROSS JOIN LATERAL ("
        "   SELECT fix_time, fix_key, lat, lon, accuracy_m, mechanism FROM positions"
        "   WHERE positions.device_id = wanted.device_id ORDER BY fix_time DESC, fix_key DESC LIMIT 2) last"
        " ORDER BY wanted.device_id, last.fix_time DESC, last.fix_key DESC",
        (list(device_ids),),
    )
    found: dict[int, tuple[LastFix, ...]] = dict.fromkeys(device_ids, ())
    for device_id, fix_time, *rest in cursor.fetchall():
        found[device_id] = (*found[device_id], LastFix(to_microseconds(fix_time), *rest))
    return found


def load_last_usable(cursor: Cursor, device_ids: Collection[int]) -> dict[int, LastFix]:
    """The newest stored position of each device that pins its wearer down; a device without any is left out."""
    cursor.execute(
        "SELECT wanted.device_id, last.fix_time, last.fix_key, last.lat, last.lon, last.accuracy_m, last.mechanism"
        " FROM unnest(%s::integer[]) AS wanted (device_id) CROSS JOIN LATERAL ("
        "   SELECT fix_time, fix_key, lat, lon, accuracy_m, mechanism FROM positions"
        "   WHERE positions.device_id = wanted.device_id AND is_usable(accuracy_m, mechanism, fix_time, received_at)"
        "   ORDER BY fix_time DESC, fix_key DESC LIMIT 1) last",
        (list(device_ids),),
    )
    return {device_id: LastFix(to_microseconds(fix_time), *rest) for device_id, fix_time, *rest in cursor.fetchall()}


def load_activations(cursor: Cursor, device_ids: Collection[int]) -> dict[int, tuple[Activation, ...]]:
    """Every activation of the devices, by device; a device without any is left out."""
    cursor.execute(
        "SELECT device_id, activation_id, person_id, lower(during), upper(during) FROM device_activations"
        " WHERE device_id = ANY(%s) ORDER BY device_id, lower(during)",
        (list(device_ids),),
    )
    found: dict[int, tuple[Activation, ...]] = {}
    for device_id, activation_id, person_id, start, end in cursor.fetchall():
        activation = Activation(
            activation_id, person_id, to_microseconds(start), FOREVER_US if end is None else to_microseconds(end)
        )
        found[device_id] = (*found.get(device_id, ()), activation)
    return found


def load_erased(cursor: Cursor, device_ids: Collection[int]) -> dict[int, tuple[tuple[int, int], ...]]:
    """Times of which the devices' positions were deleted; a device without any is left out."""
    cursor.execute(
        "SELECT device_id, CASE WHEN lower_inc(span) THEN lower(span) ELSE lower(span) + interval '1 us' END,"
        " upper(span) FROM erased_times CROSS JOIN unnest(times) AS span"
        " WHERE kind = 'positions' AND device_id = ANY(%s)",
        (list(device_ids),),
    )
    found: dict[int, tuple[tuple[int, int], ...]] = {}
    for device_id, start, end in cursor.fetchall():
        span = (
            NEVER_US if start is None else to_microseconds(start),
            FOREVER_US if end is None else to_microseconds(end),
        )
        found[device_id] = (*found.get(device_id, ()), span)
    return found


def devices_changed_since(cursor: Cursor, revision: int, device_ids: Collection[int]) -> list[int]:
    """Those of ``device_ids`` whose activations were changed after ``revision``."""
    cursor.execute(
        "SELECT DISTINCT device_id FROM activation_revisions WHERE revision > %s AND device_id = ANY(%s)",
        (revision, list(device_ids)),
    )
    return [device_id for (device_id,) in cursor.fetchall()]


def load_zones_of(cursor: Cursor, person_ids: Collection[int]) -> list[ZoneVersion]:
    """Every version of every zone of these people."""
    return _zone_versions(cursor, "zone.person_id = ANY(%s)", list(person_ids))


def load_shared_zones(cursor: Cursor) -> list[ZoneVersion]:
    return _zone_versions(cursor, "zone.person_id IS NULL")


def zones_changed_since(cursor: Cursor, revision: int, person_ids: Collection[int]) -> list[ZoneVersion]:
    """Versions changed after ``revision`` of shared zones and of these people's own."""
    condition = "version.revision > %s AND (zone.person_id IS NULL OR zone.person_id = ANY(%s))"
    return _zone_versions(cursor, condition, revision, list(person_ids))


def _zone_versions(cursor: Cursor, condition: str, *values: object) -> list[ZoneVersion]:
    cursor.execute(
        f"SELECT {ZONE_VERSION} FROM {ZONE_VERSIONS} WHERE {condition}",  # noqa: S608  literals
        values,
    )
    return [zone_version(row) for row in cursor.fetchall()]
