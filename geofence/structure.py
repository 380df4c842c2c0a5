"""GeoJSON coordinates into rings of floats: types, numbers, ranges, closure. Topology is judged elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from reprlib import Repr
from typing import Any

from geofence.problems import Defect, GeometryProblem
from model.zones import Coordinate, Region, Ring

MAXIMUM_POSITIONS = 100_000
MINIMUM_RING = 4
MAXIMUM_LON = 180
MAXIMUM_LAT = 90

_SHORT = Repr()
_SHORT.maxlist = 3
_SHORT.maxstring = _SHORT.maxother = 60


def shown(value: object) -> str:
    """A value as it appears in a problem: in JSON's words for the simplest ones, and never long."""
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else _SHORT.repr(value)


def is_number(value: object) -> bool:
    """Whether it is a JSON number; True and False are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def ring_name(polygon: int, ring: int, polygons: int) -> str:
    """All from 0: ``ring_name(1, 2, 3)`` is "polygon 2, hole 2"; a lone polygon needs no number."""
    own = "outer ring" if ring == 0 else f"hole {ring}"
    return own if polygons == 1 else f"polygon {polygon + 1}, {own}"


@dataclass
class PositionReader:
    """Reads positions and gathers every problem on the way."""

    region: Region | None
    problems: list[GeometryProblem] = field(default_factory=list)

    def read_polygons(self, coordinates: Sequence[object]) -> list[list[Ring | None]]:
        """The rings of each polygon; None for one with a problem, so that the others can still be judged."""
        if not self._counts(coordinates):
            return []
        return [self._read_polygon(one, at, len(coordinates)) for at, one in enumerate(coordinates)]

    def read_position(self, value: object, ring: str | None, position: int | None) -> Coordinate | None:
        """One position; an altitude is checked and left out."""
        if not isinstance(value, list | tuple) or len(value) not in {2, 3}:
            self._add(
                Defect.WRONG_TYPE,
                shown(value),
                "a position is [longitude, latitude] in degrees, with an altitude at most",
                ring,
                position,
            )
            return None
        names = ("longitude", "latitude", "altitude")
        good = [self._is_finite_number(one, name, ring, position) for one, name in zip(value, names, strict=False)]
        if not all(good) or not self._in_order(value, ring, position) or not self._in_range(value, ring, position):
            return None
        return float(value[0]), float(value[1])

    def _read_polygon(self, value: object, polygon: int, polygons: int) -> list[Ring | None]:
        if not isinstance(value, list | tuple):
            self._add(Defect.WRONG_TYPE, shown(value), "a polygon is an array of rings")
            return []
        if not value:
            self._add(
                Defect.EMPTY,
                "no ring",
                "draw the polygon's outer ring, or leave the polygon out",
                ring_name(polygon, 0, polygons),
            )
        return [self._read_ring(one, ring_name(polygon, at, polygons)) for at, one in enumerate(value)]

    def _read_ring(self, value: object, name: str) -> Ring | None:
        if not isinstance(value, list | tuple):
            self._add(Defect.WRONG_TYPE, shown(value), "a ring is an array of positions", name)
            return None
        before = len(self.problems)
        read = [self.read_position(one, name, at) for at, one in enumerate(value, start=1)]
        ring = tuple(one for one in read if one is not None)
        if len(ring) == len(read):
            self._closed(ring, name)
            self._this_side_of_the_antimeridian(ring, name)
        return ring if len(ring) == len(read) and len(self.problems) == before else None

    def _closed(self, ring: Ring, name: str) -> None:
        if ring and ring[0] != ring[-1]:
            self._add(
                Defect.UNCLOSED_RING,
                f"the ring starts at {list(ring[0])} and ends at {list(ring[-1])}",
                "repeat the first position at the end",
                name,
                len(ring),
                coordinate=ring[-1],
            )
        elif len(ring) < MINIMUM_RING:
            self._add(
                Defect.TOO_FEW_POSITIONS,
                f"{len(ring)} positions",
                "a ring has at least 4: three corners, and the first one again",
                name,
            )

    def _this_side_of_the_antimeridian(self, ring: Ring, name: str) -> None:
        for at in range(len(ring) - 1):
            if abs(ring[at + 1][0] - ring[at][0]) > MAXIMUM_LON:
                self._add(
                    Defect.CROSSES_ANTIMERIDIAN,
                    f"from longitude {ring[at][0]} to {ring[at + 1][0]}",
                    "split at the antimeridian into one polygon on each side (RFC 7946 §3.1.9)",
                    name,
                    at + 1,
                    coordinate=ring[at],
                )
                return

    def _is_finite_number(self, value: Any, name: str, ring: str | None, position: int | None) -> bool:
        if not is_number(value):
            self._add(Defect.WRONG_TYPE, f"{name} {shown(value)}", "give a number, without quotes", ring, position)
            return False
        if isinstance(value, float) and not isfinite(value):
            self._add(Defect.NOT_FINITE, f"{name} {value}", "give a finite number", ring, position)
            return False
        return True

    def _in_order(self, value: Sequence[Any], ring: str | None, position: int | None) -> bool:
        """Whether longitude comes first, as far as the region can tell. One problem a ring is enough."""
        if self.region is None:
            return True
        lon, lat = value[0], value[1]
        south, west, north, east = self.region
        inside = west <= lon <= east and south <= lat <= north
        if inside or not (west <= lat <= east and south <= lon <= north):
            return True
        last = self.problems[-1] if self.problems else None
        if last is None or last.defect != Defect.SWAPPED_COORDINATES or last.ring != ring:
            self._add(
                Defect.SWAPPED_COORDINATES,
                f"[{lon}, {lat}]",
                f"GeoJSON has longitude first: give [{lat}, {lon}]",
                ring,
                position,
            )
        return False

    def _in_range(self, value: Sequence[Any], ring: str | None, position: int | None) -> bool:
        good = True
        for name, number, limit in (
            ("longitude", value[0], MAXIMUM_LON),
            ("latitude", value[1], MAXIMUM_LAT),
        ):
            if not -limit <= number <= limit:
                remedy = f"{name} is -{limit} to {limit} degrees, longitude first (WGS84, not a grid reference)"
                self._add(Defect.OUT_OF_RANGE, f"{name} {shown(number)}", remedy, ring, position)
                good = False
        return good

    def _counts(self, coordinates: Sequence[object]) -> bool:
        """Whether there are neither no polygons nor more positions than we take."""
        if not coordinates:
            self._add(Defect.EMPTY, "no polygon", "draw at least one polygon")
            return False
        total = sum(
            len(ring)
            for polygon in coordinates
            if isinstance(polygon, list | tuple)
            for ring in polygon
            if isinstance(ring, list | tuple)
        )
        if total > MAXIMUM_POSITIONS:
            self._add(
                Defect.TOO_MANY_POSITIONS,
                f"{total} positions",
                f"a zone has at most {MAXIMUM_POSITIONS}: simplify it, or split it into several zones",
            )
        return total <= MAXIMUM_POSITIONS

    def _add(
        self,
        defect: Defect,
        value: str,
        remedy: str,
        ring: str | None = None,
        position: int | None = None,
        *,
        coordinate: Coordinate | None = None,
    ) -> None:
        self.problems.append(GeometryProblem(defect, value, remedy, ring, position, coordinate))
