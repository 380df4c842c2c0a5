"""The tag's battery: it runs down, is charged in the evening at home, and now and then is forgotten and goes flat."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from geofence.columns import Floats
from sim.realism import Delivery
from sim.routine import HOUR_S
from sim.true_path import Seconds, TruePath
from sim.week import Calendar

FULL_PCT = 100.0
PLUGGED_IN_H = (20.0, 22.5)
"""When in the evening one plugs in; those who are out then go without."""
AT_HOME_M = 30.0
FIRST_PCT = (60.0, 100.0)


@dataclass(frozen=True, slots=True, eq=False)
class Battery:
    """The level over time: straight between the times; 0 while flat."""

    times_s: Floats  # (n,) rising
    levels_pct: Floats  # (n,)
    flat: list[Seconds]
    charging: list[Seconds]

    def level_pct(self, moments_s: Floats) -> Floats:
        """As the tag tells it, to a tenth."""
        return np.round(np.interp(moments_s, self.times_s, self.levels_pct), 1)


def draw_battery(rng: Generator, path: TruePath, calendar: Calendar, way: Delivery) -> Battery:
    """Day by day: down until plugged in, then up until full or, at the latest, the next morning."""
    drain = FULL_PCT / (rng.uniform(*way.battery_h) * HOUR_S)
    gain = FULL_PCT / (rng.uniform(*way.charge_h) * HOUR_S)
    times_s, levels, flat, charging = [0.0], [float(rng.uniform(*FIRST_PCT))], [], []
    for plugged_s in _plugged_in(rng, path, calendar, way):
        empty_s = times_s[-1] + levels[-1] / drain
        if empty_s < plugged_s:
            flat.append((empty_s, plugged_s))
            times_s.append(empty_s)
            levels.append(0.0)
        level = max(0.0, levels[-1] - drain * (plugged_s - times_s[-1]))
        full_s = plugged_s + (FULL_PCT - level) / gain
        charging.append((plugged_s, full_s))
        times_s += [plugged_s, full_s]
        levels += [level, FULL_PCT]
    empty_s = times_s[-1] + levels[-1] / drain
    if empty_s < path.end_s:
        flat.append((empty_s, path.end_s))
    return Battery(np.array([*times_s, empty_s]), np.array([*levels, 0.0]), flat, charging)


def _plugged_in(rng: Generator, path: TruePath, calendar: Calendar, way: Delivery) -> list[float]:
    evenings_s = np.array([calendar.at(day, float(rng.uniform(*PLUGGED_IN_H))) for day in range(calendar.days)])
    from_home_m = np.hypot(*(path.places(evenings_s) - path.corners[0]).T)
    remembers = rng.random(calendar.days) >= way.forgets_to_charge
    return [float(moment_s) for moment_s in evenings_s[(from_home_m < AT_HOME_M) & remembers]]
