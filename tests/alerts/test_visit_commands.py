"""What a tag is asked as its wearer comes near a zone. Nothing tells where a zone is that the wearer does not know."""

from dataclasses import replace

import numpy as np
import pytest

from geofence.columns import Fixes
from model.commands import CommandKind
from model.devices import FOREVER_US, Activation
from model.enums import ZoneKind
from model.times import SECOND_US
from model.zones import Circle, ZoneVersion
from tests.support.memory_records import PROJECTION, MemoryRecords
from tests.support.pings import START_US, fixes
from tests.support.policies import BUFFERED

ZONE = ZoneVersion(
    1, 1, "Z", "zone", ZoneKind.EXCLUSION, 7, Circle(-0.1, 51.5, 150.0), 0, None, None, None, policy=BUFFERED
)
MINUTE_US = 60 * SECOND_US


def walk(eastings_m: list[float], received_after_us: int = SECOND_US) -> Fixes:
    """A position a minute, at these metres east of the zone's centre."""
    centre_m, _ = PROJECTION.forward(np.array([-0.1]), np.array([51.5]))
    lon, lat = PROJECTION.inverse(centre_m + eastings_m, np.zeros(len(eastings_m)))
    times = [START_US + place * MINUTE_US for place in range(len(eastings_m))]
    return fixes(times, lat.tolist(), lon.tolist(), received_us=[moment + received_after_us for moment in times])


def commands(zone: ZoneVersion, track: Fixes) -> list[CommandKind]:
    records = MemoryRecords((Activation(5, 7, 0, FOREVER_US),), (zone,))
    return [command.kind for command in records.take(track).commands]


@pytest.mark.parametrize(("disclosed", "expected"), [(True, {"vibrate", "report_faster"}), (False, {"report_faster"})])
def test_a_tag_vibrates_at_an_approach_only_where_the_wearer_knows_of_the_zone(
    disclosed: bool, expected: set[str]
) -> None:
    told = commands(replace(ZONE, is_disclosed=disclosed), walk([600, 400, 220, 210]))
    assert {kind.value for kind in told} == expected


def test_a_tag_that_may_be_in_a_zone_reports_faster() -> None:
    assert CommandKind.REPORT_FASTER in commands(replace(ZONE, is_disclosed=False), walk([600, 500, 130]))


def test_nothing_is_asked_far_from_every_zone() -> None:
    assert commands(ZONE, walk([3000, 2900, 2950])) == []


def test_nothing_is_asked_for_what_was_long_ago() -> None:
    assert commands(replace(ZONE, is_disclosed=True), walk([600, 400, 220, 210], 3600 * SECOND_US)) == []


def test_a_crime_scene_asks_nothing_of_a_tag() -> None:
    assert commands(replace(ZONE, kind=ZoneKind.CRIME_SCENE), walk([600, 300, 10, 0])) == []
