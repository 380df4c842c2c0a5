"""When one position alone confirms a stay, and between which positions a crossing is inferred."""

import numpy as np

from geofence.columns import PositionRows
from geofence.detection import detect
from geofence.sightings import DetectionLimits
from geofence.track import track_of
from geofence.zone_index import ZoneIndex
from ingest.fix_key import fix_keys
from model.enums import Aspect, ZoneKind
from model.policies import FAST
from model.times import SECOND_US
from model.visits import Visit
from model.zones import Circle, ZoneVersion
from tests.geofence.examples import LAT, LON, PROJECTION
from tests.support.pings import START_US, fixes

LIMITS = DetectionLimits(implied_speed_limit_mps=90.0, poor_accuracy_m=150.0)
HOME = ZoneVersion(
    1, 1, "EZ-1", "Home", ZoneKind.EXCLUSION, 1, Circle(LON, LAT, 200.0), 0, None, None, None, None, FAST
)

Seen = tuple[float, float]
"""Seconds since the start, metres east of the zone's centre."""


def visits(*seen: Seen, accuracy_m: float = 8.0) -> list[Visit]:
    """What comes of GPS positions."""
    moments, east = np.array(seen).T
    lon, lat = PROJECTION.inverse(east, np.zeros(len(east)))
    made = fixes((START_US + moments * SECOND_US).astype(np.int64).tolist(), lat.tolist(), lon.tolist())
    made.accuracy_m[:] = accuracy_m
    none = np.zeros(len(made), np.int64)
    track = track_of(PositionRows(made, none + 1, fix_keys(made), none, none), 1, 1, PROJECTION)
    index = ZoneIndex(PROJECTION)
    index.apply([HOME])
    return [one.after for one in detect(track, index, {}, LIMITS).changes if one.after.aspect is Aspect.ZONE]


def test_one_position_deep_inside_confirms() -> None:
    (visit,) = visits((0, 900), (60, 100))
    assert visit.confirmed_us == START_US + 60 * SECOND_US


def test_it_does_not_where_its_accuracy_is_not_stated() -> None:
    for not_stated in (np.nan, 0.0):
        (visit,) = visits((0, 900), (60, 100), accuracy_m=not_stated)
        assert visit.confirmed_us is None


def test_it_does_after_a_gap_and_as_the_first() -> None:
    (visit,) = visits((0, 900), (3_600, 100))
    assert visit.confirmed_us == START_US + 3_600 * SECOND_US
    (visit,) = visits((0, 100))
    assert visit.confirmed_us == START_US


def test_it_does_not_where_nobody_drives_there_in_the_time() -> None:
    (visit,) = visits((0, 2_300), (60, 100))  # 36 m/s; faster than 90 m/s would not even keep company
    assert visit.confirmed_us is None
    (visit,) = visits((0, 2_210), (60, 100))  # 34.9 m/s, accuracies taken off
    assert visit.confirmed_us is not None


def test_company_confirms_all_of_these() -> None:
    (visit,) = visits((0, 2_300), (60, 100), (120, 90))
    assert visit.confirmed_us == START_US + 120 * SECOND_US


def test_a_crossing_is_inferred_at_an_ordinary_pace_only() -> None:
    (visit,) = visits((0, 300), (60, -300))
    assert visit.inferred
    assert visits((0, 300), (60, -2_000)) == []  # 38 m/s: an outlier on the other side


def test_an_index_takes_no_versions_too() -> None:
    ZoneIndex(PROJECTION).apply([])
