"""Polygons as they were given, in longitude and latitude: what inside and outside are decided on.

GeoJSON's edges are straight in longitude and latitude (RFC 7946 §3.1.1). On any plane of metres they are bent, so a
position that lies on an edge here may lie on neither side, or the wrong one, there.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import shapely

from geofence.arrays import Shapes
from geofence.columns import Integers
from model.zones import MultiPolygon


def outlines(geometries: Sequence[MultiPolygon]) -> Shapes:
    """A shapely Polygon or MultiPolygon of each, shape (n,): degrees, x is longitude."""
    polygons = list(chain.from_iterable(one.polygons for one in geometries))
    rings = list(chain.from_iterable(polygons))
    lengths = _lengths(rings)
    flat = np.fromiter(chain.from_iterable(chain.from_iterable(rings)), np.float64, count=2 * lengths.sum())
    closed: Any = shapely.linearrings(flat.reshape(-1, 2), indices=np.repeat(np.arange(len(rings)), lengths))
    ring_counts = _lengths(polygons)
    # Each polygon's first ring is its outer one.
    areas: Any = shapely.polygons(closed, indices=np.repeat(np.arange(len(polygons)), ring_counts))
    return _grouped(np.asarray(areas, object), _lengths([one.polygons for one in geometries]))


def _lengths(parts: Sequence[Sequence[object]]) -> Integers:
    return np.fromiter(map(len, parts), np.int64, count=len(parts))


def _grouped(areas: Shapes, counts: Integers) -> Shapes:
    """``counts[i]`` areas each: one stays as it is, several become a MultiPolygon."""
    first = np.cumsum(counts) - counts
    shapes: Shapes = areas[first]
    several = np.flatnonzero(counts > 1)
    if len(several):
        zone = np.repeat(np.arange(len(counts)), counts)
        member = counts[zone] > 1
        shapes[several] = shapely.multipolygons(
            areas[member], indices=np.repeat(np.arange(len(several)), counts[several])
        )
    return shapes
