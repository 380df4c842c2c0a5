"""The crimes that a worker holds beside its zones: those whose time is not long over."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from crimes.recent import RecentScenes, SceneColumns
from model.crimes import LONGEST_HULL
from model.times import to_microseconds
from store.database import Cursor, fetch_one

HELD_FOR = timedelta(days=7)
"""For as long a worker may lag behind, as brokers commonly keep messages, it meets live positions with the crimes of
their time in memory. What comes later still is matched again whatever is held: that is decided by time alone."""


def take_scenes(cursor: Cursor, scenes: RecentScenes, since_revision: int) -> None:
    """Take in the crimes that were changed after ``since_revision`` of the registry, and forget those long over."""
    cursor.execute(
        "SELECT horizon, EXISTS (SELECT FROM crime_versions WHERE is_current AND from_time < horizon)"
        " FROM (SELECT service_clock() - %s AS horizon) held",
        (HELD_FOR + LONGEST_HULL,),
    )
    horizon, has_earlier = fetch_one(cursor)
    cursor.execute(
        "SELECT crime_version_id, is_current, lat, lon, place_uncertainty_m, from_time, to_time FROM crime_versions"
        " WHERE from_time >= %s AND crime_id IN (SELECT crime_id FROM crime_versions WHERE revision > %s)",
        (horizon, since_revision),
    )
    rows = cursor.fetchall()
    scenes.drop([crime_version_id for crime_version_id, is_current, *_ in rows if not is_current])
    current = [row for row in rows if row[1]]
    if current:
        scenes.put(_columns(current))
    scenes.drop_before(to_microseconds(horizon))
    scenes.note_earlier(to_microseconds(horizon + LONGEST_HULL) if has_earlier else None)


def _columns(rows: Sequence[tuple[Any, ...]]) -> SceneColumns:
    ids, _, lat, lon, place_uncertainty_m, from_time, to_time = zip(*rows, strict=True)
    return SceneColumns(
        crime_version_id=np.array(ids, np.int64),
        lat=np.array(lat, np.float64),
        lon=np.array(lon, np.float64),
        place_uncertainty_m=np.array(place_uncertainty_m, np.float64),
        from_us=np.array([to_microseconds(one) for one in from_time], np.int64),
        to_us=np.array([to_microseconds(one) for one in to_time], np.int64),
    )
