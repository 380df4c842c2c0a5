"""Where a wearer of the cohort truly is at every moment, and when that is inside a zone."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from geofence.columns import Floats, Integers
from model.times import SECOND_US
from model.zones import Geometry
from sim.extents import Extent, extent_of, plane_of
from sim.local_plane import LocalPlane

Seconds = tuple[float, float]
"""From and until, in seconds since the start of the path."""

SAME_MOMENT_S = 1e-3
"""Crossings nearer to each other are one: a corner of the way may lie on the boundary, and a corner of the zone on the
way."""
DEPTH_STEP_M = 1.0
"""Of the way between two places where the depth is measured, so that it errs by at most half of it."""


class Setting(IntEnum):
    """What surrounds the tag; it decides what the tag can receive."""

    HOME = 0
    INDOORS = 1
    OUTDOORS = 2
    BUS = 3
    CAR = 4
    TRAIN = 5
    TUNNEL = 6


@dataclass(frozen=True, slots=True)
class TrueStay:
    """One true stay in a zone, in microseconds since 1970 UTC; the deepest place is ``deepest_m`` from the edge."""

    entered_us: int
    left_us: int
    deepest_m: float


@dataclass(frozen=True, slots=True)
class TrueOuting:
    """One true absence from a zone while its hours ran; the farthest place was ``farthest_m`` from its edge."""

    left_us: int
    returned_us: int
    farthest_m: float


@dataclass(frozen=True, slots=True, eq=False)
class TruePath:
    """Corners and when each is reached; straight between them, at an even speed."""

    start_us: int
    plane: LocalPlane
    times_s: Floats  # (n,) since start_us, strictly rising from 0
    corners: Floats  # (n, 2) metres on the plane
    settings: Integers  # (n - 1,) of the stretch that begins at each corner

    @property
    def end_s(self) -> float:
        return float(self.times_s[-1])

    def moment_us(self, moment_s: float) -> int:
        """Microseconds since 1970 UTC."""
        return self.start_us + round(moment_s * SECOND_US)

    def places(self, moments_s: Floats) -> Floats:
        """Where the wearer is, shape ``(k, 2)`` in metres on the plane."""
        return np.column_stack([np.interp(moments_s, self.times_s, axis) for axis in self.corners.T])

    def lon_lat(self, moments_s: Floats) -> Floats:
        """Where the wearer is, shape ``(k, 2)`` in degrees: longitude, latitude."""
        return self.plane.degrees(self.places(moments_s))

    def stretches(self, moments_s: Floats) -> Integers:
        """The stretch of each moment, shape ``(k,)``."""
        return np.clip(np.searchsorted(self.times_s, moments_s, side="right") - 1, 0, len(self.settings) - 1)

    def velocities(self) -> Floats:
        """Metres a second east and north on each stretch, shape ``(n - 1, 2)``."""
        return np.asarray(np.diff(self.corners, axis=0) / np.diff(self.times_s)[:, np.newaxis])

    def until(self, end_s: float) -> "TruePath":
        """The path as far as ``end_s``."""
        last = int(np.searchsorted(self.times_s, end_s, side="left"))
        return TruePath(
            self.start_us,
            self.plane,
            np.append(self.times_s[:last], end_s),
            np.concatenate([self.corners[:last], self.places(np.array([end_s]))]),
            self.settings[:last],
        )


def true_stays(path: TruePath, geometry: Geometry) -> list[TrueStay]:
    """Every stay in the zone, from the path without noise: exact on every stretch, on the zone's own plane."""
    local = _on_plane_of(path, geometry)
    extent = extent_of(geometry, local.plane)
    return [
        TrueStay(path.moment_us(entered_s), path.moment_us(left_s), _greatest(local, extent, (entered_s, left_s), 1))
        for entered_s, left_s in spells_inside(local, extent)
    ]


def true_outings(path: TruePath, geometry: Geometry, hours: list[Seconds]) -> list[TrueOuting]:
    """Every absence from the zone while ``hours`` ran; an absence that reaches over a bound is cut there."""
    local = _on_plane_of(path, geometry)
    extent = extent_of(geometry, local.plane)
    bounds_s = [0.0, *(moment for spell in spells_inside(local, extent) for moment in spell), path.end_s]
    absences = zip(bounds_s[::2], bounds_s[1::2], strict=True)
    cut = [
        (max(left_s, from_s), min(returned_s, until_s)) for left_s, returned_s in absences for from_s, until_s in hours
    ]
    return [
        TrueOuting(path.moment_us(left_s), path.moment_us(back_s), _greatest(local, extent, (left_s, back_s), -1))
        for left_s, back_s in sorted(cut)
        if back_s - left_s > SAME_MOMENT_S
    ]


def spells_inside(path: TruePath, extent: Extent) -> list[Seconds]:
    """From and until of every spell inside. The extent is on the path's plane.

    The path is cut at every crossing of the boundary: each piece is inside or outside as a whole.
    """
    stretch, share = extent.crossings(path.corners[:-1], path.corners[1:])
    crossed_s = np.sort(path.times_s[stretch] + share * np.diff(path.times_s)[stretch])
    inner = crossed_s[(crossed_s > SAME_MOMENT_S) & (crossed_s < path.end_s - SAME_MOMENT_S)]
    inner = inner[np.diff(inner, prepend=0.0) > SAME_MOMENT_S]
    cuts_s = np.concatenate([[0.0], inner, [path.end_s]])
    inside = extent.depth_m(path.places((cuts_s[:-1] + cuts_s[1:]) / 2)) > 0
    edges = np.diff(inside.astype(np.int8), prepend=0, append=0)
    return list(zip(cuts_s[edges == 1].tolist(), cuts_s[edges == -1].tolist(), strict=True))


def _greatest(path: TruePath, extent: Extent, spell: Seconds, sign: int) -> float:
    """The greatest depth (sign 1) or distance outside (sign -1) during the spell, measured every metre of the way."""
    travelled_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path.corners, axis=0).T))])
    from_m, until_m = np.interp(spell, path.times_s, travelled_m)
    count = 2 + int((until_m - from_m) / DEPTH_STEP_M)
    at_m = np.linspace(from_m, until_m, count)
    places = np.column_stack([np.interp(at_m, travelled_m, axis) for axis in path.corners.T])
    within = (path.times_s >= spell[0]) & (path.times_s <= spell[1])
    return float((sign * extent.depth_m(np.concatenate([places, path.corners[within]]))).max())


def _on_plane_of(path: TruePath, geometry: Geometry) -> TruePath:
    plane = plane_of(geometry)
    corners = plane.metres(path.plane.degrees(path.corners))
    return TruePath(path.start_us, plane, path.times_s, corners, path.settings)
