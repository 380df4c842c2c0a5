"""Circles as rings of corners, for the formats that know no circle."""

import math

import numpy as np

from geofence.projection import Projection

CORNERS = 72
DIGITS = 7  # of a degree: a centimetre

Ring = list[tuple[float, float]]
"""Longitude and latitude of each corner, counter-clockwise; the last is the first."""


def ring(lat: float, lon: float, radius_m: float) -> Ring:
    """The corners lie on the circle, so that the ring is up to 0.1 % of the radius within it."""
    angles = np.linspace(0, 2 * math.pi, CORNERS, endpoint=False)
    lons, lats = Projection(lat, lon).inverse(radius_m * np.cos(angles), radius_m * np.sin(angles))
    corners = [
        (round(one, DIGITS), round(other, DIGITS)) for one, other in zip(lons.tolist(), lats.tolist(), strict=True)
    ]
    return [*corners, corners[0]]
