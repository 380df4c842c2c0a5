"""A track built from stored positions is that which the stream would have made in the order of the fix times."""

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geofence.columns import Fixes, PositionRows
from geofence.track import Track, track_of
from ingest.fix_key import fix_keys
from model.devices import NEVER_US
from tests.geofence.examples import PROJECTION
from tests.support.pings import START_US, fixes

MINUTE_US = 60_000_000


def rows_of(given_fixes: Fixes) -> PositionRows:
    zeros = np.zeros(len(given_fixes), np.int64)
    return PositionRows(given_fixes, zeros + 1, fix_keys(given_fixes), flags=zeros, partition=zeros)


def track(given_fixes: Fixes) -> Track:
    return track_of(rows_of(given_fixes), activation=7, person=5, projection=PROJECTION)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), max_size=12), st.randoms())
def test_the_order_of_arrival_decides_nothing(moments_and_places: list[tuple[int, int]], random: Random) -> None:
    times = [START_US + moment * MINUTE_US for moment, _ in moments_and_places]
    lat = [51.5 + place / 1000 for _, place in moments_and_places]
    made = track(fixes(times, lat=lat))
    shuffled = list(range(len(times)))
    random.shuffle(shuffled)
    again = track(fixes([times[place] for place in shuffled], lat=[lat[place] for place in shuffled]))
    np.testing.assert_array_equal(made.rows.fix_key, again.rows.fix_key)
    np.testing.assert_array_equal(made.before.fix_time_us, again.before.fix_time_us)
    np.testing.assert_array_equal(made.before_that.points.lat, again.before_that.points.lat)
    assert len(made) == len(set(moments_and_places))
    keys = list(zip(made.rows.fixes.fix_time_us.tolist(), made.rows.fix_key.tolist(), strict=True))
    assert keys == sorted(keys)


def test_each_position_has_the_two_before_it() -> None:
    made = track(fixes([START_US + place * MINUTE_US for place in (2, 0, 1)], lat=[51.502, 51.5, 51.501]))
    assert made.before.fix_time_us.tolist() == [NEVER_US, START_US, START_US + MINUTE_US]
    assert made.before_that.fix_time_us.tolist() == [NEVER_US, NEVER_US, START_US]
    assert np.isnan(made.before.points.lat[0])
    assert made.before.points.lat[2] == 51.501
    assert np.isnan(made.before_that.points.x[1])
    assert set(made.activation.tolist()) == {7}
    assert set(made.person.tolist()) == {5}


def test_of_a_repeated_position_the_first_received_stays() -> None:
    made = track(fixes([START_US, START_US], received_us=[START_US + 9, START_US + 3]))
    assert made.rows.fixes.received_us.tolist() == [START_US + 3]
