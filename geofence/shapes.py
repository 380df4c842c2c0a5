"""Zones as they are asked: polygons in longitude and latitude, circles in metres on the plane, boxes in degrees.

Circles are never turned into polygons: a polygon of a circle is metres short between its corners.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geofence.arrays import Shapes
from geofence.columns import Booleans, Floats
from geofence.outlines import outlines
from geofence.projection import Projection
from model.zones import Circle, Geometry, MultiPolygon

METRES_PER_DEGREE = 110_000.0
"""A little fewer than a degree of latitude has anywhere on the ellipsoid (110,574 at least)."""

MAXIMUM_DISTANCE_M = 1_500_000.0
"""From the deployment's centre; there the plane's metres are already 3 % too long."""


TOO_FAR = f"the zone reaches more than {MAXIMUM_DISTANCE_M / 1000:.0f} km from the centre of this deployment"
TOO_FAR_REMEDY = "check its coordinates, or centre the deployment nearer to its zones"


class OffThePlaneError(ValueError):
    """A zone is too far from the deployment's centre; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class ZoneShapes:
    """``n`` geometries; a polygon has no circle (NaN) and a circle has no outline (None)."""

    box: Floats  # (n, 4) degrees: west, south, east, north; exact for polygons, ``circle_boxes`` for circles
    outline: Shapes  # (n,) lon/lat
    circle: Floats  # (n, 3) metres on the plane: x, y, radius


def zone_shapes(geometries: Sequence[Geometry], projection: Projection) -> ZoneShapes:
    """The shapes of validated geometries, in their order."""
    box, circle = np.empty((len(geometries), 4)), np.full((len(geometries), 3), np.nan)
    outline = np.full(len(geometries), None, object)
    circular = np.fromiter((isinstance(one, Circle) for one in geometries), np.bool_, count=len(geometries))
    circles = np.array([(one.lon, one.lat, one.radius_m) for one in geometries if isinstance(one, Circle)])
    if len(circles):
        lon, lat, radius_m = circles.T
        circle[circular] = np.column_stack([*projection.forward(lon, lat), radius_m])
        box[circular] = circle_boxes(lon, lat, radius_m)
    if not circular.all():
        outline[~circular] = outlines([one for one in geometries if isinstance(one, MultiPolygon)])
        box[~circular] = shapely.bounds(outline[~circular])
    return ZoneShapes(box, outline, circle)


def circle_boxes(lon: Floats, lat: Floats, radius_m: Floats) -> Floats:
    """Boxes in degrees, (n, 4), that no part of a circle on the plane leaves; lon, lat of the centres.

    The plane only stretches, so a way of r metres on it is at most r on the ground: at most ``r / 110574`` degrees of
    latitude, and at most ``r / 111320`` of longitude over the cosine of the highest latitude reached. With 110,000 for
    both, a box has at least 0.5 % of the radius to spare on every side.
    """
    tall = radius_m / METRES_PER_DEGREE
    wide = tall / np.cos(np.radians(np.abs(lat) + tall))
    return np.column_stack([lon - wide, lat - tall, lon + wide, lat + tall])


def off_the_plane(box: Floats, projection: Projection) -> Booleans:
    """Whether each box, (n, 4) degrees, reaches farther from the centre than the plane's metres are of use."""
    west, south, east, north = box.T
    x, y = projection.forward(np.concatenate([west, east, west, east]), np.concatenate([south, south, north, north]))
    near = (np.hypot(x, y) <= MAXIMUM_DISTANCE_M).reshape(4, -1)
    return np.asarray(~near.all(axis=0))
