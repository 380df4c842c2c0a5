"""Which devices may have been near scenes, by what was noted of their tracks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crimes.matching.worn import Spell
from crimes.reach import GapEnds, disc_m, leaves_room, reach_m
from crimes.scenes import Scene
from crimes.track_notes import HOUR_US
from geofence.columns import Booleans, Integers
from geofence.grid import covering_cells
from model.crimes import SHORT_GAP_US, MatchingSettings
from model.devices import FOREVER_US
from model.times import from_microseconds, to_microseconds
from store.copied_out import TIMESTAMP, copy_out
from store.database import Cursor


@dataclass(frozen=True, slots=True)
class GapsFound:
    """Gaps of devices in the windows of scenes; arrays of the shape ``(n,)``."""

    scene: Integers  # place in the list of scenes
    device_id: Integers
    ends: GapEnds
    has_room: Booleans  # for a journey by way of the scene


def devices_in_reach(
    cursor: Cursor, scenes: Sequence[Scene], window_us: tuple[Integers, Integers], settings: MatchingSettings
) -> tuple[Integers, Integers]:
    """(scene, device id) of who was in the cells within reach in the window's hours, SHORT_GAP_S more each way."""
    covering = [covering_cells(one.lat, one.lon, reach_m(one, settings)) for one in scenes]
    place = np.repeat(np.arange(len(scenes)), [len(cells) for cells in covering])
    from_hour, to_hour = ((window_us[0] - SHORT_GAP_US) // HOUR_US, (window_us[1] + SHORT_GAP_US) // HOUR_US)
    table = copy_out(
        cursor,
        "SELECT DISTINCT scene, device_id FROM unnest(%(scene)s::integer[], %(cell)s::integer[],"
        " %(from_hour)s::integer[], %(to_hour)s::integer[]) AS looked (scene, cell, from_hour, to_hour)"
        " CROSS JOIN LATERAL (SELECT device_id FROM track_cells noted WHERE noted.cell = looked.cell"
        "  AND noted.hour BETWEEN looked.from_hour AND looked.to_hour OFFSET 0) there",
        {
            "scene": place.tolist(),
            "cell": np.concatenate(covering).tolist(),
            "from_hour": from_hour[place].tolist(),
            "to_hour": to_hour[place].tolist(),
        },
        {"scene": "integer", "device_id": "integer"},
    )
    return table.integers("scene"), table.integers("device_id")


def find_gaps(
    cursor: Cursor, scenes: Sequence[Scene], window_us: tuple[Integers, Integers], settings: MatchingSettings
) -> GapsFound:
    """The gaps that have a moment in common with a scene's window."""
    table = copy_out(
        cursor,
        "SELECT scene, device_id, from_time, until_time, coalesce(from_lat, 'NaN'), coalesce(from_lon, 'NaN'),"
        " coalesce(from_accuracy_m, 'NaN'), coalesce(until_lat, 'NaN'), coalesce(until_lon, 'NaN'),"
        " coalesce(until_accuracy_m, 'NaN') FROM (SELECT scene,"
        "  tstzrange('epoch'::timestamptz + from_us * interval '1 microsecond',"
        "   'epoch'::timestamptz + to_us * interval '1 microsecond', '[]') AS during"
        "  FROM unnest(%(scene)s::integer[], %(from_us)s::bigint[], %(to_us)s::bigint[])"
        "   AS given (scene, from_us, to_us)"
        " ) looked CROSS JOIN LATERAL (SELECT * FROM track_gaps"
        "  WHERE tstzrange(from_time, until_time, '[]') && looked.during OFFSET 0) gap",
        {
            "scene": list(range(len(scenes))),
            "from_us": window_us[0].tolist(),
            "to_us": window_us[1].tolist(),
        },
        {"scene": "integer", "device_id": "integer", "from_time": TIMESTAMP, "until_time": TIMESTAMP}
        | dict.fromkeys(("from_lat", "from_lon"), "float8")
        | {"from_accuracy_m": "real"}
        | dict.fromkeys(("until_lat", "until_lon"), "float8")
        | {"until_accuracy_m": "real"},
    )
    scene = table.integers("scene")
    ends = GapEnds(
        (table.integers("from_time"), table.integers("until_time")),
        (table.floats("from_lat"), table.floats("until_lat")),
        (table.floats("from_lon"), table.floats("until_lon")),
        (table.floats("from_accuracy_m"), table.floats("until_accuracy_m")),
    )
    lat, lon, disc = np.array([(one.lat, one.lon, disc_m(one, settings)) for one in scenes]).T[:, scene]
    windows = (window_us[0][scene], window_us[1][scene])
    has_room = leaves_room(ends, (lat, lon, disc), windows, settings.plausible_speed_mps)
    return GapsFound(scene, table.integers("device_id"), ends, has_room)


def straps_opened(cursor: Cursor, until_us: int) -> list[Spell]:
    """Every strap that was opened by then; FOREVER_US where it was not closed."""
    cursor.execute(
        "SELECT device_id, event_time, closed_at FROM device_events opened LEFT JOIN LATERAL ("
        "  SELECT min(event_time) AS closed_at FROM device_events closed WHERE closed.device_id = opened.device_id"
        "  AND closed.kind = 'strap_restored' AND closed.event_time > opened.event_time) later ON true"
        " WHERE kind = 'strap_tamper' AND event_time <= %s",
        (from_microseconds(until_us),),
    )
    return [
        Spell(device_id, to_microseconds(opened), FOREVER_US if closed is None else to_microseconds(closed))
        for device_id, opened, closed in cursor.fetchall()
    ]
