"""Do the rings of a zone make an area? Judged in longitude and latitude, where GeoJSON's edges are straight.

GEOS says whether a shape is valid and where it first is not; what follows here is finding the rings, the
edges and the positions that meet at that place, so that the message can name them.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
import shapely

from geofence.problems import Defect, GeometryProblem
from geofence.structure import ring_name
from model.zones import Coordinate, Ring

LEAST_AREA_DEG2 = 1e-12
"""About a hundredth of a square metre; what rounding leaves of a ring that is one line is far less."""

SAME_PLACE_DEG = 1e-9  # a tenth of a millimetre

MAXIMUM_PAIRS = 100
"""Told of one polygon's holes, and of one zone's polygons: a thousand copies are half a million pairs."""

_REASON = re.compile(r"(?P<what>.+)\[(?P<x>\S+) (?P<y>\S+)\]")
_MAY_TOUCH = "they may touch in single positions, and no more"


def topology_problems(polygons: Sequence[Sequence[Ring | None]]) -> list[GeometryProblem]:
    """What is wrong with each ring, each polygon and each pair of polygons.

    None stands for a ring that could not be read. A polygon is judged where all its rings are good, and a
    pair where both polygons are.
    """
    problems: list[GeometryProblem] = []
    areas: dict[int, shapely.Polygon] = {}
    for at, rings in enumerate(polygons):
        own = list(_problems_of_one(rings, [ring_name(at, ring, len(polygons)) for ring in range(len(rings))]))
        good = [ring for ring in rings if ring is not None]
        if not own and good and len(good) == len(rings):
            areas[at] = shapely.Polygon(good[0], good[1:])
        problems.extend(own)
    return problems + list(_overlaps(areas))


def _problems_of_one(rings: Sequence[Ring | None], names: Sequence[str]) -> list[GeometryProblem]:
    known = [(ring, name) for ring, name in zip(rings, names, strict=True) if ring is not None]
    problems = [problem for ring, name in known for problem in _ring_problems(ring, name)]
    if problems or not known or len(known) < len(rings):
        return problems
    return _polygon_problems([ring for ring, _ in known], names)


def _ring_problems(ring: Ring, name: str) -> Iterator[GeometryProblem]:
    if shapely.MultiPoint(ring).convex_hull.area < LEAST_AREA_DEG2:
        yield GeometryProblem(
            Defect.ZERO_AREA, "the ring encloses no area", "draw a ring around an area", name, 1, ring[0]
        )
        return
    reason, place = _first_fault(shapely.Polygon(ring))
    if place is not None:
        edges = _edges_at(ring, place)
        yield GeometryProblem(
            Defect.SELF_CROSSING_RING,
            f"the ring crosses or touches itself ({reason})",
            "move the positions so that no edge meets another one, or draw two polygons",
            name,
            edges[0],
            place,
            edges,
        )


def _polygon_problems(rings: Sequence[Ring], names: Sequence[str]) -> list[GeometryProblem]:
    reason, place = _first_fault(shapely.Polygon(rings[0], rings[1:]))
    if place is None:
        return []
    outer = shapely.Polygon(rings[0])
    shapely.prepare(outer)
    holes = [shapely.Polygon(ring) for ring in rings[1:]]
    doubtful = np.flatnonzero(~shapely.contains_properly(outer, np.array(holes, dtype=object))) + 1
    problems = [
        problem for at in doubtful.tolist() for problem in _hole_problems(outer, rings[at], names[0], names[at])
    ]
    problems.extend(_hole_pairs(holes, rings[1:], names[1:]))
    return problems or [
        GeometryProblem(
            Defect.INTERIOR_CUT,
            f"the holes touch so that they cut the polygon in parts ({reason})",
            "draw each part as a polygon of its own",
            names[0],
            None,
            place,
        )
    ]


def _hole_problems(outer: shapely.Polygon, hole: Ring, outer_name: str, name: str) -> Iterator[GeometryProblem]:
    reason, place = _first_fault(shapely.Polygon(outer.exterior, [hole]))
    if place is None or reason == "Interior is disconnected":
        return
    if not outer.intersects(shapely.Polygon(hole)):
        yield GeometryProblem(
            Defect.HOLE_OUTSIDE,
            "the hole lies outside its polygon",
            "remove the hole, or give it to the polygon that it lies in",
            name,
            1,
            hole[0],
        )
        return
    edges = _edges_at(hole, place)
    yield GeometryProblem(
        Defect.RINGS_CROSS,
        f"the hole crosses the outer ring or runs along it ({reason})",
        f"keep the hole inside its polygon: {_MAY_TOUCH}",
        f"{name} and {outer_name}",
        edges[0],
        place,
        edges,
    )


def _hole_pairs(
    holes: Sequence[shapely.Polygon], rings: Sequence[Ring], names: Sequence[str]
) -> Iterator[GeometryProblem]:
    for one, other, reason, place in _faulty_pairs(holes):
        nested = reason == "Nested shells"
        first, second = sorted((one, other), key=lambda at: holes[at].exterior.distance(shapely.Point(place)))
        edges = _edges_at(rings[first], place)
        yield GeometryProblem(
            Defect.HOLES_NESTED if nested else Defect.RINGS_CROSS,
            "one hole lies inside the other" if nested else f"the two holes overlap or share an edge ({reason})",
            f"draw them as one hole: {_MAY_TOUCH}",
            f"{names[first]} and {names[second]}",
            edges[0],
            place,
            edges,
        )


def _overlaps(areas: dict[int, shapely.Polygon]) -> Iterator[GeometryProblem]:
    numbers = [at + 1 for at in areas]
    for one, other, reason, place in _faulty_pairs(list(areas.values())):
        yield GeometryProblem(
            Defect.POLYGONS_OVERLAP,
            f"the two polygons overlap or share an edge ({reason})",
            f"unite them into one polygon, or move them apart: {_MAY_TOUCH}",
            f"polygon {numbers[one]} and polygon {numbers[other]}",
            None,
            place,
        )


def _faulty_pairs(areas: Sequence[shapely.Polygon]) -> Iterator[tuple[int, int, str, Coordinate]]:
    """The pairs, lower number first, that overlap or share an edge; GEOS's reason and the place."""
    return islice(_all_faulty_pairs(areas), MAXIMUM_PAIRS)


def _all_faulty_pairs(areas: Sequence[shapely.Polygon]) -> Iterator[tuple[int, int, str, Coordinate]]:
    shapes = np.array(areas, dtype=object)  # said, because numpy cannot tell what none of them are
    tree = shapely.STRtree(shapes)
    for one, area in enumerate(areas):
        others = tree.query(area, predicate="intersects")
        for other in sorted(others[others > one].tolist()):
            reason, place = _first_fault(shapely.MultiPolygon([area, areas[other]]))
            if place is not None:
                yield one, other, reason, place


def _first_fault(area: shapely.Geometry) -> tuple[str, Coordinate | None]:
    """GEOS's reason and place, or no place for a valid shape."""
    found = _REASON.fullmatch(shapely.is_valid_reason(area))
    return (found["what"], (float(found["x"]), float(found["y"]))) if found else ("", None)


def _edges_at(ring: Ring, place: Coordinate) -> tuple[int, ...]:
    """The edges that pass through the place, from 1; where rounding leaves none, the nearest."""
    positions = np.array(ring)
    edges = shapely.linestrings(np.stack([positions[:-1], positions[1:]], axis=1))
    distances = shapely.distance(edges, shapely.Point(place))
    return tuple((np.flatnonzero(distances <= max(SAME_PLACE_DEG, distances.min())) + 1).tolist())
