"""The world of the workload `matching`: wearers who go about London for weeks, one position a minute, with outages."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from geofence.columns import NOT_GIVEN, Fixes, Floats, Integers
from model.enums import Mechanism
from model.times import MILLISECOND_US, SECOND_US

SEED = 20261126
START_US = 1_546_300_800_000_000  # 2019-01-01, as the incidents of the shared data
MINUTE_US = 60 * SECOND_US
DAY = 1440  # minutes
WEEK = 7 * DAY
HABITS = 64  # weeks that wearers share, each turned, stretched and shifted as their own
METRES_NORTH, METRES_EAST = 1 / 111_260, 1 / 69_300  # degrees, in London
HOMES_M = 9_000.0  # the standard deviation of homes about Charing Cross, each way
CHARING_CROSS = (51.508, -0.125)
OUTAGE_MINUTES = 15
OUTAGE_SHARE = 0.01  # of the time nothing is sent, one stretch a day: underground, flat batteries
CELL_TOWER_SHARE, WIFI_SHARE = 0.01, 0.04
SPEED_M = 420.0  # a minute on the way: bus, bicycle, underground above the ground


@dataclass(frozen=True)
class Minutes:
    """What some minutes bring, in the order of arrival; arrays of the shape ``(n,)``."""

    wearer: Integers
    fixes: Fixes


class World:
    """``wearers`` with ``positions`` minutes each."""

    def __init__(self, wearers: int, positions: int) -> None:
        random = np.random.default_rng(SEED)
        self.wearers, self.positions = wearers, positions
        self._home = random.normal(0, HOMES_M, (wearers, 2))
        self._habit = random.integers(0, HABITS, wearers)
        self._shift = random.integers(-90, 90, wearers)
        angle, stretch = random.uniform(0, 2 * np.pi, wearers), random.uniform(0.5, 1.5, wearers)
        self._turn = stretch[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
        self._weeks = np.stack([_week(random) for _ in range(HABITS)])
        self._out = random.random((positions // OUTAGE_MINUTES + 1, wearers)) < OUTAGE_SHARE

    def minutes(self, at_once: int) -> Iterator[Minutes]:
        for first in range(0, self.positions, at_once):
            yield self._some(first, min(first + at_once, self.positions))

    def _some(self, first: int, last: int) -> Minutes:
        random = np.random.default_rng([SEED, first])
        minute = np.repeat(np.arange(first, last), self.wearers)
        wearer = np.tile(np.arange(self.wearers), last - first)
        sent = ~self._out[minute // OUTAGE_MINUTES, wearer]
        minute, wearer = minute[sent], wearer[sent]
        way = self._weeks[self._habit[wearer], (minute + self._shift[wearer]) % WEEK]
        turn = self._turn[wearer]
        east = self._home[wearer, 0] + way[:, 0] * turn[:, 0] - way[:, 1] * turn[:, 1]
        north = self._home[wearer, 1] + way[:, 0] * turn[:, 1] + way[:, 1] * turn[:, 0]
        return Minutes(wearer, _fixes(minute, east, north, random))


def _week(random: np.random.Generator) -> Floats:
    """Metres east and north of home in each minute of a week, shape (WEEK, 2)."""
    place = np.zeros((WEEK, 2))
    work = random.normal(0, 5_000, 2)
    for day in range(7):
        at = day * DAY + int(random.integers(7 * 60, 10 * 60))
        for _ in range(int(random.integers(1, 4))):
            there = work if random.random() < 0.5 else random.normal(0, 3_000, 2)
            at = _trip(place, at, there, int(random.integers(30, 200)))
            at += int(random.integers(20, 120))
    return place


def _trip(place: Floats, at: int, there: Floats, stay: int) -> int:
    """There, a stay, and home again, from minute ``at`` on; the minute in which it ends."""
    lasts = max(2, int(np.hypot(*there) / SPEED_M))
    way = np.linspace(0, 1, lasts)[:, None] * there
    path = np.concatenate([way, np.tile(there, (stay, 1)), way[::-1]])
    ends = min(at + len(path), WEEK)
    place[at:ends] = path[: max(ends - at, 0)]
    return ends


def _fixes(minute: Integers, east: Floats, north: Floats, random: np.random.Generator) -> Fixes:
    count = len(minute)
    chance = random.random(count)
    mechanism = np.where(
        chance < CELL_TOWER_SHARE,
        Mechanism.LBS,
        np.where(chance < CELL_TOWER_SHARE + WIFI_SHARE, Mechanism.WIFI, Mechanism.GPS),
    )
    accuracy_m = np.choose(np.searchsorted([1, 5, 6], mechanism), [10.0, 1250.0, 70.0]) * random.uniform(
        0.6, 1.6, count
    )
    error_m = random.normal(0, 1, (count, 2)) * accuracy_m[:, None] / 3
    time_us = START_US + minute * MINUTE_US + random.integers(0, 5_000, count) * MILLISECOND_US
    return Fixes(
        fix_time_us=time_us,
        received_us=time_us + SECOND_US,
        lat=CHARING_CROSS[0] + (north + error_m[:, 1]) * METRES_NORTH,
        lon=CHARING_CROSS[1] + (east + error_m[:, 0]) * METRES_EAST,
        accuracy_m=accuracy_m,
        mechanism=mechanism.astype(np.int64),
        speed_mps=np.full(count, np.nan),
        heading_deg=random.uniform(0, 360, count),
        satellites=np.full(count, 9, dtype=np.int64),
        hdop=np.full(count, 1.1),
        battery_pct=np.full(count, 77.0),
        sequence=np.full(count, NOT_GIVEN, dtype=np.int64),
        message_offset=minute,
    )
