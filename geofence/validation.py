"""A GeoJSON geometry, judged whole: what it is, or everything that is wrong with it. Nothing is repaired."""

from math import cos, isfinite, radians
from typing import Any

from geofence.problems import Defect, GeometryProblem
from geofence.shapes import METRES_PER_DEGREE
from geofence.structure import MAXIMUM_LAT, MAXIMUM_LON, PositionReader, is_number, shown
from geofence.topology import topology_problems
from model.zones import Circle, Geometry, MultiPolygon, Region

MAXIMUM_RADIUS_M = 100_000.0
GEOMETRY_TYPES = ("Polygon", "MultiPolygon", "Point")


def read_geometry(
    document: object, radius_m: object = None, region: Region | None = None
) -> tuple[Geometry | None, list[GeometryProblem]]:
    """The geometry and no problem, or None and all problems found.

    ``document`` is a parsed GeoJSON Polygon, MultiPolygon, or Point, which with ``radius_m`` is a circle.
    ``region`` (lat_min, lon_min, lat_max, lon_max) lets swapped coordinates be recognised. Accepted as
    they are: altitudes (left out), rings wound either way, a position that repeats the one before.
    """
    if not isinstance(document, dict):
        remedy = "give a GeoJSON geometry: a Polygon, a MultiPolygon, or a Point with radius_m"
        return None, [GeometryProblem(Defect.NOT_AN_OBJECT, shown(document), remedy)]
    kind, coordinates = document.get("type"), document.get("coordinates")
    if kind not in GEOMETRY_TYPES:
        remedy = "a zone is a Polygon, a MultiPolygon, or a Point with radius_m for a circle"
        return None, [GeometryProblem(Defect.UNSUPPORTED_TYPE, f"type {shown(kind)}", remedy)]
    if not isinstance(coordinates, list | tuple):
        remedy = f"give the coordinates of the {kind} as an array"
        return None, [GeometryProblem(Defect.WRONG_TYPE, f"coordinates {shown(coordinates)}", remedy)]
    if kind == "Point":
        return _read_circle(coordinates, radius_m, region)
    circular = _radius_of_a_polygon(radius_m)
    polygons, problems = _read_polygons([coordinates] if kind == "Polygon" else coordinates, region)
    return (None, circular + problems) if circular else (polygons, problems)


def _read_polygons(coordinates: Any, region: Region | None) -> tuple[MultiPolygon | None, list[GeometryProblem]]:
    reader = PositionReader(region)
    polygons = reader.read_polygons(coordinates)
    problems = reader.problems + topology_problems(polygons)
    if problems:
        return None, problems
    return MultiPolygon(tuple(tuple(ring for ring in rings if ring is not None) for rings in polygons)), []


def _read_circle(coordinates: Any, radius_m: Any, region: Region | None) -> tuple[Circle | None, list[GeometryProblem]]:
    reader = PositionReader(region)
    centre = reader.read_position(coordinates, None, None)
    problems = reader.problems + _radius_problems(radius_m)
    if centre is None or problems:
        return None, problems
    circle = Circle(*centre, float(radius_m))
    problems = _edge_of_the_map(circle)
    return (None, problems) if problems else (circle, [])


def _radius_problems(radius_m: Any) -> list[GeometryProblem]:
    remedy = f"give radius_m, the circle's radius in metres: above 0, at most {MAXIMUM_RADIUS_M:.0f}"
    value = f"radius_m {shown(radius_m)}"
    if radius_m is None:
        return [GeometryProblem(Defect.MISSING, "a Point without radius_m", remedy)]
    if not is_number(radius_m):
        return [GeometryProblem(Defect.WRONG_TYPE, value, remedy)]
    if isinstance(radius_m, float) and not isfinite(radius_m):
        return [GeometryProblem(Defect.NOT_FINITE, value, remedy)]
    if not 0 < radius_m <= MAXIMUM_RADIUS_M:
        return [GeometryProblem(Defect.OUT_OF_RANGE, value, remedy)]
    return []


def _radius_of_a_polygon(radius_m: object) -> list[GeometryProblem]:
    if radius_m is None:
        return []
    remedy = "radius_m belongs to a Point; remove it, or give the circle's centre as a Point"
    return [GeometryProblem(Defect.UNSUPPORTED_TYPE, f"radius_m {shown(radius_m)} with a polygon", remedy)]


def _edge_of_the_map(circle: Circle) -> list[GeometryProblem]:
    reach_lat = circle.radius_m / METRES_PER_DEGREE
    north = abs(circle.lat) + reach_lat
    place = (circle.lon, circle.lat)
    value = f"a circle of {circle.radius_m:g} m"
    if north >= MAXIMUM_LAT:
        remedy = "a circle must not reach a pole"
        return [GeometryProblem(Defect.OUT_OF_RANGE, value, remedy, coordinate=place)]
    if abs(circle.lon) + reach_lat / cos(radians(north)) > MAXIMUM_LON:
        remedy = "split at the antimeridian: draw a polygon on each side"
        return [GeometryProblem(Defect.CROSSES_ANTIMERIDIAN, value, remedy, coordinate=place)]
    return []
