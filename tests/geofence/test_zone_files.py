"""Zone files: what is accepted, and for each thing that is wrong the exact problem."""

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.drafts import ZoneDraft
from geofence.geojson import from_geojson, read_zones, to_geojson
from geofence.problems import Defect, ZoneProblem
from geofence.structure import MAXIMUM_POSITIONS
from geofence.topology import MAXIMUM_PAIRS
from model.enums import ZoneKind
from model.zones import Circle, Geometry
from tests.geofence.examples import PROJECTION, geometries, polygon

REGION = (51.0, -1.0, 52.0, 1.0)
Positions = list[list[float]]


def ring(west: float, south: float, east: float, north: float) -> Positions:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


OUTER = ring(0.0, 51.0, 0.5, 51.5)
HOLE = ring(0.1, 51.1, 0.2, 51.2)
BOW_TIE = [[0.0, 51.0], [0.2, 51.2], [0.2, 51.0], [0.0, 51.2], [0.0, 51.0]]
SPIKE = [[0.0, 51.0], [0.1, 51.0], [0.1, 51.1], [0.1, 51.2], [0.1, 51.1], [0.0, 51.1], [0.0, 51.0]]
LINE = [[0.0, 51.0], [0.1, 51.1], [0.3, 51.3], [0.0, 51.0]]
DIAMOND = [[0.0, 51.25], [0.25, 51.0], [0.5, 51.25], [0.25, 51.5], [0.0, 51.25]]
BOTH = "polygon 1 and polygon 2"
INNER_FIRST = "hole 2 and hole 1"
PACIFIC = [[179.0, 51.0], [-179.0, 51.0], [-179.0, 51.5], [179.0, 51.0]]
TOO_MANY = [[0.0, 51.0]] * (MAXIMUM_POSITIONS + 1)


def feature(geometry: object, **properties: object) -> dict[str, Any]:
    given_properties = {"reference": "Z-1", "name": "High Street", "kind": "exclusion"} | properties
    return {"type": "Feature", "properties": given_properties, "geometry": geometry}


def area(*rings: object) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def areas(*polygons: object) -> dict[str, Any]:
    return {"type": "MultiPolygon", "coordinates": list(polygons)}


def point(*coordinates: object) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(coordinates)}


def collection(*features: object) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def problems_of(document: object) -> tuple[ZoneProblem, ...]:
    read = read_zones(document, region=REGION, projection=PROJECTION)
    assert not (read.drafts and read.problems), "a file is taken whole or not at all"
    return read.problems


def only_problem(document: object) -> ZoneProblem:
    (problem,) = problems_of(document)
    return problem


