"""The probability of being inside real shapes, against 20,000 points about each position."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.columns import Floats, Points
from geofence.confidence import SIGMAS_OF_CIRCLE, effective_accuracy_m, normal_cdf, p_inside
from geofence.outlines import outlines
from geofence.projection import Projection
from geofence.zone_index import ZoneIndex
from model.enums import Mechanism
from model.zones import Circle, Coordinate, Geometry, MultiPolygon
from tests.geofence.examples import (
    LAT,
    LON,
    PROJECTION,
    box,
    corners_and_midpoints,
    geometries,
    index_of,
    joined,
    points_at,
    points_on_plane,
    polygon,
    version,
)

REFERENCE_POINTS = 20_000
REFERENCE_ERROR = 0.004
FORMULA_ERROR = 0.0098
INTEGRAL_ERROR = 0.1
METRE_DEG = 1 / 111_195
ACCURACIES = st.sampled_from([np.nan, 0.0, 5.0, 15.0, 60.0, 300.0, 2000.0])
SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def slivers(draw: st.DrawFn) -> Geometry:
    """A path: 0.5 to 100 m wide, 200 m to 2 km long, as it lies; sometimes two, close to each other."""
    angle, half_width = draw(st.floats(0, np.pi)), draw(st.floats(0.25, 50))
    half_length, gap = draw(st.floats(100, 1000)), draw(st.none() | st.floats(1, 100))
    aside = [0.0] if gap is None else [0.0, 2 * half_width + gap]
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    signs = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    corners = [[s * half_length * along + (t * half_width + shift) * across for s, t in signs] for shift in aside]
    return MultiPolygon(tuple((tuple(_coordinate(*one) for one in path),) for path in corners))


def _coordinate(x: float, y: float) -> Coordinate:
    lon, lat = PROJECTION.inverse(np.array([x]), np.array([y]))
    return float(lon[0]), float(lat[0])


def believed_m(stated_m: float) -> float:
    return float(effective_accuracy_m(np.array([stated_m]), np.array([Mechanism.GPS]))[0])


def truth(geometry: Geometry, position: Points, accuracy_m: float) -> float:
    """The share of many points, at random turns about the position, that lie in the zone; no index, no shortcut."""
    rng = np.random.default_rng(7)
    distance = np.sqrt(-2 * np.log1p(-(np.arange(REFERENCE_POINTS) + 0.5) / REFERENCE_POINTS))
    turn = 2 * np.pi * (np.arange(REFERENCE_POINTS) * (np.sqrt(5) - 1) / 2 + rng.random())
    reach = distance * accuracy_m / SIGMAS_OF_CIRCLE
    about = points_on_plane(position.x + reach * np.cos(turn), position.y + reach * np.sin(turn))
    if isinstance(geometry, Circle):
        centre = points_at([(geometry.lon, geometry.lat)])
        return float((np.hypot(about.x - centre.x, about.y - centre.y) <= geometry.radius_m).mean())
    area = outlines([geometry])[0]
    shapely.prepare(area)
    return float(shapely.intersects_xy(area, about.lon, about.lat).mean())


def near_the_boundary(geometry: Geometry, accuracy_m: float, seed: int) -> Points:
    """Positions up to some standard deviations off corners and edges, where probability is neither 0 nor 1."""
    rng = np.random.default_rng(seed)
    special = corners_and_midpoints(geometry)
    chosen = special.take(rng.integers(0, len(special), 3))
    off = rng.normal(0, 1.5 * accuracy_m / SIGMAS_OF_CIRCLE, (2, 3))
    return joined([chosen.take(np.array([0])), points_on_plane(chosen.x + off[0], chosen.y + off[1])])


def asked(index: ZoneIndex, points: Points, stated_m: float) -> tuple[Floats, Floats]:
    """The probability and the depth, each shape (n,)."""
    rows = np.zeros(len(points), np.int64)
    depth_m = index.depth_m(rows, points)
    mechanism = np.full(len(points), Mechanism.GPS)
    return index.probability_inside(rows, points, depth_m, np.full(len(points), stated_m), mechanism), depth_m


@settings(max_examples=80, deadline=None)
@given(geometries() | slivers(), ACCURACIES, SEEDS)
def test_every_shape_has_the_probability_that_is_promised(geometry: Geometry, stated_m: float, seed: int) -> None:
    accuracy_m = believed_m(stated_m)
    points = near_the_boundary(geometry, accuracy_m, seed)
    probability, depth_m = asked(index_of(version(geometry)), points, stated_m)
    exact = np.array([truth(geometry, points.take(np.array([at])), accuracy_m) for at in range(len(points))])
    z = np.abs(depth_m) * SIGMAS_OF_CIRCLE / accuracy_m
    allowed = np.where(z > 3, FORMULA_ERROR, INTEGRAL_ERROR) + REFERENCE_ERROR
    assert ((probability >= 0) & (probability <= 1)).all()
    assert (np.abs(probability - exact) <= allowed).all()


@settings(max_examples=60, deadline=None)
@given(geometries() | slivers(), ACCURACIES, SEEDS)
def test_the_formula_errs_no_more_than_the_disc_that_reaches_the_boundary_leaves_open(
    geometry: Geometry, stated_m: float, seed: int
) -> None:
    accuracy_m = believed_m(stated_m)
    points = near_the_boundary(geometry, accuracy_m, seed)
    depth_m = index_of(version(geometry)).depth_m(np.zeros(len(points), np.int64), points)
    exact = np.array([truth(geometry, points.take(np.array([at])), accuracy_m) for at in range(len(points))])
    z = np.abs(depth_m) * SIGMAS_OF_CIRCLE / accuracy_m
    bound = np.maximum(np.exp(-(z**2) / 2) - normal_cdf(-z), normal_cdf(-z))
    error = np.abs(p_inside(depth_m, np.full(len(points), accuracy_m)) - exact)
    assert (error <= bound + REFERENCE_ERROR).all()


def test_the_bound_at_three_standard_deviations_is_reached_by_a_disc() -> None:
    radius_m = 3.001 * 100 / SIGMAS_OF_CIRCLE
    disc = Circle(LON, LAT, radius_m)
    probability, depth_m = asked(index_of(version(disc)), points_at([(LON, LAT)]), 100.0)
    exact = 1 - np.exp(-(3.001**2) / 2)
    assert depth_m == pytest.approx([radius_m])
    assert probability[0] - exact == pytest.approx(FORMULA_ERROR, abs=1e-4)


@pytest.mark.parametrize("radius_in_sigma", [0.2, 0.5, 1.0, 2.0, 2.9])
def test_a_circle_smaller_than_the_accuracy_holds_what_the_rayleigh_distribution_says(radius_in_sigma: float) -> None:
    zone = index_of(version(Circle(LON, LAT, radius_in_sigma * 50 / SIGMAS_OF_CIRCLE)))
    probability, _ = asked(zone, points_at([(LON, LAT)]), 50.0)
    assert probability == pytest.approx([1 - np.exp(-(radius_in_sigma**2) / 2)], abs=0.008)


@pytest.mark.parametrize("accuracy_m", [5.0, 40.0, 500.0])
def test_the_tip_of_a_right_angle_is_a_quarter(accuracy_m: float) -> None:
    zone = index_of(version(polygon(box(LON, LAT, LON + 0.1, LAT + 0.1))))
    probability, _ = asked(zone, points_at([(LON, LAT)]), accuracy_m)
    assert probability == pytest.approx([0.25], abs=0.03)


@pytest.mark.parametrize("width_m", [2, 10, 30])
def test_a_path_narrower_than_the_accuracy_is_improbable_even_to_a_position_on_it(width_m: float) -> None:
    half = width_m / 2 * METRE_DEG
    zone = index_of(version(polygon(box(LON - 0.05, LAT - half, LON + 0.05, LAT + half))))
    probability, depth_m = asked(zone, points_at([(LON, LAT)]), 100.0)
    exact = 2 * normal_cdf(depth_m * SIGMAS_OF_CIRCLE / 100) - 1
    assert probability == pytest.approx(exact, abs=0.04)
    assert probability < 0.35 < p_inside(depth_m, np.array([100.0]))


def test_a_hole_smaller_than_the_accuracy_does_not_make_a_position_in_it_outside() -> None:
    hole = box(LON - 10 * METRE_DEG, LAT - 5 * METRE_DEG, LON + 10 * METRE_DEG, LAT + 5 * METRE_DEG)
    zone = index_of(version(polygon(box(LON - 0.1, LAT - 0.1, LON + 0.1, LAT + 0.1), hole)))
    probability, depth_m = asked(zone, points_at([(LON, LAT)]), 200.0)
    assert depth_m < 0
    assert probability > 0.98


def test_rows_are_judged_each_by_its_own_zone() -> None:
    west = version(polygon(box(LON - 0.1, LAT - 0.1, LON, LAT + 0.1)), zone_id=1)
    east = version(polygon(box(LON, LAT - 0.1, LON + 0.1, LAT + 0.1)), zone_id=2)
    index, points = index_of(west, east), points_on_plane(np.full(2, 8.0), np.zeros(2))
    rows, mechanism = np.array([0, 1]), np.full(2, Mechanism.GPS)
    first = index.probability_inside(rows, points, index.depth_m(rows, points), np.full(2, 30.0), mechanism)
    assert first[0] < 0.4
    assert first[1] > 0.6
    assert first.sum() == pytest.approx(1, abs=1e-9)


def test_a_zone_over_the_antimeridian_has_no_edge_there() -> None:
    index = ZoneIndex(Projection(LAT, 179.9))
    index.apply([version(MultiPolygon(((box(179, 51, 180, 52),), (box(-180, 51, -179, 52),))))])
    points = index.projection.points(np.array([179.9999, -179.9999]), np.array([LAT, LAT]))
    rows, mechanism = np.zeros(2, np.int64), np.full(2, Mechanism.GPS)
    depth_m = index.depth_m(rows, points)
    assert (depth_m < 10).all()  # to where the zone is split: the formula alone would doubt
    assert index.probability_inside(rows, points, depth_m, np.full(2, 30.0), mechanism).tolist() == [1.0, 1.0]
