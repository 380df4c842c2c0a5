"""The wearers of the check's workloads: where they go from minute to minute, and what their tags say of it."""

from dataclasses import dataclass, field

import numpy as np

from bench.zones import PROJECTION, anywhere
from geofence.columns import NOT_GIVEN, Booleans, Earlier, Fixes, Floats, Integers, Points, PositionRows
from geofence.confidence import SIGMAS_OF_CIRCLE
from geofence.track import Track
from geofence.zone_index import ZoneIndex
from model.enums import Mechanism
from model.times import SECOND_US

BATCH = 10_000
MINUTE_US = 60 * SECOND_US
NEAR_SHARE = 0.5  # of the wearers go about near a zone of their own, the others anywhere
NEAR_M = 1_500.0  # that near, east or west, north or south
WALKING_M, DRIVING_M = 60.0, 450.0  # the standard deviation of a minute's way, each way
DRIVING_SHARE = 0.3
MECHANISMS = (Mechanism.GPS, Mechanism.WIFI, Mechanism.LBS)
MECHANISM_SHARES = (0.95, 0.03, 0.02)
ACCURACIES_M = (10.0, 60.0, 600.0)  # medians


@dataclass(frozen=True)
class Habits:
    """What the shares of a workload come from."""

    keeps_out: float  # of the wearers near a zone: they turn back at its edge
    at_home: float  # of all wearers: they do not move
    start_us: int


@dataclass
class Wearers:
    """``n`` people, person and activation and device by one number, who each send a position a minute."""

    rng: np.random.Generator
    habits: Habits
    index: ZoneIndex
    near: Floats  # (n, 2) metres: the centre of an own zone
    homes: Floats  # (n, 2) metres
    zone_row: Integers  # (n,) of that zone, in the index
    minute: int = 0
    _place: Floats = field(init=False)
    _last: Earlier = field(init=False)
    _last_but_one: Earlier = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.near)
        self._goes_near = self.rng.random(count) < NEAR_SHARE
        self._keeps_out = self._goes_near & (self.rng.random(count) < self.habits.keeps_out)
        self._at_home = self.rng.random(count) < self.habits.at_home
        about = self.near + self.rng.uniform(-NEAR_M, NEAR_M, (count, 2))
        self._place = np.where(self._goes_near[:, np.newaxis], about, anywhere(self.rng, count))
        self._place[self._keeps_out] = (self.near + np.copysign(NEAR_M, about - self.near))[self._keeps_out]
        self._place[self._at_home] = self.homes[self._at_home]
        self._last = self._last_but_one = Earlier.none(count)

    def batches(self) -> list[Track]:
        """The next minute's positions, cut into batches."""
        self._move()
        count = len(self.near)
        fixes, points = self._fixes()
        person = np.arange(count)
        rows = PositionRows(fixes, person, self.rng.integers(-(2**62), 2**62, count), np.zeros_like(person), person * 0)
        track = Track(rows, person, person, points, self._last, self._last_but_one)
        self._last_but_one = self._last
        self._last = Earlier(points, fixes.fix_time_us, fixes.accuracy_m, fixes.mechanism)
        self.minute += 1
        return [track.take(np.arange(first, first + BATCH)) for first in range(0, count, BATCH)]

    def _move(self) -> None:
        """A minute's way. Who goes near a zone turns round 1.5 km from it; who keeps out of it stays where he was."""
        count = len(self.near)
        way_m = np.where(self.rng.random((count, 1)) < DRIVING_SHARE, DRIVING_M, WALKING_M)
        moved = self._place + self.rng.normal(0, 1, (count, 2)) * way_m
        from_near = moved - self.near
        turned = np.where(np.abs(from_near) > NEAR_M, np.copysign(2 * NEAR_M, from_near) - from_near, from_near)
        moved = np.where(self._goes_near[:, np.newaxis], self.near + turned, moved)
        stays = self._at_home | (self._keeps_out & self._inside(moved))
        self._place[~stays] = moved[~stays]

    def _inside(self, place: Floats) -> Booleans:
        return self.index.covers(self.zone_row, PROJECTION.points(*PROJECTION.inverse(*place.T)))

    def _fixes(self) -> tuple[Fixes, Points]:
        count = len(self.near)
        found_by = self.rng.choice(len(MECHANISMS), count, p=MECHANISM_SHARES)
        mechanism = np.array(MECHANISMS, np.int64)[found_by]
        accuracy_m = np.array(ACCURACIES_M)[found_by] * self.rng.lognormal(0, 0.5, count)
        said = self._place + self.rng.normal(0, 1, (count, 2)) * (accuracy_m / SIGMAS_OF_CIRCLE)[:, np.newaxis]
        points = PROJECTION.points(*PROJECTION.inverse(*said.T))
        time_us = np.full(count, self.habits.start_us + self.minute * MINUTE_US)
        unknown = np.full(count, np.nan)
        fixes = Fixes(
            fix_time_us=time_us,
            received_us=time_us + SECOND_US,
            lat=points.lat,
            lon=points.lon,
            accuracy_m=accuracy_m,
            mechanism=mechanism,
            speed_mps=unknown,
            heading_deg=unknown,
            satellites=np.full(count, NOT_GIVEN),
            hdop=unknown,
            battery_pct=unknown,
            sequence=np.full(count, NOT_GIVEN),
            message_offset=np.arange(count),
        )
        return fixes, points
