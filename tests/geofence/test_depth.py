"""Signed distance to the boundary, against distances on the ellipsoid."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from geofence.columns import Floats, Points
from geofence.outlines import outlines
from model.zones import Circle, Coordinate, Geometry, MultiPolygon
from tests.geofence.examples import (
    LAT,
    LON,
    PROJECTION,
    box,
    expected,
    geometries,
    index_of,
    points_at,
    polygon,
    probes,
    version,
)

GEOD = Geod(ellps="WGS84")
WIDE = box(LON - 0.1, LAT - 0.05, LON + 0.1, LAT + 0.05)
HOLED = polygon(WIDE, box(LON - 0.02, LAT - 0.02, LON + 0.02, LAT + 0.02))


def depth_at(geometry: Geometry, place: Coordinate) -> float:
    return float(index_of(version(geometry)).depth_m(np.array([0]), points_at([place]))[0])


def metres(one: Coordinate, other: Coordinate) -> float:
    return float(GEOD.inv(*one, *other)[2])


@pytest.mark.parametrize(
    ("geometry", "place", "nearest_boundary", "sign"),
    [
        (polygon(WIDE), (LON, LAT + 0.04), (LON, LAT + 0.05), +1),
        (polygon(WIDE), (LON + 0.099, LAT), (LON + 0.1, LAT), +1),
        (polygon(WIDE), (LON + 0.11, LAT + 0.06), (LON + 0.1, LAT + 0.05), -1),
        (HOLED, (LON + 0.015, LAT), (LON + 0.02, LAT), -1),
        (HOLED, (LON + 0.03, LAT), (LON + 0.02, LAT), +1),
        (
            MultiPolygon(((WIDE,), (box(0.05, LAT, 0.06, LAT + 0.01),))),
            (0.045, LAT + 0.005),
            (0.05, LAT + 0.005),
            -1,
        ),
    ],
)
def test_depth_is_the_distance_to_the_nearest_boundary_to_a_thousandth(
    geometry: Geometry, place: Coordinate, nearest_boundary: Coordinate, sign: int
) -> None:
    assert depth_at(geometry, place) == pytest.approx(sign * metres(place, nearest_boundary), rel=1e-3)


@pytest.mark.parametrize("place", [(LON, LAT), (LON + 0.003, LAT), (LON - 0.01, LAT + 0.01), (LON + 0.3, LAT - 0.1)])
def test_depth_in_a_circle_is_its_radius_less_the_distance_to_its_centre(place: Coordinate) -> None:
    circle = Circle(LON, LAT, 900.0)
    assert depth_at(circle, place) == pytest.approx(900.0 - metres((LON, LAT), place), rel=1e-3)


def test_depth_on_the_boundary_is_nothing() -> None:
    assert depth_at(HOLED, WIDE[0]) == 0.0
    assert depth_at(HOLED, (LON - 0.02, LAT - 0.02)) == 0.0


def test_depth_of_nowhere_is_nan() -> None:
    for geometry in (HOLED, Circle(LON, LAT, 9.0)):
        for place in ((np.nan, np.nan), (LON, np.inf), (-np.inf, LAT)):
            assert np.isnan(depth_at(geometry, place))


@settings(max_examples=60, deadline=None)
@given(geometries(), st.integers(0, 2**32 - 1))
def test_depth_is_positive_inside_and_negative_outside(geometry: Geometry, seed: int) -> None:
    zone = version(geometry, person_id=None)
    person_id, points, _ = probes([zone], seed)
    finite = np.isfinite(points.x) & (person_id >= 0)
    columns = person_id[finite], points.take(finite), np.zeros(finite.sum(), np.int64)
    depth = index_of(zone).depth_m(np.zeros(len(columns[0]), np.int64), columns[1])
    inside = {position for position, _, _ in expected([zone], columns)}
    # On the boundary the depth is 0, whichever way it is counted.
    assert {int(one) for one in np.flatnonzero(depth > 0)} <= inside
    assert not {int(one) for one in np.flatnonzero(depth < 0)} & inside
    if isinstance(geometry, MultiPolygon):
        assert np.abs(depth) == pytest.approx(true_distance(geometry, columns[1]), abs=0.01)


def true_distance(geometry: MultiPolygon, points: Points) -> Floats:
    """To the edges as GeoJSON means them, followed in steps of ten metres."""
    edges = shapely.segmentize(shapely.boundary(outlines([geometry])[0]), 1e-4)
    on_plane = shapely.transform(edges, lambda lon_lat: np.column_stack(PROJECTION.forward(*lon_lat.T)))
    return np.asarray(shapely.distance(on_plane, shapely.points(points.x, points.y)))
