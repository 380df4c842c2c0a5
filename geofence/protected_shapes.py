"""A shape about a protected address that gives nothing away.

The shape is drawn first and knows nothing of the address. Then a place is drawn evenly from all where a protected
address may lie in it (``protected_zones.room_of``), and the shape is moved so that the address lies there. So whoever
has the shape, this program and every setting, yet not the seed, finds the address equally likely anywhere in that room.
"""

import hashlib

import numpy as np
import shapely
from shapely import affinity

from geofence.plane_areas import Area
from geofence.projection import Projection
from geofence.protected_zones import LEAST_ROOM_M2, ProtectedPlace, reveals, room_of
from model.zones import MultiPolygon

CORNERS = (8, 13)
LEAST_BEYOND_M = 650.0
MOST_BEYOND_M = 1000.0
"""How much farther than the margin the corners lie from the middle, before the shape is stretched."""
MOST_STRETCH = 1.7
TO_SPARE = 1.5
"""The room is larger than it has to be: rounding to degrees moves a shape by centimetres."""
MOST_DRAWS = 500


DECIMALS = 6
"""Of a degree: 11 cm."""


def propose_zone(place: ProtectedPlace, seed: bytes, projection: Projection) -> MultiPolygon:
    """``propose_shape`` in degrees."""
    corners = shapely.get_coordinates(shapely.normalize(propose_shape(place, seed)))[:-1]
    lon, lat = projection.inverse(corners[:, 0], corners[:, 1])
    ring = [(round(float(one), DECIMALS), round(float(other), DECIMALS)) for one, other in zip(lon, lat, strict=True)]
    return MultiPolygon((((*ring, ring[0]),),))


def propose_shape(place: ProtectedPlace, seed: bytes) -> Area:
    """A polygon on the plane that protects ``place``: the same for the same place and seed, which stays secret."""
    chance = np.random.default_rng(int.from_bytes(hashlib.sha256(seed).digest(), "big"))
    for _ in range(MOST_DRAWS):
        shape = _irregular(chance, place.margin_m)
        room = room_of(shape, place.margin_m)
        if room.area < TO_SPARE * LEAST_ROOM_M2:
            continue
        x, y = _somewhere_in(room, chance)
        moved = affinity.translate(shape, place.x - x, place.y - y)
        if not reveals([moved], place):
            return moved
    raise ArithmeticError(f"{MOST_DRAWS} shapes were drawn and none protects a place by {place.margin_m:.0f} m")


def _irregular(chance: np.random.Generator, margin_m: float) -> Area:
    """A star-shaped polygon: corners in every direction, at irregular distances, stretched along one axis."""
    corners = int(chance.integers(*CORNERS))
    angles = 2 * np.pi * (np.arange(corners) + chance.uniform(0, 0.8, corners)) / corners
    distances_m = margin_m + chance.uniform(LEAST_BEYOND_M, MOST_BEYOND_M, corners)
    distances_m *= chance.uniform(0.75, 1.25, corners)
    stretch, turn = np.sqrt(chance.uniform(1, MOST_STRETCH)), chance.uniform(0, np.pi)
    along, across = distances_m * np.cos(angles) * stretch, distances_m * np.sin(angles) / stretch
    x, y = along * np.cos(turn) - across * np.sin(turn), along * np.sin(turn) + across * np.cos(turn)
    return shapely.Polygon(np.column_stack([x, y]))


def _somewhere_in(room: Area, chance: np.random.Generator) -> tuple[float, float]:
    """A place drawn evenly from ``room``."""
    west, south, east, north = room.bounds
    while True:
        x, y = float(chance.uniform(west, east)), float(chance.uniform(south, north))
        if shapely.intersects_xy(room, x, y):
            return x, y
