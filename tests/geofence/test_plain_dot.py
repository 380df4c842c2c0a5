"""The plain dot, position by position."""

from dataclasses import replace

import numpy as np

from geofence.columns import PositionRows
from geofence.plain_dot import DotStay, plain_dot
from geofence.track import track_of
from ingest.fix_key import fix_keys
from model.enums import ZoneKind
from model.zones import Circle
from tests.geofence.examples import LAT, LON, PROJECTION, index_of, version
from tests.support.pings import START_US, fixes

HOME = Circle(LON, LAT, 100.0)


def stays(*east_m: float, kind: ZoneKind = ZoneKind.EXCLUSION, active_to_us: int | None = None) -> list[DotStay]:
    """Of positions a minute apart, so far east of the zone's centre."""
    lon, lat = PROJECTION.inverse(np.array(east_m), np.zeros(len(east_m)))
    made = fixes([START_US + 60_000_000 * place for place in range(len(east_m))], lat.tolist(), lon.tolist())
    none = np.zeros(len(made), np.int64)
    track = track_of(PositionRows(made, none + 1, fix_keys(made), none, none), 1, 1, PROJECTION)
    return plain_dot(track, index_of(replace(version(HOME), kind=kind, active_to_us=active_to_us)), [1])


def test_a_stay_is_a_run_of_dots_inside() -> None:
    assert stays(150, 99, 50, 101, 0) == [DotStay(1, 1, 3), DotStay(1, 4, None)]
    assert stays(150, 200) == []


def test_where_absence_is_watched_it_is_a_run_of_dots_outside() -> None:
    assert stays(150, 99, 50, 101, 0, kind=ZoneKind.INCLUSION) == [DotStay(1, 0, 1), DotStay(1, 3, 4)]


def test_outside_its_dates_a_zone_has_no_stay() -> None:
    assert stays(50, 50, 50, active_to_us=START_US + 90_000_000) == [DotStay(1, 0, 2)]
