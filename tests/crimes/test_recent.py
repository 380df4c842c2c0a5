"""Which positions have crimes matched again: every one that can change a verdict, and none while no crime is known."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from crimes.recent import RecentScenes, SceneColumns, Stretches, select_rematches
from crimes.track_notes import TrackGaps
from geofence.columns import Earlier, PositionRows
from geofence.projection import Projection
from model.crimes import SHORT_GAP_S, MatchingSettings
from model.enums import Mechanism
from model.times import SECOND_US
from tests.support.batches import position_rows
from tests.support.pings import START_US, fixes

PROJECTION = Projection(51.5, -0.1)
SETTINGS = MatchingSettings()
METRES = st.floats(-300, 300)
HOUR_S = 3600


def scenes(*hulls_s: tuple[float, float], place: tuple[float, float] = (0, 0)) -> RecentScenes:
    """Scenes at a place in metres, with their windows in seconds after START_US."""
    known = RecentScenes(PROJECTION, SETTINGS)
    count = len(hulls_s)
    lon, lat = PROJECTION.inverse(np.full(count, place[0], np.float64), np.full(count, place[1], np.float64))
    from_us, to_us = (np.array([START_US + int(hull[end] * SECOND_US) for hull in hulls_s], np.int64) for end in (0, 1))
    known.put(SceneColumns(np.arange(count) + 1, lat, lon, np.zeros(count), from_us, to_us))
    return known


def position(time_s: float, metres: tuple[float, float]) -> PositionRows:
    lon, lat = PROJECTION.inverse(*np.array([metres], np.float64).T)
    return position_rows(fixes([START_US + int(time_s * SECOND_US)], lat.tolist(), lon.tolist()))


def asked(
    known: RecentScenes,
    time_s: float,
    now_s: float,
    before_s: float | None,
    here: tuple[float, float] = (20_000, 0),
    there: tuple[float, float] = (20_000, 0),
    gaps: TrackGaps | None = None,
) -> list[tuple[float, float]]:
    """What one position asks for, in seconds after START_US, the one before it being ``there``."""
    rows = position(time_s, here)
    points = PROJECTION.points(rows.fixes.lon, rows.fixes.lat)
    before = Earlier.none(1)
    known.now_us = START_US + int(now_s * SECOND_US)
    if before_s is not None:
        earlier = position(before_s, there).fixes
        spot = PROJECTION.points(earlier.lon, earlier.lat)
        before = Earlier(spot, earlier.fix_time_us, earlier.accuracy_m, earlier.mechanism)
    found = select_rematches(rows, points, before, TrackGaps.none() if gaps is None else gaps, known)
    pairs = zip(found.from_us.tolist(), found.until_us.tolist(), strict=True)
    return [((start - START_US) / SECOND_US, (end - START_US) / SECOND_US) for start, end in pairs]


def test_while_no_crime_is_known_nothing_is_asked() -> None:
    none = scenes()
    assert none.knows_none
    assert asked(none, 10_000, 20_000, 0, (0, 0)) == []


def test_a_live_position_asks_for_scenes_near_it_alone() -> None:
    known = scenes((-60, 60))
    assert asked(known, 30, 31, 0, (100, 0), (900, 0)) == [(0, 30)]
    assert asked(known, 30, 31, 0, (500, 0), (-900, 0)) == [(0, 30)], "the way leads over it"
    assert asked(known, 30, 31, 0, (500, 0), (900, 0)) == []
    assert asked(known, 30 + HOUR_S, 31 + HOUR_S, HOUR_S, (100, 0), (900, 0)) == [], "an hour later"


def test_a_position_that_ends_a_long_gap_asks_for_every_scene_of_it() -> None:
    known = scenes((0, 60))
    assert asked(known, HOUR_S, HOUR_S + 1, -HOUR_S) == [(-HOUR_S, HOUR_S)]
    assert asked(known, 3 * HOUR_S, 3 * HOUR_S + 1, HOUR_S) == [], "padded, the window was over before the gap"


def test_a_position_that_is_judged_late_says_something_of_all_the_time_up_to_then() -> None:
    known = scenes((HOUR_S, HOUR_S))
    assert asked(known, 60, 2 * HOUR_S, 0) == [(0, 2 * HOUR_S)]
    assert asked(known, 60, 61, 0) == []


def test_a_gap_between_usable_positions_counts_though_others_came_in_it() -> None:
    gap = TrackGaps(*(np.array([one]) for one in (1, START_US, START_US + HOUR_S * SECOND_US)), *np.zeros((6, 1)))
    known = scenes((1800, 1800))
    assert asked(known, HOUR_S, HOUR_S + 1, HOUR_S - 60, gaps=gap) == [(0, HOUR_S)]
    goes_on = TrackGaps(gap.device_id, gap.from_us, gap.until_us, *np.zeros((3, 1)), *np.full((3, 1), np.nan))
    assert asked(known, HOUR_S, HOUR_S + 1, HOUR_S - 60, gaps=goes_on) == []


def test_times_before_all_that_is_held_are_asked_for_whatever_is_held() -> None:
    known = scenes((HOUR_S, HOUR_S))
    known.note_earlier(START_US)
    assert asked(known, -5 * HOUR_S, -4 * HOUR_S, -6 * HOUR_S) == [(-6 * HOUR_S, -4 * HOUR_S)]
    known.note_earlier(None)
    assert asked(known, -5 * HOUR_S, -4 * HOUR_S, -6 * HOUR_S) == []


@settings(max_examples=300, deadline=None)
@given(st.tuples(METRES, METRES), st.tuples(METRES, METRES), st.floats(1, SHORT_GAP_S), st.floats(-1000, 1000))
def test_whoever_touches_a_scene_between_two_live_positions_is_asked_for(
    there: tuple[float, float], here: tuple[float, float], lasts_s: float, start_s: float
) -> None:
    known = scenes((start_s, start_s))
    way = np.linspace(there, here, 200)
    touches = np.hypot(*way.T).min() <= SETTINGS.radius_m + 8
    in_time = start_s - SETTINGS.padding_s <= lasts_s and start_s + SETTINGS.padding_s >= 0
    if touches and in_time:
        assert asked(known, lasts_s, lasts_s, 0, here, there) != []


def test_stretches_are_joined_by_device() -> None:
    def stretches(*rows: tuple[int, int, int]) -> Stretches:
        return Stretches(*np.array(rows, np.int64).reshape(-1, 3).T)

    joined = Stretches.joined([stretches((2, 5, 6), (1, 1, 9)), stretches(), stretches((2, 3, 4), (3, 0, 1))])
    assert list(zip(joined.device_id, joined.from_us, joined.until_us, strict=True)) == [
        (1, 1, 9),
        (2, 3, 6),
        (3, 0, 1),
    ]
    assert len(Stretches.joined([stretches()])) == 0


def test_a_coarse_position_reaches_as_far_as_its_circle() -> None:
    known = scenes((-60, 60))
    rows = position(30, (1200, 0))
    points = PROJECTION.points(rows.fixes.lon, rows.fixes.lat)
    before = Earlier(points, rows.fixes.fix_time_us - SECOND_US, rows.fixes.accuracy_m, rows.fixes.mechanism)
    met = [
        known.meets(points, np.array([accuracy]), np.array([mechanism]), rows.fixes.fix_time_us, before).tolist()
        for accuracy, mechanism in ((8.0, Mechanism.GPS), (np.nan, Mechanism.LBS))
    ]
    assert met == [[False], [True]]
