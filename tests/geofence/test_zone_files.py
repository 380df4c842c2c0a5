"""Zone files: what is accepted, and for each thing that is wrong the exact problem."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.drafts import ZoneDraft
from geofence.geojson import from_stored, read_zones, to_geojson
from geofence.problems import Defect
from geofence.topology import MAXIMUM_PAIRS
from model.enums import ZoneKind
from model.policies import RECORD
from model.zones import Circle, Geometry
from tests.geofence.examples import geometries, polygon
from tests.geofence.zone_files import (
    BOW_TIE,
    HOLE,
    LINE,
    OUTER,
    Positions,
    area,
    areas,
    collection,
    feature,
    only_problem,
    point,
    problems_of,
)


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
        ({"valid_from": "0001-01-01T00:00:00+14:00"}, "properties.valid_from", Defect.BAD_TIME),  # year 0 in UTC
        ({"active_to": "9999-12-31T23:59:59-14:00"}, "properties.active_to", Defect.BAD_TIME),  # year 10000 in UTC
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
        preset="record",
        policy=RECORD,
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
    assert from_stored(json.loads(json.dumps(to_geojson(geometry)))) == geometry


@pytest.mark.parametrize(
    "document",
    [
        None,
        5,
        {},
        {"type": "Polygon"},
        {"type": "Point", "coordinates": [0.1, 51.1]},
        {"type": "Point", "coordinates": [0.1, None], "radius_m": 5.0},
        {"type": "LineString", "coordinates": OUTER},
        {"type": "Polygon", "coordinates": 7},
        {"type": "Polygon", "coordinates": OUTER},
        {"type": "Polygon", "coordinates": [[[0.1, 51.1, 30.0]]]},
        {"type": "MultiPolygon", "coordinates": [OUTER]},
    ],
)
def test_what_was_never_stored_as_a_geometry_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="no stored geometry of a zone"):
        from_stored(document)


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
