"""Circles as rings of corners, for the formats that know no circle."""

import math

import numpy as np

from geofence.projection import Projection

CORNERS = 72
DIGITS = 7  # of a degree: a centimetre

Ring = list[tuple[float, float]]
"""Longitude and latitude of each corner, counter-clockwise; the last is the first."""


def ring(plane: Projection, lat: float, lon: float, radius_m: float) -> Ring:
    """The corners lie on the circle, so that the ring is up to 0.1 % of the radius within it.

    ``plane`` is centred not far away: building one for each circle would cost more than all else of a bundle.
    """
    x, y = plane.forward(np.array([lon]), np.array([lat]))
    angles = np.linspace(0, 2 * math.pi, CORNERS, endpoint=False)
    lons, lats = plane.inverse(x + radius_m * np.cos(angles), y + radius_m * np.sin(angles))
    places = zip(lons.tolist(), lats.tolist(), strict=True)
    corners = [(round(corner_lon, DIGITS), round(corner_lat, DIGITS)) for corner_lon, corner_lat in places]
    return [*corners, corners[0]]
