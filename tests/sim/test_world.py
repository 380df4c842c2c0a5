"""The simulated world: the same for a seed, true to life, and truthful about what it did."""

import itertools

import numpy as np
import pyproj
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geofence.geojson import read_zones
from model.enums import Mechanism
from model.times import SECOND_US
from sim.plane import distance_m
from sim.truth import TrueVisit, intervals_inside
from sim.wearer import Plot, Wearer, draw_wearer, keeps_to
from sim.world import World, plot_of

PLANE = pyproj.Transformer.from_crs(4326, {"proj": "tmerc", "lat_0": 51.5, "lon_0": -0.1}, always_xy=True)

START_US = 1_795_000_000 * SECOND_US
MINUTE_US = 60 * SECOND_US
FASTEST_MPS = 15.0  # a train of Travel.TRAIN, on a good stretch
seeds = st.integers(min_value=0, max_value=2**32 - 1)


def test_a_seed_and_a_start_decide_every_ping() -> None:
    one, other = World(7, 20, START_US), World(7, 20, START_US)
    assert one.pings(START_US, START_US + MINUTE_US) == other.pings(START_US, START_US + MINUTE_US)
    assert World(8, 20, START_US).pings(START_US, START_US + MINUTE_US) != one.pings(START_US, START_US + MINUTE_US)


def test_people_and_zones_do_not_depend_on_the_start() -> None:
    assert World(7, 20, START_US).zones == World(7, 20, START_US + 12_345).zones


@given(cuts=st.lists(st.integers(min_value=0, max_value=MINUTE_US), max_size=5))
@settings(deadline=None, max_examples=30)
def test_pings_do_not_depend_on_the_steps(cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), MINUTE_US]
    world = World(7, 5, START_US)
    steps = [world.pings(START_US + start, START_US + end) for start, end in itertools.pairwise(bounds)]
    assert list(itertools.chain(*steps)) == world.pings(START_US, START_US + MINUTE_US)


@given(seed=seeds)
@settings(deadline=None, max_examples=15)
def test_wearers_enter_their_zones_as_plotted(seed: int) -> None:
    for index, wearer in enumerate(World(seed, 10, START_US).wearers):
        assert keeps_to(plot_of(index), wearer.path, wearer.zone)


@given(seed=seeds)
@settings(deadline=None, max_examples=15)
def test_every_zone_is_one_that_the_service_takes(seed: int) -> None:
    assert read_zones(World(seed, 10, START_US).zones).problems == ()


@given(seed=seeds)
@settings(deadline=None, max_examples=15)
def test_nobody_is_faster_than_a_train_and_every_path_is_closed(seed: int) -> None:
    for wearer in World(seed, 5, START_US).wearers:
        for segment in wearer.path.segments():
            assert segment.until_us > segment.from_us
            seconds = (segment.until_us - segment.from_us) / SECOND_US
            assert distance_m(segment.start, segment.end) / seconds <= FASTEST_MPS
        assert np.allclose(wearer.path.corners[0], wearer.path.corners[-1])


def test_each_tag_reports_every_two_to_five_seconds() -> None:
    world = World(7, 50, START_US)
    pings = world.pings(START_US, START_US + MINUTE_US)
    for wearer in world.wearers:
        times = [np.datetime64(ping["fix_time"][:-1]) for ping in pings if ping["device_id"] == wearer.serial]
        gaps = np.diff(np.array(times)) / np.timedelta64(1, "ms")
        assert ((gaps >= 1999) & (gaps <= 5001)).all()
        assert len(times) >= 11


def test_noise_is_what_the_stated_accuracy_says() -> None:
    world = World(7, 20, START_US)
    truth = {wearer.serial: wearer for wearer in world.wearers}
    until_us = START_US + 10 * MINUTE_US
    inside = []
    for ping in world.pings(START_US, until_us):
        elapsed_us = int(np.datetime64(ping["fix_time"][:-1]).astype("datetime64[us]").astype(int)) - START_US
        place = truth[ping["device_id"]].path.at(elapsed_us).place
        inside.append(distance_m(place, (ping["lon"], ping["lat"])) <= ping["accuracy_m"])
    assert 0.93 < np.mean(inside) < 0.97


