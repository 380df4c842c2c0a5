"""The zone index: who is checked against what, when, and the pitfalls that the design names."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest

from geofence import shared_rows
from geofence.shapes import OffThePlaneError
from geofence.zone_index import NOBODY, ZoneIndex
from model.zones import Circle, Coordinate, MultiPolygon
from tests.geofence.examples import (
    LAT,
    LON,
    PROJECTION,
    at,
    box,
    corners_and_midpoints,
    expected,
    found,
    index_of,
    of_one,
    points_at,
    points_on_plane,
    polygon,
    version,
)

HERE = (LON, LAT)
SQUARE = polygon(box(LON - 0.01, LAT - 0.01, LON + 0.01, LAT + 0.01))


def test_an_own_zone_is_for_its_owner_alone() -> None:
    index = index_of(version(SQUARE, person_id=1))
    assert found(index, at([HERE], person_id=1)) == {(0, 1, 1)}
    assert found(index, at([HERE], person_id=2)) == set()


def test_a_shared_zone_is_for_every_wearer_and_for_a_device_on_nobody_not() -> None:
    index = index_of(version(SQUARE, person_id=None))
    assert found(index, at([HERE], person_id=2)) == {(0, 1, 1)}
    assert found(index, at([HERE], person_id=NOBODY)) == set()


@pytest.mark.parametrize(
    ("moment", "judged_by"),
    [(9, set()), (10, {(0, 1, 1)}), (19, {(0, 1, 1)}), (20, {(0, 1, 2)}), (99, {(0, 1, 2)})],
)
def test_a_fix_is_judged_by_the_version_valid_at_its_time(moment: int, judged_by: set[tuple[int, int, int]]) -> None:
    index = index_of(version(SQUARE, valid=(10, None)))
    index.apply([version(SQUARE, valid=(10, 20)), version(SQUARE, number=2, valid=(20, None))])
    assert found(index, at([HERE], moment=moment)) == judged_by


@pytest.mark.parametrize(("moment", "active"), [(4, False), (5, True), (7, True), (8, False)])
def test_a_fix_counts_only_within_the_dates_of_the_condition(moment: int, active: bool) -> None:
    index = index_of(version(SQUARE, active=(5, 8)))
    assert bool(found(index, at([HERE], moment=moment))) == active


def test_a_replaced_version_is_gone_from_where_it_was() -> None:
    elsewhere = polygon(box(LON + 0.1, LAT, LON + 0.12, LAT + 0.02))
    for person_id in (1, None):
        index = index_of(version(SQUARE, person_id=person_id))
        index.apply([version(elsewhere, person_id=person_id)])
        assert found(index, at([HERE, (LON + 0.11, LAT + 0.01)])) == {(1, 1, 1)}


def test_the_last_of_two_equal_keys_in_one_apply_counts() -> None:
    index = index_of(version(SQUARE, person_id=1), version(SQUARE, person_id=2))
    assert len(index) == 1
    assert found(index, at([HERE], person_id=1)) == set()
    assert found(index, at([HERE], person_id=2)) == {(0, 1, 1)}


def test_forgetting_people_leaves_the_others_and_the_shared_zones() -> None:
    index = index_of(*(version(SQUARE, zone_id=one, person_id=one) for one in (1, 2)))
    index.apply([version(SQUARE, zone_id=3, person_id=None)])
    index.mark_loaded([1, 2])
    index.forget_people([1, 77])
    assert found(index, at([HERE], person_id=1)) == {(0, 3, 1)}
    assert found(index, at([HERE], person_id=2)) == {(0, 2, 1), (0, 3, 1)}
    assert index.people() == {2}


def test_only_marking_says_that_a_person_is_loaded() -> None:
    """An edit may arrive for a person whose other zones are not here: that must not pass for all of them."""
    index = index_of(version(SQUARE, person_id=1))
    assert index.people() == frozenset()
    index.mark_loaded([1, 2])
    assert index.people() == {1, 2}


def test_rows_lead_back_to_their_versions() -> None:
    zone = version(SQUARE, zone_id=7)
    index = index_of(zone)
    hits = index.match(*at([HERE]))
    assert [index.version(row) for row in hits.row.tolist()] == [zone]
    with pytest.raises(KeyError, match="row 5 holds no zone version"):
        index.version(5)


def test_columns_of_different_lengths_are_refused() -> None:
    person_id, points, moment = at([HERE, HERE])
    with pytest.raises(ValueError, match="one length"):
        index_of(version(SQUARE)).match(person_id[:1], points, moment)


def test_an_empty_index_and_an_empty_batch_match_nothing() -> None:
    assert found(ZoneIndex(PROJECTION), at([HERE])) == set()
    for person_id in (1, None):
        assert found(index_of(version(SQUARE, person_id=person_id)), at([])) == set()


def test_a_zone_too_far_away_is_refused_by_name_and_changes_nothing() -> None:
    index = index_of(version(SQUARE))
    with pytest.raises(OffThePlaneError, match=r"zone Z9, version 1: the zone reaches more than 1500 km"):
        index.apply([version(Circle(LON, LAT, 50.0), zone_id=1), version(Circle(120.0, 10.0, 50.0), zone_id=9)])
    assert found(index, at([HERE])) == {(0, 1, 1)}


@pytest.mark.parametrize("attempt", [pickle.dumps, copy.copy, copy.deepcopy])
def test_pitfall_a_pickled_rtree_is_silently_empty(attempt: object) -> None:
    assert callable(attempt)
    with pytest.raises(TypeError, match="cannot be pickled or copied"):
        attempt(index_of(version(SQUARE, person_id=None)))


def test_pitfall_a_delete_with_the_wrong_box_does_nothing() -> None:
    zones = [version(SQUARE, zone_id=one, person_id=None) for one in range(2 * shared_rows.BULK_FROM)]
    index = index_of(*zones)  # loaded in bulk, then edited one by one
    index.apply([replace(one, geometry=Circle(LON + 0.2, LAT, 100.0)) for one in zones])
    index.apply([replace(one, zone_id=one.zone_id + 1000) for one in zones[:3]])
    candidates, _ = index._shared.pairs(np.array([LON]), np.array([LAT]))
    assert len(candidates) == 3
    assert found(index, at([HERE])) == {(0, 1000, 1), (0, 1001, 1), (0, 1002, 1)}


def test_pitfall_contains_leaves_out_the_boundary() -> None:
    donut = polygon(box(LON - 0.01, LAT - 0.01, LON + 0.01, LAT + 0.01), box(LON, LAT, LON + 0.005, LAT + 0.005))
    corners = [corner for ring in donut.polygons[0] for corner in ring]
    for person_id in (1, None):
        assert len(found(index_of(version(donut, person_id=person_id)), at(corners))) == len(corners)


@pytest.mark.parametrize("tip", [-0.15, -0.13, -0.1000001, -0.0333])
def test_pitfall_prepared_and_plain_answers_differ_where_a_touching_hole_pokes_out(tip: float) -> None:
    """The hole's tip lies on an edge that would bend on a plane of metres; the tip is boundary, and so inside."""
    geometry = polygon(
        box(-0.2, 51.45, 0.0, 51.55), ((tip, 51.45), (tip + 0.01, 51.5), (tip - 0.01, 51.5), (tip, 51.45))
    )
    columns = of_one(corners_and_midpoints(geometry))
    for person_id in (1, None):
        zone = version(geometry, person_id=person_id)
        assert found(index_of(zone), at([(tip, 51.45)])) == {(0, 1, 1)}
        assert found(index_of(zone), columns) == expected([zone], columns)