@pytest.mark.parametrize(
    ("geometry", "defect", "ring_named", "position", "edges"),
    [
        (5, Defect.NOT_AN_OBJECT, None, None, ()),
        (None, Defect.MISSING, None, None, ()),
        ({"coordinates": [OUTER]}, Defect.UNSUPPORTED_TYPE, None, None, ()),
        ({"type": "LineString", "coordinates": OUTER}, Defect.UNSUPPORTED_TYPE, None, None, ()),
        ({"type": "GeometryCollection", "geometries": []}, Defect.UNSUPPORTED_TYPE, None, None, ()),
        ({"type": "Polygon"}, Defect.WRONG_TYPE, None, None, ()),
        (areas(), Defect.EMPTY, None, None, ()),
        (areas("east"), Defect.WRONG_TYPE, None, None, ()),
        (area(), Defect.EMPTY, "outer ring", None, ()),
        (areas([OUTER], []), Defect.EMPTY, "polygon 2, outer ring", None, ()),
        (area("outer"), Defect.WRONG_TYPE, "outer ring", None, ()),
        (area([]), Defect.TOO_FEW_POSITIONS, "outer ring", None, ()),
        (area(OUTER[:2] + OUTER[:1]), Defect.TOO_FEW_POSITIONS, "outer ring", None, ()),
        (area(OUTER[:-1]), Defect.UNCLOSED_RING, "outer ring", 4, ()),
        (area(OUTER, HOLE[:-1]), Defect.UNCLOSED_RING, "hole 1", 4, ()),
        (areas([OUTER], [OUTER, HOLE[:-1]]), Defect.UNCLOSED_RING, "polygon 2, hole 1", 4, ()),
        (area([*OUTER[:2], 7, *OUTER[2:]]), Defect.WRONG_TYPE, "outer ring", 3, ()),
        (area([*OUTER[:2], [0.5], *OUTER[2:]]), Defect.WRONG_TYPE, "outer ring", 3, ()),
        (area([*OUTER[:2], [0.5, 51.2, 0, 0], *OUTER[2:]]), Defect.WRONG_TYPE, "outer ring", 3, ()),
        (area([*OUTER[:2], ["0.5", 51.2], *OUTER[2:]]), Defect.WRONG_TYPE, "outer ring", 3, ()),
        (area([*OUTER[:2], [True, 51.2], *OUTER[2:]]), Defect.WRONG_TYPE, "outer ring", 3, ()),
        (area([*OUTER[:2], [0.5, None], *OUTER[2:]]), Defect.WRONG_TYPE, "outer ring", 3, ()),
        (area([*OUTER[:2], [0.5, 51.2, "5 m"], *OUTER[2:]]), Defect.WRONG_TYPE, "outer ring", 3, ()),
        (area([*OUTER[:2], [np.nan, 51.2], *OUTER[2:]]), Defect.NOT_FINITE, "outer ring", 3, ()),
        (area([*OUTER[:2], [0.5, -np.inf], *OUTER[2:]]), Defect.NOT_FINITE, "outer ring", 3, ()),
        (area([*OUTER[:2], [0.5, 90.1], *OUTER[2:]]), Defect.OUT_OF_RANGE, "outer ring", 3, ()),
        (area([*OUTER[:2], [529381, 51.2], *OUTER[2:]]), Defect.OUT_OF_RANGE, "outer ring", 3, ()),
        (area([*OUTER[:2], [10**400, 51.2], *OUTER[2:]]), Defect.OUT_OF_RANGE, "outer ring", 3, ()),
        (area([[lat, lon] for lon, lat in OUTER]), Defect.SWAPPED_COORDINATES, "outer ring", 1, ()),
        (area(LINE), Defect.ZERO_AREA, "outer ring", 1, ()),
        (area(OUTER[:1] * 4), Defect.ZERO_AREA, "outer ring", 1, ()),
        (area(OUTER, LINE), Defect.ZERO_AREA, "hole 1", 1, ()),
        (area(BOW_TIE), Defect.SELF_CROSSING_RING, "outer ring", 1, (1, 3)),
        (area(OUTER, BOW_TIE), Defect.SELF_CROSSING_RING, "hole 1", 1, (1, 3)),
        (area(SPIKE), Defect.SELF_CROSSING_RING, "outer ring", 2, (2, 3, 4, 5)),
        (area(PACIFIC), Defect.CROSSES_ANTIMERIDIAN, "outer ring", 1, ()),
        (area(OUTER, ring(0.6, 51.1, 0.7, 51.2)), Defect.HOLE_OUTSIDE, "hole 1", 1, ()),
        (area(OUTER, HOLE, ring(0.4, 51.3, 0.6, 51.4)), Defect.RINGS_CROSS, "hole 2 and outer ring", 1, (1,)),
        (area(OUTER, ring(0.0, 51.1, 0.2, 51.2)), Defect.RINGS_CROSS, "hole 1 and outer ring", 3, (3, 4)),
        (area(HOLE, OUTER), Defect.RINGS_CROSS, "hole 1 and outer ring", None, None),
        (area(OUTER, OUTER), Defect.RINGS_CROSS, "hole 1 and outer ring", None, None),
        (area(OUTER, HOLE, ring(0.12, 51.12, 0.3, 51.18)), Defect.RINGS_CROSS, "hole 1 and hole 2", 2, (2,)),
        (area(OUTER, HOLE, ring(0.12, 51.12, 0.18, 51.18)), Defect.HOLES_NESTED, INNER_FIRST, None, None),
        (area(OUTER, DIAMOND), Defect.INTERIOR_CUT, "outer ring", None, ()),
        (areas([OUTER], [HOLE]), Defect.POLYGONS_OVERLAP, BOTH, None, ()),
        (areas([OUTER], [ring(0.4, 51.4, 0.6, 51.6)]), Defect.POLYGONS_OVERLAP, BOTH, None, ()),
        (areas([OUTER], [ring(0.5, 51.1, 0.6, 51.2)]), Defect.POLYGONS_OVERLAP, BOTH, None, ()),
        (area(TOO_MANY), Defect.TOO_MANY_POSITIONS, None, None, ()),
        (area(ring(120.0, 10.0, 120.1, 10.1)), Defect.OFF_THE_PLANE, None, None, ()),
    ],
)  # fmt: skip
def test_a_bad_geometry_is_refused_with_its_ring_and_position(
    geometry: object,
    defect: Defect,
    ring_named: str | None,
    position: int | None,
    edges: tuple[int, ...] | None,
) -> None:
    problem = only_problem(feature(geometry))
    assert (problem.feature, problem.reference, problem.field) == (1, "Z-1", "geometry")
    assert problem.defect == defect
    assert problem.remedy
    if problem.geometry is not None:
        assert problem.geometry.ring == ring_named
        assert edges is None or (problem.geometry.position, problem.geometry.edges) == (position, edges)


