"""When a noiseless path is inside a zone, worked out on its straight stretches, with no sampling.

Paths and polygon edges are straight in longitude and latitude, as RFC 7946 has them, so their crossings are exact in
degrees. A circle is a circle in metres about its centre. The boundary belongs to the zone.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.path import Path, Segment
from sim.plane import LonLat, offset_m

Interval = tuple[int, int]
"""From and until, in microseconds."""

Shares = tuple[float, float]
"""From and until, as shares of a stretch from 0 to 1."""


@dataclass(frozen=True, slots=True)
class TrueVisit:
    serial: str
    zone_reference: str
    entered_us: int
    left_us: int


def intervals_inside(path: Path, feature: Mapping[str, Any], from_us: int, until_us: int) -> list[Interval]:
    """The stays of ``path`` in the zone within ``[from_us, until_us]``, microseconds since the path's start.

    A stay that reaches over a bound is cut there.
    """
    in_one_round = [stay for segment in path.segments() for stay in _stays(segment, feature)]
    rounds = range(from_us // path.period_us, until_us // path.period_us + 1)
    repeated = (
        (max(entered + turn * path.period_us, from_us), min(left + turn * path.period_us, until_us))
        for turn in rounds
        for entered, left in in_one_round
    )
    return _merged(stay for stay in repeated if stay[0] < stay[1])


def _stays(segment: Segment, feature: Mapping[str, Any]) -> list[Interval]:
    length_us = segment.until_us - segment.from_us
    return [
        (segment.from_us + round(begin * length_us), segment.from_us + round(end * length_us))
        for begin, end in _shares_inside(segment, feature)
    ]


def _shares_inside(segment: Segment, feature: Mapping[str, Any]) -> list[Shares]:
    geometry = feature["geometry"]
    match geometry["type"]:
        case "Point":
            centre = (geometry["coordinates"][0], geometry["coordinates"][1])
            return _shares_in_circle(segment, centre, feature["properties"]["radius_m"])
        case "Polygon":
            return _shares_in_polygon(segment, geometry["coordinates"])
        case other:
            raise ValueError(f"the simulator draws polygons and circles, not {other}")


def _shares_in_circle(segment: Segment, centre: LonLat, radius_m: float) -> list[Shares]:
    """Where ``|start + t (end - start)| <= radius``, a quadratic in ``t``."""
    start_east, start_north = offset_m(centre, segment.start)
    end_east, end_north = offset_m(centre, segment.end)
    east, north = end_east - start_east, end_north - start_north
    squared = east * east + north * north
    beyond = start_east**2 + start_north**2 - radius_m**2
    if squared == 0:
        return [(0.0, 1.0)] if beyond <= 0 else []
    half = start_east * east + start_north * north
    root = half * half - squared * beyond
    if root <= 0:
        return []
    begin, end = (-half - math.sqrt(root)) / squared, (-half + math.sqrt(root)) / squared
    begin, end = max(begin, 0.0), min(end, 1.0)
    return [(begin, end)] if begin < end else []


def _shares_in_polygon(segment: Segment, rings: list[list[list[float]]]) -> list[Shares]:
    """Cut at every crossing with an edge; each piece is inside or outside as a whole."""
    crossings = [share for ring in rings for share in _crossings(segment, np.array(ring, dtype=np.float64))]
    cuts = sorted({0.0, 1.0, *crossings})
    return [piece for piece in pairwise(cuts) if _holds(rings, _along(segment, (piece[0] + piece[1]) / 2))]


def _crossings(segment: Segment, ring: NDArray[np.float64]) -> list[float]:
    start = np.array(segment.start)
    way = np.array(segment.end) - start
    edges, to_ring = ring[1:] - ring[:-1], ring[:-1] - start
    slant = way[0] * edges[:, 1] - way[1] * edges[:, 0]
    crossing = slant != 0
    edges, to_ring, slant = edges[crossing], to_ring[crossing], slant[crossing]
    on_segment = (to_ring[:, 0] * edges[:, 1] - to_ring[:, 1] * edges[:, 0]) / slant
    on_edge = (to_ring[:, 0] * way[1] - to_ring[:, 1] * way[0]) / slant
    hits = (on_segment > 0) & (on_segment < 1) & (on_edge >= 0) & (on_edge <= 1)
    return [float(share) for share in on_segment[hits]]


def _along(segment: Segment, share: float) -> LonLat:
    (lon, lat), (end_lon, end_lat) = segment.start, segment.end
    return lon + share * (end_lon - lon), lat + share * (end_lat - lat)


def _holds(rings: list[list[list[float]]], place: LonLat) -> bool:
    """Whether the polygon holds the place: an odd number of edges lies east of it (holes count too)."""
    east = 0
    for ring in rings:
        for (lon, lat), (next_lon, next_lat) in pairwise(ring):
            if (lat > place[1]) != (next_lat > place[1]):
                east += place[0] < lon + (place[1] - lat) / (next_lat - lat) * (next_lon - lon)
    return east % 2 == 1


def _merged(stays: Iterable[Interval]) -> list[Interval]:
    """Stays that touch are one: a stretch ends inside and the next begins there."""
    merged: list[Interval] = []
    for entered, left in sorted(stays):
        if merged and entered <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], left))
        else:
            merged.append((entered, left))
    return merged
