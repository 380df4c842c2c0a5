"""Metres and degrees within a few kilometres of one place.

The scales are those of the WGS84 ellipsoid at the place's latitude. Over 3 km in London a distance errs by less than
0.1 m, which is well below what any receiver states.
"""

import math

import numpy as np
from numpy.typing import NDArray

LonLat = tuple[float, float]
"""Longitude, latitude in WGS84 degrees."""

Points = NDArray[np.float64]
"""Longitudes and latitudes, shape ``(n, 2)``."""

_EQUATORIAL_RADIUS_M = 6_378_137.0
_ECCENTRICITY_SQUARED = 6.694_379_990_141e-3


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Metres of one degree of longitude and of one degree of latitude at ``lat``."""
    squash = 1 - _ECCENTRICITY_SQUARED * math.sin(math.radians(lat)) ** 2
    east_radius = _EQUATORIAL_RADIUS_M / math.sqrt(squash)
    north_radius = _EQUATORIAL_RADIUS_M * (1 - _ECCENTRICITY_SQUARED) / squash**1.5
    return math.radians(east_radius * math.cos(math.radians(lat))), math.radians(north_radius)


def moved(place: LonLat, east_m: float, north_m: float) -> LonLat:
    """The place ``east_m`` and ``north_m`` metres from ``place``."""
    per_lon, per_lat = metres_per_degree(place[1])
    return place[0] + east_m / per_lon, place[1] + north_m / per_lat


def offset_m(origin: LonLat, place: LonLat) -> tuple[float, float]:
    """How far ``place`` lies east and north of ``origin``, in metres."""
    per_lon, per_lat = metres_per_degree((origin[1] + place[1]) / 2)
    return (place[0] - origin[0]) * per_lon, (place[1] - origin[1]) * per_lat


def distance_m(one: LonLat, other: LonLat) -> float:
    return math.hypot(*offset_m(one, other))


def bearing_deg(one: LonLat, other: LonLat) -> float:
    """Clockwise from north, from 0 to below 360."""
    east_m, north_m = offset_m(one, other)
    return math.degrees(math.atan2(east_m, north_m)) % 360
