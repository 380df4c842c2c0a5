"""A plain grid over the world: cells of 0.01° of latitude by 0.016° of longitude, 1.1 km each way in London.

A cell is one whole number, its row from the south pole times COLUMNS and its column from the antimeridian, small enough
for PostgreSQL's ``integer``. The SQL function ``grid_cell`` (store/migrations/0016_track_notes.sql) computes the same,
operation for operation in double precision.
"""

import numpy as np

from geofence.columns import Floats, Integers
from geofence.projection import MAXIMUM_LAT, MAXIMUM_LON

ROWS_PER_DEGREE = 100.0
COLUMNS_PER_DEGREE = 62.5
COLUMNS = 22_501  # the antimeridian's own, at +180°, is the last

LEAST_METRES_PER_DEGREE = 110_574.0
"""Of latitude, on WGS84: at the equator. Of longitude it is at least 111,319 times the latitude's cosine."""

SLACK = 1.01
"""Distances are widened by 1 %, for what the plane of ``covering_cells`` leaves out."""


def cells(lat: Floats, lon: Floats) -> Integers:
    """The cell of each position in WGS84 degrees; shapes (n,)."""
    row = np.floor((lat + MAXIMUM_LAT) * ROWS_PER_DEGREE)
    column = np.floor((lon + MAXIMUM_LON) * COLUMNS_PER_DEGREE)
    return np.asarray(row * COLUMNS + column, np.int64)


def covering_cells(lat: float, lon: float, radius_m: float) -> Integers:
    """Every cell that a place within ``radius_m`` metres of ``lat``, ``lon`` may be in, shape (k,), ascending.

    None is left out, up to 200 km; cells that lie farther away by 1 % of the radius and 0.02° may be among them.
    A place with the latitude d degrees away is at least ``110,574 d`` metres away; what is left of the radius then lies
    east and west. On the ellipsoid Pythagoras errs by less than (radius / 6,371 km)², 0.1 % at 200 km.
    """
    reach_m = radius_m * SLACK
    reach_deg = reach_m / LEAST_METRES_PER_DEGREE
    south, north = max(lat - reach_deg, -MAXIMUM_LAT), min(lat + reach_deg, MAXIMUM_LAT)
    rows = np.arange(_row(south), _row(north) + 1)
    bottom = rows / ROWS_PER_DEGREE - MAXIMUM_LAT
    away_deg = np.maximum(np.maximum(bottom - lat, lat - bottom - 1 / ROWS_PER_DEGREE), 0)
    left_m = np.sqrt(np.maximum(reach_m**2 - (away_deg * LEAST_METRES_PER_DEGREE) ** 2, 0))
    cosine = np.cos(np.radians(max(abs(south), abs(north))))
    half_deg = np.minimum(left_m / (LEAST_METRES_PER_DEGREE * max(float(cosine), 1e-9)), MAXIMUM_LON)
    found = [
        row * COLUMNS + _columns(lon - half, lon + half)
        for row, half in zip(rows.tolist(), half_deg.tolist(), strict=True)
    ]
    return np.unique(np.concatenate(found)).astype(np.int64)


def _row(lat: float) -> int:
    return int(np.floor((lat + MAXIMUM_LAT) * ROWS_PER_DEGREE))


def _columns(west: float, east: float) -> Integers:
    """The columns from west to east; past the antimeridian they go on from the other side, whose own has both names."""
    first, last = (int(np.floor((one + MAXIMUM_LON) * COLUMNS_PER_DEGREE)) for one in (west, east))
    whole = COLUMNS - 1
    columns = np.arange(first, last + 1) % whole
    meets_antimeridian = first < 0 or last >= whole
    return np.concatenate([columns, [whole, whole - 1, 0]]) if meets_antimeridian else columns
