"""Which devices may have been near scenes, by what was noted of their tracks."""

from collections.abc import Sequence

import numpy as np

from crimes.reach import disc_m, least_distance_m, leaves_room, reach_m
from crimes.scenes import Scene
from crimes.track_notes import HOUR_US
from geofence.columns import Floats, Integers
from geofence.grid import covering_cells
from model.crimes import SHORT_GAP_S, MatchingSettings
from model.times import SECOND_US
from store.copied_out import TIMESTAMP, Table, copy_out
from store.database import Cursor

SHORT_GAP_US = SHORT_GAP_S * SECOND_US

Found = tuple[Integers, Integers]
"""(place in the list of scenes, device id), each of the shape ``(n,)``; a device may be there more than once."""


def devices_in_reach(
    cursor: Cursor, scenes: Sequence[Scene], window_us: tuple[Integers, Integers], settings: MatchingSettings
) -> Found:
    """The devices in the cells within reach of a scene in the hours of its window, SHORT_GAP_S more each way."""
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


def devices_with_gaps(
    cursor: Cursor, scenes: Sequence[Scene], window_us: tuple[Integers, Integers], settings: MatchingSettings
) -> Found:
    """The devices whose track has a gap in a scene's window that leaves room for a journey by way of the scene."""
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
    has_room = leaves_room(
        (window_us[0][scene], window_us[1][scene]),
        (table.integers("from_time"), table.integers("until_time")),
        (_away_m(table, "from", scenes, settings), _away_m(table, "until", scenes, settings)),
        settings.plausible_speed_mps,
    )
    return scene[has_room], table.integers("device_id")[has_room]


def _away_m(table: Table, end: str, scenes: Sequence[Scene], settings: MatchingSettings) -> Floats:
    """Between each gap's end and its scene, less the scene's disc and the position's circle; NaN: not known."""
    lat, lon, disc = np.array([(one.lat, one.lon, disc_m(one, settings)) for one in scenes]).T[
        :, table.integers("scene")
    ]
    distance_m = least_distance_m(lat, lon, table.floats(f"{end}_lat"), table.floats(f"{end}_lon"))
    return np.asarray(distance_m - disc - table.floats(f"{end}_accuracy_m"))
