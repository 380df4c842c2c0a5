"""Where the scenario's people live and what lies about them. Places are degrees, (latitude, longitude)."""

import math
from typing import Any

Place = tuple[float, float]

METRES_OF_A_DEGREE = 111_320.0
FIRST_HOME: Place = (51.400, -0.120)
HOMES_IN_A_ROW = 5
BETWEEN_HOMES_M = 1000.0
CIRCLE_OF_HOME_M = 100
STADIUM: Place = (51.485, -0.030)
WARD: Place = (51.560, -0.030)
"""The middle of the one ward, a square with this half of a side; nobody lives near."""
HALF_OF_WARD_M = 500.0
WARD_CODE = "W-01"
PROTECTED_ADDRESS: Place = (51.420, -0.300)


def moved(place: Place, north_m: float, east_m: float) -> Place:
    lat, lon = place
    return (
        round(lat + north_m / METRES_OF_A_DEGREE, 6),
        round(lon + east_m / METRES_OF_A_DEGREE / math.cos(math.radians(lat)), 6),
    )


def home(number: int) -> Place:
    """Of the person with that number, from 1 on: rows from south to north, a kilometre apart."""
    row, column = divmod(number - 1, HOMES_IN_A_ROW)
    return moved(FIRST_HOME, row * BETWEEN_HOMES_M, column * BETWEEN_HOMES_M)


def feature(reference: str, name: str, kind: str, place: Place, radius_m: float, **properties: Any) -> dict[str, Any]:
    """A round zone, as a zone file has it."""
    lat, lon = place
    return {
        "type": "Feature",
        "properties": {"reference": reference, "name": name, "kind": kind, "radius_m": radius_m, **properties},
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
    }


def wards() -> dict[str, Any]:
    """As a file of wards has it."""
    corners = [
        moved(WARD, north * HALF_OF_WARD_M, east * HALF_OF_WARD_M)
        for north, east in ((-1, -1), (-1, 1), (1, 1), (1, -1), (-1, -1))
    ]
    ring = [[lon, lat] for lat, lon in corners]
    properties = {"code": WARD_CODE, "name": "Made up ward"}
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}
