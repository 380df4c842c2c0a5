"""Zones as areas on the plane, in metres: how wide they are and what they share. For warnings, never for decisions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from geofence.columns import Floats
from geofence.outlines import outlines
from geofence.projection import Projection
from model.zones import Circle, Geometry

QUARTER_SEGMENTS = 64
"""A circle of 1.5 km is then 0.1 m short between its corners."""

INSCRIBED_WITHIN_M = 0.5

Area = Any
"""A shapely Polygon or MultiPolygon in metres on the plane; shapely carries no types."""


@dataclass(frozen=True, slots=True)
class InscribedCircle:
    """The largest circle within an area; metres on the plane."""

    x: float
    y: float
    radius_m: float


def area_of(geometry: Geometry, projection: Projection) -> Area:
    """The area of a validated geometry. Long edges are not bent as they truly are: metres at 10 km."""
    if isinstance(geometry, Circle):
        x, y = projection.forward(np.array([geometry.lon]), np.array([geometry.lat]))
        return shapely.Point(x[0], y[0]).buffer(geometry.radius_m, quad_segs=QUARTER_SEGMENTS)

    def on_the_plane(coordinates: Floats) -> Floats:
        return np.column_stack(projection.forward(coordinates[:, 0], coordinates[:, 1]))

    return shapely.make_valid(shapely.transform(outlines([geometry])[0], on_the_plane))


def narrowest_part(geometry: Geometry, projection: Projection) -> InscribedCircle:
    """The largest inscribed circle of that part of the zone whose largest is the smallest."""
    if isinstance(geometry, Circle):
        x, y = projection.forward(np.array([geometry.lon]), np.array([geometry.lat]))
        return InscribedCircle(float(x[0]), float(y[0]), geometry.radius_m)
    parts = [part for part in shapely.get_parts(area_of(geometry, projection)) if part.geom_type == "Polygon"]
    return min(map(_inscribed, parts), key=lambda circle: circle.radius_m)


def depth_in_m(area: Area, x: float, y: float) -> float:
    """Signed distance from a place to the area's boundary, inside positive."""
    place = shapely.Point(x, y)
    distance_m = float(shapely.distance(area.boundary, place))
    return distance_m if area.covers(place) else -distance_m


def _inscribed(part: Area) -> InscribedCircle:
    """Within ``INSCRIBED_WITHIN_M``."""
    radius: Any = shapely.maximum_inscribed_circle(part, tolerance=INSCRIBED_WITHIN_M)
    x, y = radius.coords[0]
    return InscribedCircle(float(x), float(y), float(radius.length))
