"""Corners of judging a past anew, each by the positions that lead into it."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from geofence.columns import Fixes
from model.devices import FOREVER_US, Activation
from model.enums import Mechanism, VisitState, ZoneKind
from model.times import SECOND_US
from model.visits import Visit
from model.zones import Circle, ZoneVersion
from tests.support.memory_records import PROJECTION, MemoryRecords
from tests.support.policies import BUFFERED

START_US = 1_770_000_000 * SECOND_US
MINUTE_US = 60 * SECOND_US
PERSON_ID = 7
ZONE = ZoneVersion(
    1, 1, "Z-1", "zone", ZoneKind.EXCLUSION, PERSON_ID, Circle(-0.1, 51.5, 150.0), 0, None, None, None, policy=BUFFERED
)
WORN = Activation(5, PERSON_ID, 0, FOREVER_US)
INSIDE, OUTSIDE = 0, 600  # metres east of the zone's centre


def fixes(*positions: tuple[float, float], accuracy_m: float = 8.0, offset: int = 0) -> Fixes:
    """GPS positions as (minute, metres east), one message each, received an hour after the start."""
    count = len(positions)
    minutes, east_m = np.array(positions, np.float64).T
    lon, lat = PROJECTION.inverse(east_m, np.zeros(count))
    nothing = np.full(count, np.nan)
    return Fixes(
        fix_time_us=START_US + (minutes * MINUTE_US).astype(np.int64),
        received_us=np.full(count, START_US + 60 * MINUTE_US),
        lat=lat,
        lon=lon,
        accuracy_m=np.full(count, accuracy_m),
        mechanism=np.full(count, Mechanism.GPS.value),
        speed_mps=nothing,
        heading_deg=nothing,
        satellites=np.full(count, -1),
        hdop=nothing,
        battery_pct=nothing,
        sequence=np.full(count, -1),
        message_offset=offset + np.arange(count),
    )


def standing(records: MemoryRecords) -> list[Visit]:
    return [visit for visit in records.visits.values() if visit.state is not VisitState.RETRACTED]


@pytest.mark.parametrize("accuracy_m", [8.0, np.nan])
def test_the_evidence_of_a_crossing_is_a_number_even_where_no_accuracy_is_stated(accuracy_m: float) -> None:
    records = MemoryRecords((WORN,), [ZONE])
    records.take(fixes((0, -OUTSIDE), (1, OUTSIDE), accuracy_m=accuracy_m))
    (crossing,) = [visit for visit in records.visits.values() if visit.inferred]
    assert 0.9 < crossing.evidence.deepest.p_inside <= 1
    json.dumps(asdict(crossing.evidence), allow_nan=False)


def test_a_page_of_positions_before_the_device_was_put_on_is_no_obstacle() -> None:
    first = Activation(5, PERSON_ID, 0, START_US + 20 * MINUTE_US)
    second = Activation(6, PERSON_ID, START_US + 20 * MINUTE_US, FOREVER_US)
    records = MemoryRecords((first, second), [ZONE])
    records.take(fixes(*((minute, OUTSIDE) for minute in range(1, 18)), (20, INSIDE), (21, INSIDE)))
    (visit,) = [one for one in standing(records) if one.aspect.value == "zone"]
    records.take(fixes((0, OUTSIDE + 10), offset=100))
    assert [one for one in standing(records) if one.aspect.value == "zone"] == [visit]


def test_a_visit_that_goes_on_beyond_what_was_judged_anew_stays_open() -> None:
    records = MemoryRecords((WORN,), [ZONE])
    records.take(fixes((0, OUTSIDE), *((minute, OUTSIDE) for minute in range(2, 15)), (15, INSIDE), (16, INSIDE)))
    open_before = dict(records.presence)
    assert {visit.entered_us for visit in open_before.values()} == {START_US + 15 * MINUTE_US}
    records.take(fixes((1, OUTSIDE), offset=100))
    assert records.presence == open_before, "the pages up to minute 15 settle it"