@pytest.mark.parametrize(
    ("properties", "defect"),
    [
        ({}, Defect.MISSING),
        ({"radius_m": 0}, Defect.OUT_OF_RANGE),
        ({"radius_m": -5}, Defect.OUT_OF_RANGE),
        ({"radius_m": 100_001}, Defect.OUT_OF_RANGE),
        ({"radius_m": np.nan}, Defect.NOT_FINITE),
        ({"radius_m": True}, Defect.WRONG_TYPE),
        ({"radius_m": "100"}, Defect.WRONG_TYPE),
    ],
)
def test_a_bad_radius_is_refused(properties: dict[str, object], defect: Defect) -> None:
    assert only_problem(feature(point(0.1, 51.1), **properties)).defect == defect


@pytest.mark.parametrize(
    ("centre", "defect"),
    [
        (point(), Defect.WRONG_TYPE),
        (point(0.1), Defect.WRONG_TYPE),
        (point(51.1, 0.1), Defect.SWAPPED_COORDINATES),
        (point(179.9999, 51.1), Defect.CROSSES_ANTIMERIDIAN),
        (point(0.1, -89.9999), Defect.OUT_OF_RANGE),
    ],
)
def test_a_bad_centre_is_refused(centre: dict[str, Any], defect: Defect) -> None:
    assert only_problem(feature(centre, radius_m=100)).defect == defect


def test_a_polygon_with_a_radius_is_refused() -> None:
    assert only_problem(feature(area(OUTER), radius_m=100)).defect == Defect.UNSUPPORTED_TYPE


@pytest.mark.parametrize(
    ("properties", "field", "defect"),
    [
        ({"reference": None}, "properties.reference", Defect.MISSING),
        ({"reference": 7}, "properties.reference", Defect.WRONG_TYPE),
        ({"reference": "  "}, "properties.reference", Defect.EMPTY),
        ({"name": "High\x00Street"}, "properties.name", Defect.CONTROL_CHARACTER),
        ({"name": "High\ud800Street"}, "properties.name", Defect.CONTROL_CHARACTER),
        ({"crn": 12345}, "properties.crn", Defect.WRONG_TYPE),
        ({"kind": None}, "properties.kind", Defect.MISSING),
        ({"kind": "no-go"}, "properties.kind", Defect.UNKNOWN_KIND),
        ({"kind": ["exclusion"]}, "properties.kind", Defect.UNKNOWN_KIND),
        ({"valid_from": "yesterday"}, "properties.valid_from", Defect.BAD_TIME),
        ({"valid_from": 1764547200}, "properties.valid_from", Defect.WRONG_TYPE),
        ({"active_from": "2026-03-29T00:30:00"}, "properties.active_from", Defect.NAIVE_TIME),
        ({"active_to": "2026-03-29"}, "properties.active_to", Defect.NAIVE_TIME),
        (
            {"active_from": "2026-03-29T02:00:00+01:00", "active_to": "2026-03-29T01:00:00Z"},
            "properties.active_to",
            Defect.ENDS_BEFORE_IT_STARTS,
        ),
        ({"active_form": "2026-03-29T01:00:00Z"}, "properties.active_form", Defect.MISSPELT),
        ({"radius": 100}, "properties.radius", Defect.MISSPELT),
    ],
)
def test_a_bad_property_is_refused_by_name(properties: dict[str, object], field: str, defect: Defect) -> None:
    problem = only_problem(feature(area(OUTER), **properties))
    assert (problem.field, problem.defect) == (field, defect)


@pytest.mark.parametrize(
    ("document", "field", "defect"),
    [
        (None, "", Defect.NOT_AN_OBJECT),
        ([], "", Defect.NOT_AN_OBJECT),
        ({"type": "Polygon", "coordinates": [OUTER]}, "", Defect.NOT_AN_OBJECT),
        ({"type": ["Feature"]}, "", Defect.NOT_AN_OBJECT),
        ({"type": "FeatureCollection"}, "features", Defect.WRONG_TYPE),
        ({"type": "FeatureCollection", "features": {}}, "features", Defect.WRONG_TYPE),
        (collection(), "features", Defect.EMPTY),
    ],
)
def test_a_bad_file_is_one_problem_of_no_feature(document: object, field: str, defect: Defect) -> None:
    problem = only_problem(document)
    assert (problem.feature, problem.field, problem.defect) == (None, field, defect)


def test_a_feature_that_is_none_and_one_without_properties_are_named() -> None:
    without = {"type": "Feature", "properties": None, "geometry": area(OUTER)}
    problems = problems_of(collection(3, without))
    assert [(one.feature, one.field) for one in problems] == [
        (1, ""),
        *((2, f"properties{name}") for name in ("", ".reference", ".name", ".kind")),
    ]


