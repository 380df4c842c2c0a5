"""The geometry of a zone: for each thing that is wrong with it, the exact problem."""

from typing import Any

import numpy as np
import pytest

from geofence.problems import Defect
from tests.geofence.zone_files import (
    BOTH,
    BOW_TIE,
    DIAMOND,
    HOLE,
    INNER_FIRST,
    LINE,
    OUTER,
    PACIFIC,
    SPIKE,
    TOO_MANY,
    area,
    areas,
    feature,
    only_problem,
    point,
    ring,
)


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
