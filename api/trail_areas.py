"""The area of a request for a trail: GeoJSON in, a circle or one ring; and back."""

from typing import Any

from geofence.validation import read_geometry
from model.zones import Circle, Region, Ring
from store.trail_requests import StoredTrailRequest

LARGEST_RADIUS_M = 2000.0
MOST_CORNERS = 100
TOO_LARGE = (
    f"a circle has {LARGEST_RADIUS_M:g} m of radius at most; a polygon 12 km² at most, and the box about it 16 km² and"
    " 8 km a side"
)
Problems = list[tuple[str, str]]
"""Each with its place in the request."""


def read_area(document: dict[str, Any], region: Region) -> tuple[Circle | Ring | None, Problems]:
    """The area and no problem, or None and what is wrong. How large a polygon may be is the database's to say.

    ``document`` is a GeoJSON Point with the member ``radius_m``, or a Polygon without holes.
    """
    geometry, found = read_geometry(document, document.get("radius_m"), region)
    if geometry is None:
        return None, [("body.area", "; ".join(filter(None, (one.where(), one.value, one.remedy)))) for one in found]
    if isinstance(geometry, Circle):
        return (geometry, []) if geometry.radius_m <= LARGEST_RADIUS_M else (None, [("body.area", TOO_LARGE)])
    if len(geometry.polygons) > 1 or len(geometry.polygons[0]) > 1:
        return None, [("body.area", "give one polygon without holes")]
    ring = geometry.polygons[0][0]
    if len(ring) > MOST_CORNERS:
        return None, [("body.area", f"give at most {MOST_CORNERS} positions, the last one the first again")]
    return ring, []


def area_document(request: StoredTrailRequest) -> dict[str, Any]:
    """The GeoJSON geometry; a circle is a Point with the foreign member radius_m."""
    if request.outline is not None:
        return {"type": "Polygon", "coordinates": [request.outline]}
    return {"type": "Point", "coordinates": [request.lon, request.lat], "radius_m": request.radius_m}
