"""Boundaries on the plane, for distances: edges that bend, and how far they are followed."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geofence.boundaries import MAXIMUM_POSITIONS, boundaries, pieces_per_edge
from geofence.outlines import outlines
from geofence.projection import Projection
from model.zones import MultiPolygon
from tests.geofence.examples import LAT, LON, PROJECTION, box, polygon

EDGES = st.tuples(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6)).filter(lambda edge: max(map(abs, edge)) > 1e-4)
COURSES = np.linspace(0, 1, 4001)


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
    (boundary,) = boundaries(outlines([polygon(corners)]), PROJECTION)
    x, y = PROJECTION.forward(*np.array(corners).T)
    kept = {tuple(one) for one in shapely.get_coordinates(boundary).tolist()}
    assert kept >= set(zip(x.tolist(), y.tolist(), strict=True))
    assert len(kept) > 50


def test_every_ring_of_every_part_is_boundary() -> None:
    west = (box(-0.2, 51.4, -0.1, 51.5), box(-0.18, 51.42, -0.16, 51.44))
    east = (box(0.0, 51.4, 0.1, 51.5),)
    both, alone = boundaries(outlines([MultiPolygon((west, east)), MultiPolygon((east,))]), PROJECTION)
    assert [len(both.geoms), len(alone.geoms)] == [3, 1]
    assert all(line.is_closed for line in [*both.geoms, *alone.geoms])
    assert both.geoms[2].equals(alone.geoms[0])


def test_an_edge_across_the_antimeridian_from_the_centre_is_split_as_it_would_be_on_this_side() -> None:
    east, west = np.array([[179.5, -17.0, 179.9, -17.0], [-179.9, -17.0, -179.5, -17.0]])
    assert pieces_per_edge(east[np.newaxis], 180.0) == pieces_per_edge(west[np.newaxis], 180.0)
    assert pieces_per_edge(west[np.newaxis], 180.0) < 200


@pytest.mark.parametrize("ring", [box(-5.0, 80.0, 5.0, 90.0), box(-90.0, -80.0, 90.0, 80.0)])
def test_a_zone_at_a_pole_or_of_half_a_world_is_split_no_further_than_can_be_held(
    ring: tuple[tuple[float, float], ...],
) -> None:
    (boundary,) = boundaries(outlines([polygon(ring)]), PROJECTION)
    assert shapely.get_num_coordinates(boundary) <= MAXIMUM_POSITIONS + len(ring)