def test_a_few_fixes_are_by_cell_tower_and_say_so() -> None:
    pings = World(7, 50, START_US).pings(START_US, START_US + 10 * MINUTE_US)
    by_tower = [ping for ping in pings if ping["mechanism"] == Mechanism.LBS]
    assert 0.003 < len(by_tower) / len(pings) < 0.03
    assert all(ping["accuracy_m"] >= 300 and "satellites" not in ping for ping in by_tower)


def test_batteries_fall() -> None:
    wearer = World(7, 1, START_US).wearers[0]
    levels = [wearer.ping(number, number * 3_600 * SECOND_US, START_US)["battery_pct"] for number in range(60)]
    assert levels == sorted(levels, reverse=True)
    assert 0 < levels[-1] < levels[0] <= 100


@given(seed=seeds, plot=st.sampled_from(Plot))
@settings(deadline=None, max_examples=40)
def test_the_truth_is_what_shapely_sees_second_by_second(seed: int, plot: Plot) -> None:
    wearer = draw_wearer(seed, 3, plot)
    stays = intervals_inside(wearer.path, wearer.zone, 0, wearer.path.period_us)
    bounds_us = [moment for stay in stays for moment in stay]
    near = {moment + step * SECOND_US for moment in bounds_us for step in range(-30, 31)}
    sampled = np.array(sorted(near | set(range(0, wearer.path.period_us, 10 * MINUTE_US))))
    depth_m = depths_m(wearer, sampled)
    told = np.array([any(entered <= moment <= left for entered, left in stays) for moment in sampled])
    clear_cut = np.abs(depth_m) > 0.5  # the oracle's metres and ours differ by less
    assert (told[clear_cut] == (depth_m > 0)[clear_cut]).all()


def depths_m(wearer: Wearer, moments_us: NDArray[np.int64]) -> NDArray[np.float64]:
    """Signed distance of the true place to the boundary, inside positive, by shapely on a plane in metres."""
    places = np.array([wearer.path.at(int(moment)).place for moment in moments_us])
    ring = wearer.zone["geometry"]["coordinates"]
    if wearer.zone["geometry"]["type"] == "Point":
        centre = shapely.points(on_plane(np.array([ring])))
        away_m = np.asarray(shapely.distance(shapely.points(on_plane(places)), centre), np.float64)
        return float(wearer.zone["properties"]["radius_m"]) - away_m
    outline = shapely.polygons(on_plane(np.array(ring[0])))
    dots = shapely.points(on_plane(places))
    distance_m = shapely.distance(shapely.boundary(outline), dots)
    return np.where(shapely.covers(outline, dots), distance_m, -distance_m)


def on_plane(places: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack(PLANE.transform(places[:, 0], places[:, 1]))


def test_a_true_visit_is_cut_at_the_bounds_asked_for() -> None:
    world = World(7, 1, START_US)
    (visit,) = world.true_visits(START_US, START_US + MINUTE_US)[:1]
    middle_us = (visit.entered_us + visit.left_us) // 2
    assert world.true_visits(START_US, middle_us)[0] == TrueVisit(
        visit.serial, visit.zone_reference, visit.entered_us, middle_us
    )


def test_a_visit_comes_again_in_each_round() -> None:
    wearer = draw_wearer(7, 0, Plot.SOON)
    period_us = wearer.path.period_us
    once = intervals_inside(wearer.path, wearer.zone, 0, period_us)
    twice = intervals_inside(wearer.path, wearer.zone, 0, 2 * period_us)
    assert twice == once + [(entered + period_us, left + period_us) for entered, left in once]


def test_a_path_begun_later_passes_the_same_places() -> None:
    path = draw_wearer(7, 0, Plot.NEVER).path
    for late_us in (0, 1, path.period_us // 3, path.period_us - 1):
        for elapsed_us in range(0, path.period_us, path.period_us // 50):
            here, there = path.shifted(late_us).at(elapsed_us).place, path.at(late_us + elapsed_us).place
            assert distance_m(here, there) < 0.1
