"""What truly happened: the same for a seed, and the same as shapely sees second by second."""

from dataclasses import fields
from functools import cache

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from model.times import DAY_US, SECOND_US
from model.zones import Circle, MultiPolygon
from sim.cohort import CohortWearer, draw
from sim.cohort_zones import CohortZone, Meaning
from sim.extents import Outline, extent_of, plane_of
from sim.local_plane import LocalPlane
from sim.true_path import Setting, TruePath, true_outings, true_stays
from tests.sim.cohort_oracle import DAYS, START_US, depths_m, week_of, weeks

PLANE = LocalPlane(-0.1, 51.5)
NEAR_THE_EDGE_M = 0.5  # where the oracle's metres and ours may differ about the side
FASTEST_M = 21.0  # that anybody moves in the second between two of the oracle's looks


def test_the_arguments_decide_everything() -> None:
    one, other = draw(3, 5, 2, START_US), draw(3, 5, 2, START_US)
    for field in fields(one.fixes):
        np.testing.assert_array_equal(getattr(one.fixes, field.name), getattr(other.fixes, field.name))
    np.testing.assert_array_equal(one.phenomena, other.phenomena)
    assert one.zones == other.zones
    assert [one.true_visits(zone) for zone in one.zones] == [other.true_visits(zone) for zone in other.zones]
    assert draw(4, 5, 2, START_US).home != one.home


def test_the_simulation_covers_whole_london_days() -> None:
    wearer = week_of(0)
    start_us, end_us = wearer.monitored
    assert start_us <= START_US < start_us + DAY_US
    assert end_us - start_us == DAYS * DAY_US
    assert ((wearer.true_time_us >= start_us) & (wearer.true_time_us < end_us)).all()


