"""Boundaries of polygons on the plane, in metres: what distances are measured to, and nothing else.

An edge that is straight in longitude and latitude is bent on the plane (20 km along a parallel bows by 10 m), so long
edges get positions in between before they are projected.
"""

from typing import Any

import numpy as np
import shapely

from geofence.arrays import Shapes, spans
from geofence.columns import Floats, Integers
from geofence.projection import Projection

MAXIMUM_BOW_M = 0.005
"""Half the centimetre that we promise; the other half pays for taking the earth as a sphere below."""

MAXIMUM_POSITIONS = 200_000
"""That splitting may bring one zone to. Only a zone of continental size or at a pole would need more; distances to
its edges are coarser then.
"""

LEAST_EARTH_RADIUS_M = 6_335_000.0  # the ellipsoid's least and greatest radii of curvature, rounded outward
GREATEST_EARTH_RADIUS_M = 6_400_000.0


def boundaries(outlines: Shapes, projection: Projection) -> Shapes:
    """The boundary of each lon/lat (multi)polygon, shape (n,) and at least one, as a MultiLineString in metres.

    It follows the true edges to less than 1 cm (``pieces_per_edge``). The edge of a hole is boundary.
    """
    parts, zone_of_part = shapely.get_parts(outlines, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    zone_of_ring = zone_of_part[part_of_ring]
    given, ring_of = shapely.get_coordinates(rings, return_index=True)
    positions, ring_of = _with_split_edges(given, ring_of, zone_of_ring, projection.lon)
    metres = np.column_stack(projection.forward(positions[:, 0], positions[:, 1]))
    lines: Any = shapely.linestrings(metres, indices=ring_of)
    return np.asarray(shapely.multilinestrings(lines, indices=zone_of_ring), object)


def pieces_per_edge(ends: Floats, centre_lon: float) -> Integers:
    """How many straight pieces each lon/lat edge needs to follow its true course on the plane to 5 mm.

    ``ends`` is (n, 4): lon, lat, lon, lat in degrees. A curve r(t), t from 0 to 1, leaves its chord by at
    most ``max|r''|/8``. For an edge L metres long on a sphere of radius R, straight in lon/lat, the
    acceleration is at most ``(2/√3) tan|lat| L²/R`` (greatest where two thirds of L² run east); a conformal
    map of scale k adds ``|∇ ln k| L² = tanh(|x|/R) L²/R`` and multiplies both by k. With
    ``tanh(x/R) = cos(lat) sin(Δlon) = s`` and ``k = 1/√(1 - s²)``::

        bow <= k L² (2/√3 tan|lat| + |s|) / 8R

    Pieces of L/n bow n² times less. 20 km due east at 51.5° bows 10 m; pieces there are about 420 m long.
    """
    lon_a, lat_a, lon_b, lat_b = np.radians(ends).T
    steepest = np.maximum(np.abs(lat_a), np.abs(lat_b))
    widest = np.cos(np.where(lat_a * lat_b <= 0, 0.0, np.minimum(np.abs(lat_a), np.abs(lat_b))))
    length = GREATEST_EARTH_RADIUS_M * np.hypot(widest * (lon_b - lon_a), lat_b - lat_a)
    away = np.maximum(*(_turn(lon - np.radians(centre_lon)) for lon in (lon_a, lon_b)))
    s = widest * np.sin(np.minimum(away, np.pi / 2))
    with np.errstate(divide="ignore"):
        scale = 1 / np.sqrt(1 - s**2)
        bow = scale * length**2 * (2 / np.sqrt(3) * np.tan(steepest) + s) / (8 * LEAST_EARTH_RADIUS_M)
    pieces = np.ceil(np.sqrt(bow / MAXIMUM_BOW_M))
    return np.asarray(np.clip(pieces, 1, MAXIMUM_POSITIONS), np.int64)


def _turn(angle: Floats) -> Floats:
    """0 to π: a zone may lie across the antimeridian from the centre."""
    return np.asarray(np.abs(np.remainder(angle + np.pi, 2 * np.pi) - np.pi))


def _with_split_edges(
    given: Floats, ring_of: Integers, zone_of_ring: Integers, centre_lon: float
) -> tuple[Floats, Integers]:
    """The positions of all rings, long edges split, as lon, lat (n, 2); and the ring of each (n,)."""
    following = np.roll(given, -1, axis=0)
    pieces = pieces_per_edge(np.hstack([given, following]), centre_lon)
    pieces[np.flatnonzero(np.diff(ring_of, append=-1))] = 1  # no edge leaves the last position of a ring
    zone = zone_of_ring[ring_of]
    share = np.minimum(1.0, MAXIMUM_POSITIONS / np.bincount(zone, pieces))
    pieces = np.maximum(1, pieces * share[zone]).astype(np.int64)
    edge, piece = spans(np.zeros_like(pieces), pieces)
    fraction = (piece / pieces[edge])[:, np.newaxis]  # 0 for a given position, which so stays exactly itself
    return given[edge] + (following[edge] - given[edge]) * fraction, ring_of[edge]
