"""A wearer's day: home, work, shops, home, with travel at real speeds by simple routes between them."""

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.random import Generator

from model.times import SECOND_US
from sim.names import AREAS
from sim.path import Path
from sim.plane import LonLat, distance_m, moved, offset_m

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S


class Travel(Enum):
    """How one travels, with the usual speed on the way in metres a second."""

    WALK = 1.4
    CYCLE = 4.5
    BUS = 5.5
    CAR = 8.5
    TRAIN = 12.0


COMMUTES = (Travel.CYCLE, Travel.BUS, Travel.CAR, Travel.TRAIN)


@dataclass(frozen=True, slots=True)
class Stop:
    place: LonLat
    stay_s: float


@dataclass(frozen=True, slots=True)
class Routine:
    """One round of a wearer's life. ``trips_s`` are the times on the way, from and until, in seconds of the path."""

    home: LonLat
    path: Path
    trips_s: tuple[tuple[float, float], ...]


def draw_routine(rng: Generator) -> Routine:
    """Home, work and shops in London, and the way between them."""
    home_area, work_area = rng.choice(list(AREAS), size=2, replace=False)
    home, work = _address_near(rng, AREAS[home_area]), _address_near(rng, AREAS[work_area])
    shops = moved(home, *rng.uniform(-700, 700, size=2))
    stops = [
        Stop(home, rng.uniform(10 * HOUR_S, 12 * HOUR_S)),
        Stop(work, rng.uniform(6 * HOUR_S, 8 * HOUR_S)),
        Stop(shops, rng.uniform(20 * MINUTE_S, 50 * MINUTE_S)),
    ]
    commute = COMMUTES[rng.integers(len(COMMUTES))]
    return _joined(rng, stops, [commute, commute, Travel.WALK])


def _address_near(rng: Generator, area: LonLat) -> LonLat:
    return moved(area, *rng.uniform(-500, 500, size=2))


def _joined(rng: Generator, stops: list[Stop], travels: list[Travel]) -> Routine:
    """The closed path through the stops; the last travel leads back to the first stop."""
    times_s, corners, trips = [0.0], [stops[0].place], []
    for index, (stop, travel) in enumerate(zip(stops, travels, strict=True)):
        left_s = times_s[-1] + stop.stay_s
        times_s.append(left_s)
        corners.append(stop.place)
        for corner in _route(rng, stop.place, stops[(index + 1) % len(stops)].place):
            speed_mps = travel.value * rng.uniform(0.7, 1.15)
            times_s.append(times_s[-1] + max(distance_m(corners[-1], corner) / speed_mps, 1.0))
            corners.append(corner)
        trips.append((left_s, times_s[-1]))
    times_us = (np.array(times_s) * SECOND_US).astype(np.int64)
    return Routine(stops[0].place, Path(times_us, np.array(corners)), tuple(trips))


def _route(rng: Generator, start: LonLat, end: LonLat) -> list[LonLat]:
    """The way-points after ``start``: a corner about every 600 m, each aside of the straight line, and the end."""
    east_m, north_m = offset_m(start, end)
    length_m = math.hypot(east_m, north_m)
    corners = max(1, round(length_m / 600))
    aside_m = rng.uniform(-120, 120, size=corners)
    points = []
    for place in range(1, corners):
        share, aside = place / corners, aside_m[place] / max(length_m, 1.0)
        points.append(moved(start, share * east_m - aside * north_m, share * north_m + aside * east_m))
    return [*points, end]
