"""Zone files to test with, said in few words."""

from typing import Any

from geofence.geojson import read_zones
from geofence.problems import ZoneProblem
from geofence.structure import MAXIMUM_POSITIONS
from tests.geofence.examples import PROJECTION

REGION = (51.0, -1.0, 52.0, 1.0)
Positions = list[list[float]]


def ring(west: float, south: float, east: float, north: float) -> Positions:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


OUTER = ring(0.0, 51.0, 0.5, 51.5)
HOLE = ring(0.1, 51.1, 0.2, 51.2)
BOW_TIE = [[0.0, 51.0], [0.2, 51.2], [0.2, 51.0], [0.0, 51.2], [0.0, 51.0]]
SPIKE = [[0.0, 51.0], [0.1, 51.0], [0.1, 51.1], [0.1, 51.2], [0.1, 51.1], [0.0, 51.1], [0.0, 51.0]]
LINE = [[0.0, 51.0], [0.1, 51.1], [0.3, 51.3], [0.0, 51.0]]
DIAMOND = [[0.0, 51.25], [0.25, 51.0], [0.5, 51.25], [0.25, 51.5], [0.0, 51.25]]
BOTH = "polygon 1 and polygon 2"
INNER_FIRST = "hole 2 and hole 1"
PACIFIC = [[179.0, 51.0], [-179.0, 51.0], [-179.0, 51.5], [179.0, 51.0]]
TOO_MANY = [[0.0, 51.0]] * (MAXIMUM_POSITIONS + 1)


def feature(geometry: object, **properties: object) -> dict[str, Any]:
    given_properties = {"reference": "Z-1", "name": "High Street", "kind": "exclusion"} | properties
    return {"type": "Feature", "properties": given_properties, "geometry": geometry}


def area(*rings: object) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def areas(*polygons: object) -> dict[str, Any]:
    return {"type": "MultiPolygon", "coordinates": list(polygons)}


def point(*coordinates: object) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(coordinates)}


def collection(*features: object) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def problems_of(document: object) -> tuple[ZoneProblem, ...]:
    read = read_zones(document, region=REGION, projection=PROJECTION)
    assert not (read.drafts and read.problems), "a file is taken whole or not at all"
    return read.problems


def only_problem(document: object) -> ZoneProblem:
    (problem,) = problems_of(document)
    return problem
