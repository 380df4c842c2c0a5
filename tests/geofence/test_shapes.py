"""Degrees to metres: known distances, bent edges, and places that are not on the plane."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from geofence.projection import Projection
from geofence.shapes import PlaneCircle, ShapeError, pieces_per_edge, plane_shape, plane_shapes
from geofence.touching import with_touching_corners
from model.zones import Circle, Geometry, MultiPolygon
from tests.geofence.examples import LAT, LON, PROJECTION, box, polygon

GEOD = Geod(ellps="WGS84")
LONDON_LON = st.floats(-0.55, 0.35)
LONDON_LAT = st.floats(51.25, 51.75)
EDGES = st.tuples(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6)).filter(lambda edge: max(map(abs, edge)) > 1e-4)
COURSES = np.linspace(0, 1, 4001)


@given(LONDON_LON, LONDON_LAT, LONDON_LON, LONDON_LAT)
def test_plane_distances_in_london_are_true_to_a_thousandth(
    lon_a: float, lat_a: float, lon_b: float, lat_b: float
) -> None:
    _, _, true_m = GEOD.inv(lon_a, lat_a, lon_b, lat_b)
    x, y = PROJECTION.forward(np.array([lon_a, lon_b]), np.array([lat_a, lat_b]))
    assert np.hypot(x[1] - x[0], y[1] - y[0]) == pytest.approx(true_m, rel=1e-3, abs=1e-6)


@given(LONDON_LON, LONDON_LAT)
def test_inverse_undoes_forward(lon: float, lat: float) -> None:
    back = PROJECTION.inverse(*PROJECTION.forward(np.array([lon]), np.array([lat])))
    assert np.allclose(np.ravel(back), (lon, lat), atol=1e-10, rtol=0)


def test_the_centre_is_the_origin() -> None:
    assert np.allclose(PROJECTION.forward(np.array([LON]), np.array([LAT])), 0.0, atol=1e-6)


@pytest.mark.parametrize("place", [(np.nan, LAT), (LON, np.nan), (np.inf, LAT), (LON, -np.inf), (LON, 91.0)])
def test_a_place_that_is_none_becomes_nan_and_spoils_no_other(place: tuple[float, float]) -> None:
    x, y = PROJECTION.forward(np.array([place[0], LON]), np.array([place[1], LAT]))
    assert np.isnan([x[0], y[0]]).all()
    assert np.isfinite([x[1], y[1]]).all()


def test_forward_leaves_its_arguments_alone() -> None:
    lon, lat = np.array([LON, LON]), np.array([LAT, LAT])
    PROJECTION.forward(lon, lat)
    assert lon.tolist() == [LON, LON]
    assert lat.tolist() == [LAT, LAT]


def test_threads_share_a_projection() -> None:
    lon, lat = np.linspace(-0.5, 0.3, 2000), np.linspace(51.3, 51.7, 2000)
    alone = PROJECTION.forward(lon, lat)
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda _: PROJECTION.forward(lon, lat), range(40)))
    assert all(np.array_equal(one, alone) for one in together)


@pytest.mark.parametrize(("lat", "lon"), [(91, 0), (0, 181), (float("nan"), 0)])
def test_a_centre_outside_the_world_is_refused(lat: float, lon: float) -> None:
    with pytest.raises(ValueError, match="is no place"):
        Projection(lat, lon)


@given(
    st.tuples(st.floats(-3, 3), st.floats(-2, 2)),
    EDGES,
    st.sampled_from([-60.0, 0.0, 30.0, LAT, 66.0]),
)
def test_pitfall_long_edges_bow(offset: tuple[float, float], edge: tuple[float, float], centre_lat: float) -> None:
    """Split as many times as ``pieces_per_edge`` says, an edge leaves its true course by less than 1 cm."""
    projection = Projection(centre_lat, LON)
    start = np.array([LON + offset[0], centre_lat + offset[1]])
    pieces = pieces_per_edge(np.array([[*start, *(start + edge)]]), LON)[0]
    split = start + np.outer(np.linspace(0, 1, pieces + 1), edge)
    course = start + np.outer(COURSES, edge)
    line = shapely.LineString(np.column_stack(projection.forward(split[:, 0], split[:, 1])))
    bow = shapely.distance(line, shapely.points(*projection.forward(course[:, 0], course[:, 1])))
    assert bow.max() < 0.01


def test_unsplit_an_edge_of_20_km_would_bow_ten_metres() -> None:
    ends = PROJECTION.forward(np.array([-0.25, 0.04]), np.array([LAT, LAT]))
    middle = PROJECTION.forward(np.array([-0.105]), np.array([LAT]))
    chord = shapely.LineString(np.column_stack(ends))
    assert shapely.distance(chord, shapely.Point(middle[0][0], middle[1][0])) > 9


def test_given_positions_stay_exactly_themselves() -> None:
    corners = box(LON - 0.2, LAT - 0.1, LON + 0.2, LAT + 0.1)
    shape = plane_shape(polygon(corners), PROJECTION)
    assert isinstance(shape, shapely.Polygon)
    x, y = PROJECTION.forward(*np.array(corners).T)
    kept = {tuple(one) for one in shapely.get_coordinates(shape).tolist()}
    assert kept >= set(zip(x.tolist(), y.tolist(), strict=True))


def test_areas_are_true_and_holes_and_parts_kept() -> None:
    west = (box(-0.2, 51.4, -0.1, 51.5), box(-0.18, 51.42, -0.16, 51.44))
    east = (box(0.0, 51.4, 0.1, 51.5),)
    shape = plane_shape(MultiPolygon((west, east)), PROJECTION)
    assert isinstance(shape, shapely.MultiPolygon)
    true = shapely.MultiPolygon([shapely.Polygon(west[0], west[1:]), shapely.Polygon(east[0])])
    true = shapely.orient_polygons(true)  # the reference adds what is wound one way and takes off the other
    true_m2 = sum(abs(GEOD.geometry_area_perimeter(shapely.segmentize(one, 0.001))[0]) for one in true.geoms)
    assert shape.area == pytest.approx(true_m2, rel=1e-4)
    assert [len(one.interiors) for one in shape.geoms] == [1, 0]


def test_shapes_come_in_the_order_of_their_geometries() -> None:
    geometries: list[Geometry] = [
        Circle(LON, LAT, 5.0),
        polygon(box(LON, LAT, LON + 0.01, LAT + 0.01)),
        Circle(LON, LAT, 7.0),
    ]
    first, second, third = plane_shapes(geometries, PROJECTION)
    assert isinstance(first, PlaneCircle)
    assert isinstance(second, shapely.Polygon)
    assert isinstance(third, PlaneCircle)
    assert (first.radius_m, third.radius_m) == (5.0, 7.0)


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (Circle(120.0, 10.0, 50.0), "more than 1500 km from the centre"),
        (polygon(box(100.0, 50.0, 100.1, 50.1)), "more than 1500 km from the centre"),
        (polygon(box(-5.0, 80.0, 5.0, 90.0)), "more than 2000000 positions"),
        (
            polygon(
                box(-0.2, 51.4, 0.0, 51.5),
                ((-0.09, 51.40000001), (-0.08, 51.45), (-0.1, 51.45), (-0.09, 51.40000001)),
            ),
            r"within a centimetre of each other at lon -0\.0900000, lat 51\.4000000",
        ),
    ],
)
def test_what_cannot_be_placed_on_the_plane_says_why(geometry: Geometry, reason: str) -> None:
    with pytest.raises(ShapeError, match=reason):
        plane_shape(geometry, PROJECTION)


def test_an_edge_gains_the_corners_that_touch_it_in_order_and_once() -> None:
    outer = box(0.0, 0.0, 10.0, 10.0)
    holes = [((x, 0.0), (x + 1, 5.0), (x - 1, 5.0), (x, 0.0)) for x in (7.0, 3.0)]
    gained, *untouched = with_touching_corners([outer, *holes])
    assert gained == ((0.0, 0.0), (3.0, 0.0), (7.0, 0.0), *outer[1:])
    assert untouched == holes
