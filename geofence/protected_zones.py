"""Whether the shape of a zone gives away the address that it protects. Metres on the plane throughout.

Whoever is told of a zone can reckon its centres, knows the margin that every such zone keeps, and may see all of its
versions, and the zones of other wearers about the same address. So the address keeps its distance from everything
that can be reckoned from the shapes: from each by itself, and from what they have in common.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import shapely

from geofence.plane_areas import INSCRIBED_WITHIN_M, Area, area_of, depth_in_m
from geofence.projection import Projection
from model.zones import Geometry

LEAST_MARGIN_M = 150.0
DEFAULT_MARGIN_M = 300.0
MOST_MARGIN_M = 5000.0

LEAST_OFF_M = 150.0
"""Nothing that is reckoned from a shape comes nearer to the address."""

LEAST_ROOM_M2 = 250_000.0
"""In which the address may lie by all that the shape tells: 25 hectares, in London the homes of some thousands."""


@dataclass(frozen=True, slots=True)
class ProtectedPlace:
    """An address on the plane, and how far inside its zone it has to lie."""

    x: float
    y: float
    margin_m: float


@dataclass(frozen=True, slots=True)
class Guess:
    """A place that can be reckoned from shapes alone."""

    name: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Reveal:
    """What is wrong with a shape: ``value`` is less than ``least``, in metres; of the room, in square metres."""

    what: str
    value: float
    least: float


def place_at(lat: float, lon: float, margin_m: float, projection: Projection) -> ProtectedPlace:
    x, y = projection.forward(np.array([lon]), np.array([lat]))
    return ProtectedPlace(float(x[0]), float(y[0]), margin_m)


def reveals_of(
    geometries: Iterable[Geometry], place: ProtectedPlace, projection: Projection, known: Iterable[Geometry] = ()
) -> tuple[Reveal, ...]:
    """``reveals`` of validated geometries in degrees."""
    areas, earlier = ([area_of(one, projection) for one in given] for given in (geometries, known))
    return reveals(areas, place, earlier)


def is_about(geometry: Geometry, place: ProtectedPlace, projection: Projection) -> bool:
    """Whether a shape might have been allowed for the place, with whatever margin: it lies within, off the centres."""
    area = area_of(geometry, projection)
    if depth_in_m(area, place.x, place.y) < LEAST_MARGIN_M:
        return False
    return all(float(np.hypot(one.x - place.x, one.y - place.y)) >= LEAST_OFF_M for one in _centres(area))


def reveals(areas: Sequence[Area], place: ProtectedPlace, known: Sequence[Area] = ()) -> tuple[Reveal, ...]:
    """What ``areas`` tell of ``place`` beside those that are ``known`` about it; none where they protect it.

    They are valid polygons and multi-polygons on the plane. Each of ``areas`` has to hold the place by its margin; one
    that is known may have been made for another margin.
    """
    found = [
        Reveal("margin", depth_m, place.margin_m)
        for area in areas
        if (depth_m := depth_in_m(area, place.x, place.y)) < place.margin_m
    ]
    for name, area in _told_by(areas, known):
        for guess in guesses(area, place.margin_m):
            off_m = float(np.hypot(guess.x - place.x, guess.y - place.y))
            if off_m < LEAST_OFF_M:
                found.append(Reveal(f"{guess.name} of {name}", off_m, LEAST_OFF_M))
        room_m2 = float(room_of(area, place.margin_m).area)
        if room_m2 < LEAST_ROOM_M2:
            found.append(Reveal(f"room in {name}", room_m2, LEAST_ROOM_M2))
    found += _of_means([*areas, *known], place)
    return tuple(dict.fromkeys(found))


def guesses(area: Area, margin_m: float) -> tuple[Guess, ...]:
    """Where somebody would look for the address who has the shape, and knows the margin."""
    if area.is_empty:
        return ()
    parts = [part for part in shapely.get_parts(area) if part.geom_type == "Polygon"]
    filled = [shapely.Polygon(part.exterior) for part in parts]
    holes = [shapely.Polygon(hole) for part in parts for hole in part.interiors]
    within = area.buffer(-margin_m)
    found = [guess for one in _apart([area, *parts, *filled, *holes]) for guess in _centres(one)]
    if not within.is_empty:
        found += [
            Guess(f"{guess.name} of what lies {margin_m:.0f} m inside", guess.x, guess.y)
            for one in _apart([within, *shapely.get_parts(within)])
            for guess in _centres(one)
        ]
    return tuple(found)


def room_of(area: Area, margin_m: float) -> Area:
    """Where an address may lie that the shape protects: by its margin inside, and off every guess."""
    discs = [shapely.Point(guess.x, guess.y).buffer(LEAST_OFF_M) for guess in guesses(area, margin_m)]
    return area.buffer(-margin_m).difference(shapely.union_all(discs))


def _told_by(areas: Sequence[Area], earlier: Sequence[Area]) -> Iterator[tuple[str, Area]]:
    """Each of ``areas``, and what any two with one of them, and all with ``earlier``, have in common.

    A shape that is there twice tells nothing more; what earlier ones tell without these is told already.
    """
    new = _apart(areas)
    known = _apart([*new, *earlier])
    yield from (("the shape", area) for area in new)
    if len(known) > 1:
        yield from (
            ("what two shapes share", known[one].intersection(known[other]).buffer(0))
            for one, other in combinations(range(len(known)), 2)
            if one < len(new)
        )
        yield "what all shapes cover", shapely.union_all(known)
    if len(known) > 2:  # noqa: PLR2004 -- of two, they were told
        yield "what all shapes share", shapely.intersection_all(known).buffer(0)


def _of_means(areas: Sequence[Area], place: ProtectedPlace) -> Iterator[Reveal]:
    """The mean over all shapes of each kind of centre."""
    known = _apart(areas)
    if len(known) < 2:  # noqa: PLR2004 -- of one it is the centre itself
        return
    for centres in zip(*(_centres(area) for area in known), strict=True):
        x, y = (float(np.mean([getattr(one, axis) for one in centres])) for axis in ("x", "y"))
        off_m = float(np.hypot(x - place.x, y - place.y))
        if off_m < LEAST_OFF_M:
            yield Reveal(f"mean {centres[0].name} of all shapes", off_m, LEAST_OFF_M)


def _centres(area: Area) -> tuple[Guess, ...]:
    west, south, east, north = area.bounds
    corners = shapely.get_coordinates(area)[:-1]
    points: Iterable[tuple[str, Any]] = (
        ("centroid", area.centroid),
        ("centre of its box", shapely.Point((west + east) / 2, (south + north) / 2)),
        ("centre of its narrowest box", area.minimum_rotated_rectangle.centroid),
        ("centre of its smallest circle", shapely.minimum_bounding_circle(area).centroid),
        ("pole of inaccessibility", _pole(area)),
        ("representative point", area.representative_point()),
        ("mean of its corners", shapely.Point(corners.mean(axis=0))),
        ("centroid of its boundary", area.boundary.centroid),
        ("centroid of its hull", area.convex_hull.centroid),
    )
    return tuple(Guess(name, float(point.x), float(point.y)) for name, point in points)


def _pole(area: Area) -> Any:
    """The place that lies deepest inside, within ``INSCRIBED_WITHIN_M``; of a multi-polygon, in its widest part."""
    radius: Any = shapely.maximum_inscribed_circle(area, tolerance=INSCRIBED_WITHIN_M)
    return shapely.Point(radius.coords[0])


def _apart(areas: Iterable[Area]) -> list[Area]:
    """Those with an area, each once."""
    known: list[Area] = []
    for area in areas:
        if area.area > 0 and not any(shapely.equals(area, other) for other in known):
            known.append(area)
    return known