def test_every_problem_of_every_feature_comes_at_once() -> None:
    mixed = areas([OUTER[:-1], BOW_TIE], [[["x", 51.0], *OUTER[1:], [0.0, 95.0]]], [BOW_TIE])
    problems = problems_of(
        collection(feature(mixed, kind="no-go"), feature(area(OUTER)), feature(area(LINE), reference="Z-3", crn=""))
    )
    assert [(one.feature, one.field, one.defect, one.geometry and one.geometry.ring) for one in problems] == [
        (1, "properties.kind", Defect.UNKNOWN_KIND, None),
        (1, "geometry", Defect.UNCLOSED_RING, "polygon 1, outer ring"),
        (1, "geometry", Defect.WRONG_TYPE, "polygon 2, outer ring"),
        (1, "geometry", Defect.OUT_OF_RANGE, "polygon 2, outer ring"),
        (1, "geometry", Defect.SELF_CROSSING_RING, "polygon 1, hole 1"),
        (1, "geometry", Defect.SELF_CROSSING_RING, "polygon 3, outer ring"),
        (2, "properties.reference", Defect.DUPLICATE_REFERENCE, None),
        (3, "properties.crn", Defect.EMPTY, None),
        (3, "geometry", Defect.ZERO_AREA, "outer ring"),
    ]


def test_a_thousand_copies_of_a_polygon_are_not_told_in_half_a_million_problems() -> None:
    assert len(problems_of(feature(areas(*[[OUTER]] * 1000)))) == MAXIMUM_PAIRS


def test_a_problem_reads_as_a_sentence() -> None:
    assert str(only_problem(feature(area(OUTER, BOW_TIE)))) == (
        "feature 1 (Z-1), geometry, hole 1, position 1, edges 1 and 3, at lon 0.1, lat 51.1: the ring "
        "crosses or touches itself (Self-intersection); move the positions so that no edge meets another "
        "one, or draw two polygons"
    )


def test_swapped_coordinates_are_told_once_a_ring_and_only_where_a_region_can_tell() -> None:
    swapped = feature(area([[lat, lon] for lon, lat in OUTER]))
    assert only_problem(swapped).remedy == "GeoJSON has longitude first: give [0.0, 51.0]"
    assert read_zones(swapped).problems == ()


def test_a_whole_draft_comes_out_as_it_went_in() -> None:
    document = feature(
        point(0.1, 51.1, 30),
        radius_m=250,
        reference=" Z-9 ",
        crn="X123456",
        kind="crime_scene",
        valid_from="2026-03-29T00:30:00+01:00",
        active_to="2026-04-01T00:00:00Z",
        colour="red",
    )
    (draft,) = read_zones(json.loads(json.dumps(document))).drafts
    assert draft == ZoneDraft(
        reference="Z-9",
        name="High Street",
        kind=ZoneKind.CRIME_SCENE,
        crn="X123456",
        geometry=Circle(0.1, 51.1, 250.0),
        valid_from=datetime(2026, 3, 28, 23, 30, tzinfo=UTC),
        active_from=None,
        active_to=datetime(2026, 4, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "rings",
    [
        [OUTER[::-1], HOLE],
        [OUTER, HOLE],
        [[[*position, 12.5] for position in OUTER]],
        [[position for position in OUTER for _ in range(2)]],
        [OUTER, [[0.0, 51.25], [0.1, 51.2], [0.1, 51.3], [0.0, 51.25]]],
    ],
    ids=[
        "wound clockwise",
        "wound counterclockwise",
        "with altitudes",
        "repeated positions",
        "hole touches once",
    ],
)
def test_harmless_variety_is_accepted(rings: list[Positions]) -> None:
    assert problems_of(feature(area(*rings))) == ()


@given(geometries())
def test_a_geometry_survives_its_way_out_and_in(geometry: Geometry) -> None:
    assert from_geojson(json.loads(json.dumps(to_geojson(geometry)))) == geometry


def test_from_geojson_tells_every_problem() -> None:
    with pytest.raises(ValueError, match=r"(?s)outer ring.*encloses no area.*hole 1.*crosses or touches itself"):
        from_geojson(area(LINE, BOW_TIE))


def test_to_geojson_of_one_polygon_is_a_polygon() -> None:
    square = tuple((lon, lat) for lon, lat in OUTER)
    assert to_geojson(polygon(square)) == area(OUTER)


JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5) | st.sampled_from([0.1, 51.1]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=25,
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["Polygon", "MultiPolygon", "Point", "Polygons"]) | JUNK, JUNK, JUNK)
def test_no_rubbish_raises(kind: object, coordinates: object, radius_m: object) -> None:
    read = read_zones(feature({"type": kind, "coordinates": coordinates}, radius_m=radius_m, name=radius_m))
    assert bool(read.problems) != bool(read.drafts)
    assert all(str(problem) for problem in read.problems)