@cache
def seconds_inside(wearer: CohortWearer, zone: CohortZone) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every second of the simulation, how deep the wearer was in it by shapely, and whether the truth says inside."""
    start_us, end_us = wearer.monitored
    moments_us = np.arange(start_us, end_us, SECOND_US)
    depth_m = depths_m(zone.geometry, wearer.path.lon_lat((moments_us - start_us) / SECOND_US))
    stays = wearer.true_visits(zone)
    told = np.zeros(len(moments_us), np.bool_)
    for stay in stays:
        told |= (moments_us >= stay.entered_us) & (moments_us <= stay.left_us)
    return moments_us, depth_m, told


def visited() -> list[tuple[int, CohortZone]]:
    """A circle, a polygon and a town centre that their wearers enter often."""
    entered = [
        (len(wearer.true_visits(zone)), wearer.index, zone)
        for wearer in weeks()
        for zone in wearer.exclusion_zones
        if wearer.true_visits(zone)
    ]
    entered.sort(key=lambda one: -one[0])
    circles = [one for one in entered if isinstance(one[2].geometry, Circle)]
    towns = [one for one in entered if one[2].meaning is Meaning.TOWN_CENTRE]
    polygons = [one for one in entered if isinstance(one[2].geometry, MultiPolygon) and one not in towns]
    return [(index, zone) for _, index, zone in (*circles[:2], *polygons[:2], *towns[:2])]


def test_the_truth_is_what_shapely_sees_second_by_second() -> None:
    pairs = visited()
    assert len(pairs) == 6
    for index, zone in pairs:
        _, depth_m, told = seconds_inside(week_of(index), zone)
        clear_cut = np.abs(depth_m) > NEAR_THE_EDGE_M
        np.testing.assert_array_equal(told[clear_cut], depth_m[clear_cut] > 0)
        assert told.any()


def test_the_deepest_place_of_a_stay_is_no_less_than_any_second_shows() -> None:
    for index, zone in visited():
        moments_us, depth_m, _ = seconds_inside(week_of(index), zone)
        for stay in week_of(index).true_visits(zone):
            during = depth_m[(moments_us >= stay.entered_us) & (moments_us <= stay.left_us)]
            if len(during):
                assert during.max() - NEAR_THE_EDGE_M <= stay.deepest_m <= during.max() + FASTEST_M


def test_outings_are_the_seconds_of_the_curfew_that_were_not_at_home() -> None:
    absent = [wearer for wearer in weeks() if wearer.curfew and wearer.true_outings(wearer.curfew)]
    assert len(absent) >= 2
    for wearer in absent[:3]:
        zone = wearer.curfew
        assert zone is not None
        assert zone.hours is not None
        moments_us, depth_m, _ = seconds_inside(wearer, zone)
        running = np.zeros(len(moments_us), np.bool_)
        for since_s, until_s in wearer.calendar.hours_of(zone.hours):
            elapsed_s = (moments_us - wearer.path.start_us) / SECOND_US
            running |= (elapsed_s >= since_s) & (elapsed_s < until_s)
        told = np.zeros(len(moments_us), np.bool_)
        for outing in wearer.true_outings(zone):
            during = (moments_us >= outing.left_us) & (moments_us < outing.returned_us)
            told |= during
            assert outing.farthest_m >= -depth_m[during].min() - NEAR_THE_EDGE_M
        clear_cut = np.abs(depth_m) > NEAR_THE_EDGE_M
        np.testing.assert_array_equal(told[clear_cut], (running & (depth_m < 0))[clear_cut])


def straight(*corners: tuple[float, float, float]) -> TruePath:
    """A path through (seconds, x, y)."""
    times_s, x, y = np.array(corners, np.float64).T
    settings_of = np.full(len(corners) - 1, Setting.OUTDOORS, np.int64)
    return TruePath(START_US, PLANE, times_s, np.column_stack([x, y]), settings_of)


def test_a_way_straight_through_a_circle_is_inside_for_its_width() -> None:
    (stay,) = true_stays(straight((0, -200, 0), (400, 200, 0)), Circle(-0.1, 51.5, 100.0))
    assert (stay.entered_us - START_US) / SECOND_US == pytest.approx(100)
    assert (stay.left_us - START_US) / SECOND_US == pytest.approx(300)
    assert stay.deepest_m == pytest.approx(100, abs=0.5)


def test_a_corner_on_the_boundary_does_not_split_a_stay() -> None:
    path = straight((0, -200, 0), (100, -100, 0), (300, 100, 0), (400, 200, 0))
    assert len(true_stays(path, Circle(-0.1, 51.5, 100.0))) == 1


def test_a_touch_from_outside_is_no_stay() -> None:
    assert true_stays(straight((0, -100, 100), (200, 100, 100)), Circle(-0.1, 51.5, 100.0)) == []


def test_a_stay_that_spans_the_whole_path_is_one() -> None:
    (stay,) = true_stays(straight((0, 0, 0), (60, 1, 0)), Circle(-0.1, 51.5, 100.0))
    assert (stay.entered_us, stay.left_us) == (START_US, START_US + 60 * SECOND_US)


def test_an_outing_is_cut_at_the_hours() -> None:
    path = straight((0, 0, 0), (100, 200, 0), (1000, 200, 0), (1100, 0, 0))
    (outing,) = true_outings(path, Circle(-0.1, 51.5, 100.0), [(60.0, 500.0)])
    assert (outing.left_us, outing.returned_us) == (START_US + 60 * SECOND_US, START_US + 500 * SECOND_US)
    assert outing.farthest_m == pytest.approx(100, abs=0.5)


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=50)
def test_depth_in_a_polygon_with_a_hole_is_what_shapely_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    angles = 2 * np.pi * (np.arange(9) + rng.uniform(-0.3, 0.3, size=9)) / 9
    star = np.column_stack([np.cos(angles), np.sin(angles)]) * rng.uniform(300, 600, size=(9, 1))
    rings = [np.round(PLANE.degrees(ring), 7) for ring in (star, star * 0.3)]
    geometry = MultiPolygon((tuple(tuple((lon, lat) for lon, lat in [*ring, ring[0]]) for ring in rings),))
    plane = plane_of(geometry)
    extent = extent_of(geometry, plane)
    assert isinstance(extent, Outline)
    shell, hole = (plane.metres(ring) for ring in rings)
    assert shapely.is_valid(shapely.polygons(shell, holes=[hole]))
    places = rng.uniform(-700, 700, size=(200, 2))
    points = shapely.points(places)
    shell_m, hole_m = (np.asarray(shapely.distance(shapely.linearrings(ring), points)) for ring in (shell, hole))
    edge_m = np.minimum(shell_m, hole_m)
    inside = shapely.contains(shapely.polygons(shell, holes=[hole]), points)
    np.testing.assert_allclose(extent.depth_m(places), np.where(inside, edge_m, -edge_m), atol=1e-6)
