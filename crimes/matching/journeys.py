"""Could somebody have been at a scene between two positions? By the least speed that it needs."""

import numpy as np

from geofence.columns import Booleans, Floats

Ends = tuple[Floats, Floats]
"""From and until, in seconds on the clock of the positions."""


def have_common_moment(start_s: Floats, end_s: Floats, window_s: Ends) -> Booleans:
    """Whether the time between two positions and a window have a moment in common, their ends included; shapes (k,)."""
    return (start_s <= window_s[1]) & (end_s >= window_s[0])


def needed_speed_mps(start_s: Floats, end_s: Floats, start_m: Floats, end_m: Floats, window_s: Ends) -> Floats:
    """The least mean speed of a journey from one position by way of the scene to the next; shapes (k,).

    ``start_s`` and ``end_s`` are the positions' times, which have a moment in common with the window; ``start_m`` and
    ``end_m`` the metres from each to the scene. Infinite where no speed would do, NaN for a NaN.

    At speed v the scene is reached at ``start_s + start_m / v`` and has to be left at ``end_s - end_m / v``. There is
    time when the later of that arrival and the window's start is not after the earlier of that departure and the
    window's end: the arrival before the window's end, the window's start before the departure, the arrival before the
    departure. Each asks for its own least v, and the greatest of the three is enough for all.
    """
    arriving = _pace(start_m, window_s[1] - start_s)
    departing = _pace(end_m, end_s - window_s[0])
    through = _pace(start_m + end_m, end_s - start_s)
    return np.asarray(np.maximum(np.maximum(arriving, departing), through))


def _pace(distance_m: Floats, time_s: Floats) -> Floats:
    """Metres a second; 0 for no distance, infinite for one in no time."""
    with np.errstate(divide="ignore", invalid="ignore"):
        pace = distance_m / np.maximum(time_s, 0)
    return np.where(distance_m == 0, 0.0, pace)
