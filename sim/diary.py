"""Writing down where a wearer goes, stretch by stretch."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from geofence.columns import Floats
from sim.local_plane import LocalPlane
from sim.places import part, travelled_m
from sim.routine import MINUTE_S, Travel
from sim.true_path import Setting, TruePath

FIDGET_EVERY_S = 25 * MINUTE_S
FIDGET_M = 3.0
"""Standard deviation of where in a building somebody sits."""
PAVEMENT_M = 2.5
"""Standard deviation of how far from the middle of the street one walks or drives."""
RIDE_FROM_M = 600.0
"""Shorter ways are walked."""
ACCESS_M = {Travel.BUS: 200.0, Travel.TRAIN: 400.0}
"""On foot to the stop and from it."""
STOP_S = (8.0, 35.0)
TUNNEL_SHARE = 0.5
"""Of train rides that go underground; they do so in their middle half."""
SETTINGS = {
    Travel.WALK: Setting.OUTDOORS,
    Travel.CYCLE: Setting.OUTDOORS,
    Travel.BUS: Setting.BUS,
    Travel.CAR: Setting.CAR,
    Travel.TRAIN: Setting.TRAIN,
}


@dataclass(frozen=True, slots=True, eq=False)
class _Leg:
    durations_s: Floats  # (n,)
    corners: Floats  # (n, 2), each reached at the end of its duration
    setting: Setting


class Diary:
    """The way of one wearer so far. ``now_s`` counts from the start of the simulation."""

    def __init__(self, rng: Generator, start: Floats) -> None:
        self.now_s = 0.0
        self.here = start
        self._rng = rng
        self._start = start
        self._legs: list[_Leg] = []

    def stay_until(self, moment_s: float, setting: Setting) -> None:
        """Stay here, moving about by a few metres indoors; nothing happens where it is later already."""
        if moment_s <= self.now_s:
            return
        indoors = setting in (Setting.HOME, Setting.INDOORS)
        pieces = max(1, round((moment_s - self.now_s) / FIDGET_EVERY_S))
        corners = np.repeat(self.here[np.newaxis], pieces, axis=0)
        if indoors:
            corners[:-1] += np.clip(self._rng.normal(0, FIDGET_M, size=(pieces - 1, 2)), -2 * FIDGET_M, 2 * FIDGET_M)
        self._add(np.full(pieces, (moment_s - self.now_s) / pieces), corners, setting)

    def stay(self, seconds: float, setting: Setting) -> None:
        self.stay_until(self.now_s + seconds, setting)

    def travel(self, way: Floats, travel: Travel) -> None:
        """Go along a way, (n, 2), that begins here: on foot to the stop and from it where one rides."""
        length_m = float(travelled_m(way)[-1])
        if travel is not Travel.WALK and length_m < RIDE_FROM_M:
            travel = Travel.WALK
        access_m = min(ACCESS_M.get(travel, 0.0), length_m / 4)
        if not access_m:
            self._go(way, travel)
            return
        self._go(part(way, 0, access_m), Travel.WALK)
        self._ride(part(way, access_m, length_m - access_m), travel)
        self._go(part(way, length_m - access_m, length_m), Travel.WALK)

    def go(self, corners: Floats, speed_mps: float, setting: Setting) -> None:
        """Go straight from corner to corner, (n, 2), at an even speed."""
        lengths_m = np.hypot(*np.diff(corners, axis=0, prepend=self.here[np.newaxis]).T)
        moving = lengths_m > 0
        self._add(lengths_m[moving] / speed_mps, corners[moving], setting)

    def path(self, start_us: int, plane: LocalPlane) -> TruePath:
        """Everything so far."""
        durations_s = np.concatenate([leg.durations_s for leg in self._legs])
        return TruePath(
            start_us,
            plane,
            np.concatenate([[0.0], np.cumsum(durations_s)]),
            np.concatenate([self._start[np.newaxis], *(leg.corners for leg in self._legs)]),
            np.concatenate([np.full(len(leg.durations_s), leg.setting, np.int64) for leg in self._legs]),
        )

    def _ride(self, way: Floats, travel: Travel) -> None:
        length_m = float(travelled_m(way)[-1])
        if travel is Travel.TRAIN and self._rng.random() < TUNNEL_SHARE:
            self._go(part(way, 0, length_m / 4), travel)
            self._go(part(way, length_m / 4, length_m * 3 / 4), travel, Setting.TUNNEL)
            self._go(part(way, length_m * 3 / 4, length_m), travel)
        else:
            self._go(way, travel)

    def _go(self, way: Floats, travel: Travel, setting: Setting | None = None) -> None:
        """Along the way's corners, a little aside of each but the last; a bus stops at every one."""
        corners = way[1:].copy()
        corners[:-1] += np.clip(self._rng.normal(0, PAVEMENT_M, size=(len(corners) - 1, 2)), -6, 6)
        lengths_m = np.hypot(*np.diff(corners, axis=0, prepend=self.here[np.newaxis]).T)
        durations_s = np.maximum(lengths_m / (travel.value * self._rng.uniform(0.8, 1.2, size=len(corners))), 1.0)
        if travel is Travel.BUS:
            corners = np.repeat(corners, 2, axis=0)
            durations_s = np.column_stack([durations_s, self._rng.uniform(*STOP_S, size=len(durations_s))]).ravel()
        self._add(durations_s, corners, SETTINGS[travel] if setting is None else setting)

    def _add(self, durations_s: Floats, corners: Floats, setting: Setting) -> None:
        if len(durations_s):
            self._legs.append(_Leg(durations_s, corners, setting))
            self.now_s += float(durations_s.sum())
            self.here = corners[-1]
