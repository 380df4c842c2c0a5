"""Geometries as they are asked: outlines, circles, and the boxes that must hold them."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geofence.projection import Projection
from geofence.shapes import circle_boxes, off_the_plane, zone_shapes
from model.zones import Circle, Geometry, MultiPolygon
from tests.geofence.examples import LAT, LON, PROJECTION, box, polygon

WEST = (box(-0.2, 51.4, -0.1, 51.5), box(-0.18, 51.42, -0.16, 51.44))
EAST = (box(0.0, 51.4, 0.1, 51.5),)
ROUND = np.linspace(0, 2 * np.pi, 721)


def test_holes_and_parts_are_kept_and_rows_are_in_the_order_of_their_geometries() -> None:
    geometries: list[Geometry] = [
        Circle(LON, LAT, 5.0),
        MultiPolygon((WEST, EAST)),
        Circle(LON, LAT, 7.0),
        polygon(*WEST),
    ]
    shapes = zone_shapes(geometries, PROJECTION)
    west, east = shapely.Polygon(WEST[0], WEST[1:]), shapely.Polygon(EAST[0])
    assert shapes.outline.tolist() == [None, shapely.MultiPolygon([west, east]), None, west]
    assert shapes.circle[[0, 2]] == pytest.approx(np.array([[0, 0, 5], [0, 0, 7]]), abs=1e-6)
    assert np.isnan(shapes.circle[[1, 3]]).all()
    assert shapes.box[[1, 3]].tolist() == [[-0.2, 51.4, 0.1, 51.5], [-0.2, 51.4, -0.1, 51.5]]


def test_no_geometry_has_no_shape() -> None:
    assert len(zone_shapes([], PROJECTION).box) == 0


@given(st.floats(-3, 3), st.floats(-2, 2), st.floats(1e-3, 100_000), st.sampled_from([-66.0, -30.0, 0.0, LAT, 75.0]))
def test_no_part_of_a_circle_leaves_its_box(lon: float, lat: float, radius_m: float, centre_lat: float) -> None:
    projection = Projection(centre_lat, LON)
    centre = np.array([LON + lon]), np.array([centre_lat + lat])
    ((west, south, east, north),) = circle_boxes(*centre, np.array([radius_m])).tolist()
    x, y = projection.forward(*centre)
    rim_lon, rim_lat = projection.inverse(x + radius_m * np.cos(ROUND), y + radius_m * np.sin(ROUND))
    assert west < rim_lon.min()
    assert rim_lon.max() < east
    assert south < rim_lat.min()
    assert rim_lat.max() < north


@pytest.mark.parametrize(
    ("geometry", "off"),
    [
        (Circle(LON, LAT, 50.0), False),
        (polygon(box(-3.0, 53.0, -2.0, 54.0)), False),
        (Circle(120.0, 10.0, 50.0), True),
        (polygon(box(100.0, 50.0, 100.1, 50.1)), True),
        (polygon(box(0.0, 51.0, 100.0, 52.0)), True),
        (polygon(box(-5.0, 80.0, 5.0, 90.0)), True),
    ],
)
def test_a_zone_that_reaches_too_far_from_the_centre_is_off_the_plane(geometry: Geometry, off: bool) -> None:
    assert off_the_plane(zone_shapes([geometry], PROJECTION).box, PROJECTION).tolist() == [off]