LONG = box(-0.25, 51.4, 0.04, 51.58)  # 20 km each way


@pytest.mark.parametrize(
    "edge",
    [
        [(lon, lat) for lon in np.linspace(-0.25, 0.04, 59).round(6).tolist() for lat in (51.4, 51.58)],
        [(lon, lat) for lat in np.linspace(51.4, 51.58, 37).round(6).tolist() for lon in (-0.25, 0.04)],
    ],
    ids=["along a parallel", "along a meridian"],
)
def test_pitfall_on_a_plane_of_metres_a_position_on_a_long_edge_is_not_on_it(edge: list[Coordinate]) -> None:
    """GeoJSON's edges are straight in longitude and latitude: what lies exactly on one is inside, at a depth."""
    for person_id in (1, None):
        index = index_of(version(polygon(LONG), person_id=person_id))
        hits = index.match(*at(edge))
        assert hits.position.tolist() == list(range(len(edge)))
        depth_m = index.depth_m(hits.row, points_at(edge))
        assert ((depth_m >= 0) & (depth_m < 0.01)).all()


def test_the_next_number_beyond_a_long_edge_is_outside() -> None:
    index = index_of(version(polygon(LONG)))
    beyond = [
        *((LON, float(np.nextafter(lat, away))) for lat, away in ((51.4, 0), (51.58, 90))),
        *((float(np.nextafter(lon, away)), LAT) for lon, away in ((-0.25, -9), (0.04, 9))),
    ]
    assert found(index, at(beyond)) == set()


