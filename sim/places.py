"""The places of a wearer's life, and the ways between them, which are the same every day."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.random import Generator

from geofence.columns import Floats
from sim.chance import direction
from sim.names import AREAS
from sim.surroundings import PLANE

CORNER_EVERY_M = 250.0
ASIDE_M = 60.0
"""Standard deviation of how far a corner of a way lies aside of the straight line."""
OFFICES = ((-0.0910, 51.5015), (-0.1120, 51.5560), (-0.0590, 51.5260), (-0.1250, 51.4660))
"""Longitude and latitude of the probation offices."""
SURVEY_EVERY_M = 15.0
"""Of a way, when distances from it are wanted."""


class Haunt(Enum):
    HOME = "home"
    WORK = "work or training"
    OFFICE = "probation office"
    SHOP = "shop"
    FRIEND = "friend"
    PARK = "park"


LINKS = (
    *((Haunt.HOME, haunt) for haunt in Haunt if haunt is not Haunt.HOME),
    (Haunt.WORK, Haunt.SHOP),
    (Haunt.WORK, Haunt.OFFICE),
)


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where they are, and the corners of the ways, in metres on the map."""

    at: dict[Haunt, Floats]  # each (2,)
    ways: dict[tuple[Haunt, Haunt], Floats]  # each (n, 2), first and last the places themselves

    def way(self, start: Haunt, end: Haunt) -> Floats:
        """The corners from one place to the other."""
        there = self.ways.get((start, end))
        return there if there is not None else self.ways[end, start][::-1]

    def survey(self) -> Floats:
        """Places on all ways, one every few metres, shape (n, 2)."""
        return np.concatenate([spaced(way, SURVEY_EVERY_M) for way in self.ways.values()])


def draw_places(rng: Generator) -> Places:
    """Home and work in two parts of London, the nearest probation office, and the rest about home."""
    areas = np.array(list(AREAS.values()))
    home_area, work_area = PLANE.metres(areas[rng.choice(len(areas), size=2, replace=False)])
    home = home_area + rng.uniform(-500, 500, size=2)
    offices = PLANE.metres(np.array(OFFICES))
    at = {
        Haunt.HOME: home,
        Haunt.WORK: work_area + rng.uniform(-500, 500, size=2),
        Haunt.OFFICE: offices[np.hypot(*(offices - home).T).argmin()],
        Haunt.SHOP: _about(rng, home, (250, 900)),
        Haunt.FRIEND: _about(rng, home, (600, 3_500)),
        Haunt.PARK: _about(rng, home, (300, 1_500)),
    }
    return Places(at, {link: draw_way(rng, at[link[0]], at[link[1]]) for link in LINKS})


def draw_way(rng: Generator, start: Floats, end: Floats) -> Floats:
    """The corners of a way through streets, (n, 2), the first and the last being its ends."""
    along = end - start
    length_m = max(float(np.hypot(*along)), 1.0)
    pieces = max(1, round(length_m / CORNER_EVERY_M))
    share = np.linspace(0, 1, pieces + 1)
    aside_m = rng.normal(0, ASIDE_M, size=pieces + 1) * np.minimum(1, 3 * np.minimum(share, 1 - share))
    across = np.array([-along[1], along[0]]) / length_m
    return np.asarray(start + share[:, np.newaxis] * along + aside_m[:, np.newaxis] * across)


def travelled_m(way: Floats) -> Floats:
    """How far each corner of a way, (n, 2), lies from its start along the way, shape (n,)."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(way, axis=0).T))])


def part(way: Floats, from_m: float, until_m: float) -> Floats:
    """The way between two distances from its start."""
    at_m = travelled_m(way)
    inner = way[(at_m > from_m) & (at_m < until_m)]
    return np.concatenate([_at(way, at_m, np.array([from_m])), inner, _at(way, at_m, np.array([until_m]))])


def spaced(way: Floats, every_m: float) -> Floats:
    """Places on the way, at most ``every_m`` apart."""
    at_m = travelled_m(way)
    return _at(way, at_m, np.linspace(0, at_m[-1], 2 + int(at_m[-1] / every_m)))


def _at(way: Floats, at_m: Floats, wanted_m: Floats) -> Floats:
    return np.column_stack([np.interp(wanted_m, at_m, axis) for axis in way.T])


def _about(rng: Generator, middle: Floats, away_m: tuple[float, float]) -> Floats:
    return np.asarray(middle + rng.uniform(*away_m) * direction(rng))
