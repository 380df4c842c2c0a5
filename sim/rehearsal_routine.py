"""A simulated routine moved to a given home, for rehearsing a zone whose wearer has no positions yet.

It is nobody's: the ways lead where the cohort's wearer of that seed goes, laid about another home. It says how often an
ordinary life near the zone would touch it, not what this wearer will do.
"""

import numpy as np

from geofence.columns import PositionRows
from sim.cohort import draw
from sim.phenomena import Phenomenon
from sim.plane import LonLat, metres_per_degree


def simulated_positions(seed: int, home: LonLat, from_us: int, days: int) -> PositionRows:
    """The positions of the first wearer of the cohort of ``seed`` over ``days`` London days, moved so that they live
    at ``home``. Those sent twice and those with a clock that is wrong by years are left out.
    """
    wearer = draw(seed, 0, days, from_us)
    fixes = wearer.fixes.take((wearer.phenomena & (Phenomenon.DUPLICATE | Phenomenon.ABSURD_TIME)) == 0)
    count = len(fixes)
    metres_there, metres_here = np.array(metres_per_degree(wearer.home[1])), np.array(metres_per_degree(home[1]))
    away = (np.column_stack([fixes.lon, fixes.lat]) - wearer.home) * metres_there / metres_here
    fixes.lon[:], fixes.lat[:] = (away + home).T
    nothing = np.zeros(count, np.int64)
    return PositionRows(fixes, nothing, np.arange(count), nothing, nothing)
