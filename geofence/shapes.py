"""Zones as shapes on the plane, in metres.

GeoJSON's edges are straight in longitude and latitude (RFC 7946 §3.1.1), and such an edge is bent on the
plane. So long edges get positions in between before they are projected. Circles are never turned into
polygons: a polygon of a circle is metres short between its corners.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np
import shapely

from geofence.arrays import spans
from geofence.columns import Floats, Integers
from geofence.projection import Projection
from geofence.topology import first_fault
from geofence.touching import with_touching_corners
from model.zones import Circle, Geometry, MultiPolygon, Ring

MAXIMUM_BOW_M = 0.005
"""Half the centimetre that we promise; the other half pays for taking the earth as a sphere below."""

MAXIMUM_POSITIONS = 2_000_000
"""Of one zone after its long edges are split. Only a zone of continental size or at a pole comes near."""

MAXIMUM_DISTANCE_M = 1_500_000.0
"""From the deployment's centre; there the plane's metres are already 3 % too long."""

LEAST_EARTH_RADIUS_M = 6_335_000.0  # the ellipsoid's least and greatest radii of curvature, rounded outward
GREATEST_EARTH_RADIUS_M = 6_400_000.0


class ShapeError(ValueError):
    """The geometry cannot be placed on this deployment's plane; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class PlaneCircle:
    x: float
    y: float
    radius_m: float


PlaneShape = PlaneCircle | shapely.Polygon | shapely.MultiPolygon


def plane_shape(geometry: Geometry, projection: Projection) -> PlaneShape:
    """One geometry on the plane; see ``plane_shapes``."""
    return plane_shapes([geometry], projection)[0]


def plane_shapes(geometries: Sequence[Geometry], projection: Projection) -> list[PlaneShape]:
    """Validated geometries on the plane of ``projection``, in metres; one projection call for all of them.

    Polygons follow their true edges to less than 1 cm (``pieces_per_edge``) and keep every given position.
    Raises ShapeError where a geometry reaches too far from the centre, is too large to follow that closely,
    or has edges nearer to each other than that.
    """
    circles = iter(_circles([one for one in geometries if isinstance(one, Circle)], projection))
    outlines = iter(_outlines([one for one in geometries if isinstance(one, MultiPolygon)], projection))
    return [next(circles) if isinstance(one, Circle) else next(outlines) for one in geometries]


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
    away = np.maximum(np.abs(lon_a - np.radians(centre_lon)), np.abs(lon_b - np.radians(centre_lon)))
    s = widest * np.sin(np.minimum(away, np.pi / 2))
    with np.errstate(divide="ignore"):
        scale = 1 / np.sqrt(1 - s**2)
        bow = scale * length**2 * (2 / np.sqrt(3) * np.tan(steepest) + s) / (8 * LEAST_EARTH_RADIUS_M)
    pieces = np.ceil(np.sqrt(bow / MAXIMUM_BOW_M))
    return np.asarray(np.clip(pieces, 1, MAXIMUM_POSITIONS + 1), np.int64)


def _circles(circles: Sequence[Circle], projection: Projection) -> list[PlaneCircle]:
    x, y = projection.forward(np.array([one.lon for one in circles]), np.array([one.lat for one in circles]))
    _must_be_on_the_plane(x, y)
    return [PlaneCircle(float(x[at]), float(y[at]), one.radius_m) for at, one in enumerate(circles)]


def _outlines(outlines: Sequence[MultiPolygon], projection: Projection) -> list[shapely.Polygon | shapely.MultiPolygon]:
    if not outlines:
        return []
    polygons = [polygon for one in outlines for polygon in one.polygons]
    zones = [with_touching_corners(list(chain.from_iterable(one.polygons))) for one in outlines]
    rings = list(chain.from_iterable(zones))
    zone_of_ring = np.repeat(np.arange(len(zones)), [len(zone) for zone in zones])
    positions, ring_of = _with_split_edges(rings, zone_of_ring, projection.lon)
    x, y = projection.forward(positions[:, 0], positions[:, 1])
    _must_be_on_the_plane(x, y)
    closed: Any = shapely.linearrings(np.column_stack([x, y]), indices=ring_of)
    polygon_of_ring = np.repeat(np.arange(len(polygons)), [len(one) for one in polygons])
    areas: Any = shapely.polygons(closed, indices=polygon_of_ring)  # each polygon's first ring is its outer one
    first = np.cumsum([0, *(len(one.polygons) for one in outlines)])
    shapes = [
        areas[start] if end - start == 1 else shapely.MultiPolygon(list(areas[start:end]))
        for start, end in pairwise(first)
    ]
    for invalid in np.flatnonzero(~shapely.is_valid(shapes)):
        raise ShapeError(_why_invalid(shapes[invalid], projection))
    return shapes


def _why_invalid(shape: shapely.Polygon | shapely.MultiPolygon, projection: Projection) -> str:
    """Validated edges that come nearer to each other than their bow can cross on the plane."""
    _, place = first_fault(shape)
    lon, lat = projection.inverse(*np.array(place).reshape(2, 1))
    return (
        f"two edges come within a centimetre of each other at lon {lon[0]:.7f}, lat {lat[0]:.7f}: draw them "
        "apart, or let them meet in a position that both have"
    )


def _with_split_edges(rings: Sequence[Ring], zone_of_ring: Integers, centre_lon: float) -> tuple[Floats, Integers]:
    """The positions of all rings, long edges split, as lon, lat (n, 2); and the ring of each (n,)."""
    lengths = np.array([len(ring) for ring in rings])
    flat = np.fromiter(chain.from_iterable(chain.from_iterable(rings)), np.float64, count=2 * lengths.sum())
    given = flat.reshape(-1, 2)
    following = np.roll(given, -1, axis=0)
    pieces = pieces_per_edge(np.hstack([given, following]), centre_lon)
    pieces[np.cumsum(lengths) - 1] = 1  # no edge leaves the last position of a ring
    ring_of = np.repeat(np.arange(len(rings)), lengths)
    if np.bincount(zone_of_ring[ring_of], pieces).max() > MAXIMUM_POSITIONS:
        raise ShapeError(
            f"the zone would need more than {MAXIMUM_POSITIONS} positions to follow its edges to a "
            "centimetre: its edges are too long, or reach too near a pole; draw a smaller zone"
        )
    edge, piece = spans(np.zeros_like(pieces), pieces)
    fraction = (piece / pieces[edge])[:, np.newaxis]  # 0 for a given position, which so stays exactly itself
    return given[edge] + (following[edge] - given[edge]) * fraction, ring_of[edge]


def _must_be_on_the_plane(x: Floats, y: Floats) -> None:
    if not (np.hypot(x, y) <= MAXIMUM_DISTANCE_M).all():
        raise ShapeError(
            f"the zone reaches more than {MAXIMUM_DISTANCE_M / 1000:.0f} km from the centre of this "
            "deployment: check its coordinates, or centre the deployment nearer to its zones"
        )
