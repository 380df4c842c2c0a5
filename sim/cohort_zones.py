"""Zones that are hard to judge: an edge close to where the wearer lives, works or passes every day, and never across.

A zone is drawn at the origin, then slid along a straight line towards the wearer's life until it is as near as wanted.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.random import Generator

from geofence.columns import Floats
from model.zones import Circle, Geometry, MultiPolygon
from sim.chance import direction
from sim.extents import Disc, Extent, Outline, extent_of
from sim.places import Haunt, Places
from sim.realism import Range, Realism, ZoneShares
from sim.surroundings import PLANE

CurfewHours = tuple[int, int]
"""From and until in minutes of the London day; the second is the smaller where they run over midnight."""

FAR_OUT_M = 12_000.0
SLIDE_STEP_M = 1.0
DRAWS = 8
NEAR_ENOUGH_M = 25.0
"""How much nearer another part of the wearer's life may be than the place that the zone is meant to be near to."""
Shape = Disc | Floats
"""A zone as it is drawn: a disc, or the corners of a polygon, (n, 2), in metres."""
CURFEWS: tuple[CurfewHours, ...] = ((19 * 60, 7 * 60), (20 * 60, 6 * 60), (21 * 60, 7 * 60))


class Meaning(StrEnum):
    """What a zone is for."""

    VICTIM_HOME = "victim_home"
    TOWN_CENTRE = "town_centre"
    CURFEW = "curfew"  # an inclusion zone: one stays in it during its hours


@dataclass(frozen=True, slots=True)
class CohortZone:
    """``nearest_m`` is from the boundary to the nearest place of the wearer's everyday life; hours are a curfew's."""

    reference: str
    meaning: Meaning
    geometry: Geometry
    nearest_m: float
    hours: CurfewHours | None

    @property
    def is_exclusion(self) -> bool:
        return self.meaning is not Meaning.CURFEW

    def extent(self) -> Extent:
        """The ground it covers, on the cohort's map."""
        return extent_of(self.geometry, PLANE)


def draw_zones(rng: Generator, index: int, places: Places, realism: Realism) -> tuple[CohortZone, ...]:
    """One to three exclusion zones, and a curfew for some."""
    shares = realism.zones
    survey = places.survey()
    count = 1 + int(rng.choice(3, p=shares.one_two_three))
    zones = [_exclusion(rng, f"EZ-{index + 1:04d}-{number + 1}", places, survey, shares) for number in range(count)]
    if rng.random() < realism.routine.curfew_share:
        zones.append(_curfew(rng, f"CURFEW-{index + 1:04d}", places, shares))
    return tuple(zones)


def _curfew(rng: Generator, reference: str, places: Places, shares: ZoneShares) -> CohortZone:
    radius_m = round(float(rng.uniform(*shares.curfew_radius_m)), 1)
    hours = CURFEWS[int(rng.integers(len(CURFEWS)))]
    return CohortZone(reference, Meaning.CURFEW, _geometry(Disc(places.at[Haunt.HOME], radius_m)), 0.0, hours)


def _exclusion(rng: Generator, reference: str, places: Places, survey: Floats, shares: ZoneShares) -> CohortZone:
    if rng.random() < shares.town_centre_share:
        outline = _town_centre(rng, shares.town_centre_across_m)
        anchor, near_m = _on_a_way(rng, places), shares.near_m
        meaning = Meaning.TOWN_CENTRE
    else:
        outline = _victim_home(rng, shares)
        anchor, near_m = _anchor(rng, places, shares)
        meaning = Meaning.VICTIM_HOME
    shape, nearest_m = _slid_to(rng, outline, anchor, float(rng.uniform(*near_m)), survey)
    return CohortZone(reference, meaning, _geometry(shape), nearest_m, None)


def _anchor(rng: Generator, places: Places, shares: ZoneShares) -> tuple[Floats, Range]:
    """What the zone lies near to, and how near."""
    near_home, near_work, near_way = np.cumsum(shares.near_home_work_way)
    draw = rng.random()
    if draw < near_home:
        return places.at[Haunt.HOME], shares.near_m
    if draw < near_work:
        return places.at[Haunt.WORK], shares.near_m
    if draw < near_way:
        return _on_a_way(rng, places), shares.near_m
    return places.at[Haunt.HOME], shares.far_m


