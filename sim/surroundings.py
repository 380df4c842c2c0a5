"""What the map does to signals: streets between tall buildings are always the same ones."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from geofence.columns import Booleans, Floats
from sim.local_plane import LocalPlane

PLANE = LocalPlane(-0.1, 51.5)
"""The cohort's map: inner London."""

REACH_M = 15_000.0
"""From the middle of the map; beyond it the surroundings are those at its edge."""
SURVEYED = 40_000
"""Places at which the field is looked at to find the threshold of the share wanted."""


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """A static random field: normal values on a square lattice, bilinear between them."""

    lattice: Floats  # (k, k)
    grain_m: float
    threshold: float

    def canyons(self, places: Floats) -> Booleans:
        """Whether each place, (n, 2) metres on the map, lies in a street where signals arrive by way of walls."""
        return np.asarray(field_at(self.lattice, self.grain_m, places) > self.threshold)


def field_at(lattice: Floats, grain_m: float, places: Floats) -> Floats:
    """The field at places (n, 2), shape (n,)."""
    cells = np.clip((places + REACH_M) / grain_m, 0, len(lattice) - 1.001)
    corner = cells.astype(np.int64)
    east, north = (cells - corner).T
    x, y = corner.T
    south_side = lattice[x, y] * (1 - east) + lattice[x + 1, y] * east
    north_side = lattice[x, y + 1] * (1 - east) + lattice[x + 1, y + 1] * east
    return np.asarray(south_side * (1 - north) + north_side * north)


@lru_cache(maxsize=4)
def surroundings_of(seed: int, grain_m: float, canyon_share: float) -> Surroundings:
    """The surroundings in the world of that seed; the same for all of its wearers."""
    rng = np.random.default_rng([seed, 0, 1])
    size = int(2 * REACH_M / grain_m) + 2
    lattice = rng.normal(size=(size, size))
    surveyed = field_at(lattice, grain_m, rng.uniform(-REACH_M, REACH_M, size=(SURVEYED, 2)))
    return Surroundings(lattice, grain_m, float(np.quantile(surveyed, 1 - canyon_share)))