def test_pitfall_a_buffer_makes_a_circle_metres_short() -> None:
    radius_m, angle = 1500.0, np.linspace(0, 2 * np.pi, 720, endpoint=False)
    index = index_of(version(Circle(LON, LAT, radius_m)))
    for margin, inside in ((-1e-6, 720), (1e-6, 0)):
        rim = points_on_plane((radius_m + margin) * np.cos(angle), (radius_m + margin) * np.sin(angle))
        assert len(found(index, of_one(rim))) == inside


def test_pitfall_a_box_rounded_inward_loses_the_rim_of_a_circle() -> None:
    rng = np.random.default_rng(1)
    zones = [
        version(Circle(LON + rng.uniform(-0.3, 0.3), LAT, rng.uniform(50, 5000)), zone_id=one) for one in range(300)
    ]
    rims = []
    for zone in zones:
        assert isinstance(zone.geometry, Circle)
        (centre,) = np.column_stack(PROJECTION.forward(np.array([zone.geometry.lon]), np.array([LAT])))
        west = centre[0] - zone.geometry.radius_m
        rims += [(west + ulps * np.spacing(west), centre[1]) for ulps in range(-3, 4)]
    columns = of_one(points_on_plane(*np.array(rims).T))
    assert found(index_of(*zones), columns) == expected(zones, columns)


def test_pitfall_textbook_edge_crossing_gets_points_level_with_a_corner_wrong() -> None:
    diamond = polygon(((LON, LAT - 0.01), (LON + 0.01, LAT), (LON, LAT + 0.01), (LON - 0.01, LAT), (LON, LAT - 0.01)))
    index = index_of(version(diamond))
    level = [(LON - 0.02, LAT), (LON - 0.01, LAT), (LON, LAT), (LON + 0.01, LAT), (LON + 0.02, LAT)]
    assert {position for position, _, _ in found(index, at(level))} == {1, 2, 3}


def test_pitfall_nan_asks_the_rtree_for_everything() -> None:
    index = index_of(version(SQUARE, person_id=None), version(SQUARE, zone_id=2, person_id=1))
    for place in ((np.nan, np.nan), (LON, np.nan), (np.inf, LAT), (-np.inf, np.inf)):
        points = points_at([place])
        assert len(index._shared.pairs(points.lon, points.lat)[0]) == 0
        assert found(index, of_one(points)) == set()


def test_a_part_of_a_multipolygon_and_its_hole_count_as_drawn() -> None:
    west = (
        box(LON - 0.05, LAT, LON - 0.03, LAT + 0.02),
        box(LON - 0.045, LAT + 0.005, LON - 0.035, LAT + 0.015),
    )
    east = (box(LON, LAT, LON + 0.02, LAT + 0.02),)
    index = index_of(version(MultiPolygon((west, east))))
    places = [
        (LON - 0.04, LAT + 0.01),
        (LON - 0.048, LAT + 0.01),
        (LON - 0.01, LAT + 0.01),
        (LON + 0.01, LAT + 0.01),
    ]
    assert {position for position, _, _ in found(index, at(places))} == {1, 3}


def test_a_table_that_has_grown_shrunk_and_grown_again_still_answers() -> None:
    index = ZoneIndex(PROJECTION)
    everyone = range(1, 400)
    zones = [version(SQUARE, zone_id=one, person_id=one) for one in everyone]
    for _ in range(3):
        index.apply(zones)
        index.forget_people(everyone[::2])
    people = np.array(everyone)
    hits = index.match(people, points_at([HERE] * len(people)), np.zeros(len(people), np.int64))
    assert people[hits.position].tolist() == list(everyone[1::2])