def _on_a_way(rng: Generator, places: Places) -> Floats:
    """The middle of one stretch of the way to work."""
    way = places.way(Haunt.HOME, Haunt.WORK)
    stretch = int(rng.integers(len(way) - 1))
    return np.asarray((way[stretch] + way[stretch + 1]) / 2)


def _slid_to(rng: Generator, shape: Shape, anchor: Floats, near_m: float, survey: Floats) -> tuple[Shape, float]:
    """The shape brought up to the anchor, and how near it came to the wearer's life: the best of some directions."""
    extent = _extent(shape)
    best_m, best_place = np.inf, anchor
    for _ in range(DRAWS):
        place = _first_near(extent, anchor, direction(rng), near_m, survey)
        from_anchor_m = _clear_m(extent, anchor[np.newaxis] - place)
        if from_anchor_m < best_m:
            best_m, best_place = from_anchor_m, place
        if best_m <= near_m + NEAR_ENOUGH_M:
            break
    return _moved(shape, best_place), _clear_m(extent, survey - best_place)


def _first_near(extent: Extent, anchor: Floats, towards: Floats, near_m: float, survey: Floats) -> Floats:
    """Where the extent, coming from far away, first has a part of the wearer's life ``near_m`` away; by halving.

    It never ends nearer than that: the answer is the outer end of the last half.
    """
    near, far = 0.0, FAR_OUT_M
    while far - near > SLIDE_STEP_M:
        middle = (near + far) / 2
        from_it = survey - (anchor + middle * towards)
        close = from_it[np.hypot(*(from_it - extent.centre).T) < extent.reach_m + near_m]
        if len(close) == 0 or _clear_m(extent, close) >= near_m:
            far = middle
        else:
            near = middle
    return np.asarray(anchor + far * towards)


def _clear_m(extent: Extent, places: Floats) -> float:
    """How far the nearest of the places is from the extent; negative where one is inside."""
    return -float(extent.depth_m(places).max())


def _moved(shape: Shape, place: Floats) -> Shape:
    return Disc(shape.centre + place, shape.radius_m) if isinstance(shape, Disc) else shape + place


def _extent(shape: Shape) -> Extent:
    return shape if isinstance(shape, Disc) else Outline(np.hstack([shape, np.roll(shape, -1, axis=0)]))


def _geometry(shape: Shape) -> Geometry:
    """In degrees, rounded to a centimetre as zones are drawn."""
    if isinstance(shape, Disc):
        lon, lat = np.round(PLANE.degrees(shape.centre[np.newaxis]), 7)[0].tolist()
        return Circle(lon, lat, shape.radius_m)
    corners = np.round(PLANE.degrees(shape), 7).tolist()
    ring = tuple((lon, lat) for lon, lat in [*corners, corners[0]])
    return MultiPolygon(((ring,),))


def _victim_home(rng: Generator, shares: ZoneShares) -> Shape:
    radius_m = round(float(rng.uniform(*shares.victim_home_radius_m)), 1)
    if rng.random() < shares.circle_share:
        return Disc(np.zeros(2), radius_m)
    return _star(rng, int(rng.integers(4, 9)), (0.8 * radius_m, 1.2 * radius_m))


def _town_centre(rng: Generator, across_m: Range) -> Shape:
    """A polygon with dents: its corners lie near and far by turns."""
    radius_m = float(rng.uniform(*across_m)) / 2
    corners = _star(rng, 2 * int(rng.integers(4, 8)), (0.8 * radius_m, radius_m))
    corners[::2] *= rng.uniform(0.55, 0.9, size=(len(corners) // 2, 1))
    return corners


def _star(rng: Generator, count: int, away_m: Range) -> Floats:
    """Corners about the origin in the order of their direction, so that the ring cannot cross itself."""
    angle = rng.uniform(0, 2 * np.pi) + 2 * np.pi * (np.arange(count) + rng.uniform(-0.3, 0.3, size=count)) / count
    return np.asarray(rng.uniform(*away_m, size=(count, 1)) * np.column_stack([np.cos(angle), np.sin(angle)]))
