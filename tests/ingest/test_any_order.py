"""Whatever the order in which pings arrive, and however they are cut into batches, the same visits and alerts stand."""

from dataclasses import replace
from datetime import time
from random import Random
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.columns import Fixes
from model.authorisations import Authorisation
from model.devices import FOREVER_US, Activation
from model.enums import Mechanism, ZoneKind
from model.policies import CURFEW, STEADY
from model.schedules import DailyWindow, Schedule, Weekday, WeeklyWindow
from model.times import SECOND_US
from model.zones import Circle, MultiPolygon, ZoneVersion
from tests.support.memory_records import PROJECTION, MemoryRecords
from tests.support.policies import BUFFERED

START_US = 1_770_000_000 * SECOND_US
MINUTE_US = 60 * SECOND_US
PERSON_ID = 7


def _zone(zone_id: int, kind: ZoneKind, geometry: Circle | MultiPolygon, **more: Any) -> ZoneVersion:
    plain = ZoneVersion(zone_id, 1, f"Z-{zone_id}", "zone", kind, PERSON_ID, geometry, 0, None, None, None)
    return replace(plain, **more)


def _square(half_m: float) -> MultiPolygon:
    x, y = np.array([-1, 1, 1, -1, -1]) * half_m, np.array([-1, -1, 1, 1, -1]) * half_m
    lon, lat = PROJECTION.inverse(x, y)
    return MultiPolygon(((tuple(zip(lon.tolist(), lat.tolist(), strict=True)),),))


ZONES = (
    _zone(1, ZoneKind.EXCLUSION, Circle(-0.1, 51.5, 150.0), policy=BUFFERED),
    _zone(2, ZoneKind.EXCLUSION, _square(250.0), policy=STEADY),
    _zone(3, ZoneKind.CURFEW, _square(120.0), policy=replace(CURFEW, confirm_dwell_s=120.0, confirm_count=2)),
    _zone(
        4,
        ZoneKind.EXCLUSION,
        _square(400.0),
        policy=STEADY,
        schedule=Schedule("Europe/London", (WeeklyWindow(frozenset(Weekday), DailyWindow(time(2, 45), time(2, 55))),)),
    ),
)
AUTHORISED = Authorisation(1, PERSON_ID, 2, START_US + 6 * MINUTE_US, START_US + 14 * MINUTE_US)
ACTIVATION = Activation(5, PERSON_ID, 0, FOREVER_US)

positions = st.tuples(
    st.integers(0, 25),  # minutes
    st.sampled_from([0, 0, 0, 30]),  # seconds
    st.integers(-600, 600),  # metres east
    st.integers(-300, 300),  # metres north
    st.sampled_from([8.0, 8.0, 25.0, 90.0, np.nan]),
    st.sampled_from([Mechanism.GPS, Mechanism.GPS, Mechanism.GPS, Mechanism.LBS, Mechanism.WIFI, Mechanism.RF]),
)


Arrival = tuple[int, int, int, int, float, Mechanism]


def as_fixes(arrivals: list[Arrival], first_offset: int) -> Fixes:
    minutes, seconds, x, y, accuracy, mechanism = zip(*arrivals, strict=True)
    count = len(arrivals)
    lon, lat = PROJECTION.inverse(np.array(x, np.float64), np.array(y, np.float64))
    nothing = np.full(count, np.nan)
    return Fixes(
        fix_time_us=START_US + np.array(minutes, np.int64) * MINUTE_US + np.array(seconds, np.int64) * SECOND_US,
        received_us=np.full(count, START_US + 60 * MINUTE_US),
        lat=lat,
        lon=lon,
        accuracy_m=np.array(accuracy),
        mechanism=np.array(mechanism, np.int64),
        speed_mps=nothing,
        heading_deg=nothing,
        satellites=np.full(count, -1),
        hdop=nothing,
        battery_pct=nothing,
        sequence=np.full(count, -1),
        message_offset=first_offset + np.arange(count),
    )


def new_records() -> MemoryRecords:
    return MemoryRecords((ACTIVATION,), ZONES, (AUTHORISED,))


@given(
    arrivals=st.lists(positions, min_size=1, max_size=25),
    order=st.randoms(use_true_random=False),
    cuts=st.lists(st.integers(1, 6), min_size=25, max_size=25),
)
@settings(max_examples=150)
def test_any_order_of_arrival_ends_in_the_same_visits_and_alerts(
    arrivals: list[Arrival], order: Random, cuts: list[int]
) -> None:
    in_order = new_records()
    in_order.take(as_fixes(sorted(arrivals, key=lambda one: one[:2]), 0))
    shuffled = new_records()
    remaining = list(arrivals)
    order.shuffle(remaining)
    taken = 0
    for cut in cuts:
        if remaining[taken : taken + cut]:
            shuffled.take(as_fixes(remaining[taken : taken + cut], taken))
        taken += cut
    assert shuffled.standing_visits() == in_order.standing_visits()
    assert shuffled.standing_alerts() == in_order.standing_alerts()
    assert {key: visit.entered_us for key, visit in shuffled.presence.items()} == {
        key: visit.entered_us for key, visit in in_order.presence.items()
    }
