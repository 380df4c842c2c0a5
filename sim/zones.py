"""Exclusion zones beside or across a wearer's way, as GeoJSON features."""

import math
from typing import Any

from numpy.random import Generator

from model.enums import ZoneKind
from model.times import SECOND_US
from sim.names import AREAS, address
from sim.path import Path
from sim.plane import LonLat, distance_m, moved

Feature = dict[str, Any]

CIRCLE_SHARE = 0.5


def zone_across(rng: Generator, path: Path, entered_s: float, owner: tuple[str, str]) -> Feature:
    """A zone that the path is about to enter at ``entered_s`` and then crosses; ``owner`` is (reference, CRN)."""
    radius_m = float(rng.uniform(90, 220))
    entry = path.at(round(entered_s * SECOND_US))
    ahead_s = radius_m / max(entry.speed_mps, 0.5)
    return _zone(rng, path.at(round((entered_s + ahead_s) * SECOND_US)).place, radius_m, owner)


def zone_beside(rng: Generator, home: LonLat, owner: tuple[str, str]) -> Feature:
    """A zone some way from home, such as that of somebody whom the wearer may not meet."""
    direction, away_m = rng.uniform(0, 2 * math.pi), rng.uniform(500, 1500)
    centre = moved(home, away_m * math.cos(direction), away_m * math.sin(direction))
    return _zone(rng, centre, float(rng.uniform(90, 220)), owner)


def _zone(rng: Generator, centre: LonLat, radius_m: float, owner: tuple[str, str]) -> Feature:
    reference, crn = owner
    area = min(AREAS, key=lambda name: distance_m(AREAS[name], centre))
    properties = {
        "reference": reference,
        "name": address(rng, area),
        "crn": crn,
        "kind": str(ZoneKind.EXCLUSION),
    }
    if rng.random() < CIRCLE_SHARE:
        return _feature(
            "Point", [round(centre[0], 6), round(centre[1], 6)], {**properties, "radius_m": round(radius_m)}
        )
    return _feature("Polygon", [_outline(rng, centre, radius_m)], properties)


def _feature(geometry_type: str, coordinates: list[Any], properties: dict[str, Any]) -> Feature:
    return {
        "type": "Feature",
        "geometry": {"type": geometry_type, "coordinates": coordinates},
        "properties": properties,
    }


def _outline(rng: Generator, centre: LonLat, radius_m: float) -> list[list[float]]:
    """A closed ring of streets about the centre: corners in the order of their direction, so it cannot cross itself."""
    count = int(rng.integers(5, 9))
    corners = []
    for corner in range(count):
        direction = 2 * math.pi * (corner + rng.uniform(-0.3, 0.3)) / count
        away_m = radius_m * rng.uniform(0.85, 1.2)
        lon, lat = moved(centre, away_m * math.cos(direction), away_m * math.sin(direction))
        corners.append([round(lon, 6), round(lat, 6)])
    return [*corners, corners[0]]
