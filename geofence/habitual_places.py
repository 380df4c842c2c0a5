"""Where a wearer is at night and on working days, from the wearer's own positions. A guess, and said to be one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from geofence.columns import Booleans, Floats, Integers
from geofence.confidence import effective_accuracy_m
from geofence.track import Track
from geofence.wall_clock import wall_clock
from model.enums import Mechanism
from model.times import DAY_US, SECOND_US

HOUR_US = 3600 * SECOND_US
NIGHT_FROM_HOUR, NIGHT_TO_HOUR = 22, 6
DAY_FROM_HOUR, DAY_TO_HOUR = 9, 17
WORKING_DAYS = 5
DAYS_OF_A_WEEK = 7
WEEKDAY_OF_DAY_0 = 3  # 1 January 1970 was a Thursday, three days after a Monday
LONGEST_STEP_US = HOUR_US  # a position stands for the time to the next one, at most so long: a silence is no stay
WORST_ACCURACY_M = 150.0
CELL_M = 150.0
LEAST_SHARE = 0.25  # of the time that positions stand for in those hours
LEAST_OCCASIONS = 2  # different nights, or different days


class Habit(StrEnum):
    NIGHT = "night"
    WORKING_DAY = "working_day"


@dataclass(frozen=True, slots=True)
class HabitualPlace:
    """A place within ``CELL_M`` of which the wearer spends much of the hours of a habit."""

    habit: Habit
    x: float  # metres on the plane
    y: float
    hours: float
    share: float  # of the time that positions stand for in those hours, 0 to 1
    occasions: int  # different nights, or different days


@dataclass(frozen=True, slots=True)
class _Stays:
    """Positions and how long each stands for; arrays of the shape ``(n,)``."""

    x: Floats
    y: Floats
    local_us: Integers  # by the wall clock, as microseconds since 1970-01-01T00:00 there
    lasting_us: Integers

    def take(self, at: Booleans) -> "_Stays":
        return _Stays(self.x[at], self.y[at], self.local_us[at], self.lasting_us[at])


def habitual_places(tracks: Sequence[Track], time_zone: str) -> list[HabitualPlace]:
    """The places of nights (22:00 to 06:00 by the wall clock), then those of working days (Monday to Friday, 09:00 to
    17:00) that are not among the former; each in the order of the time spent there.

    Cell-tower positions and those less accurate than ``WORST_ACCURACY_M`` are left out.
    """
    stays = [_stays(track, time_zone) for track in tracks]
    if not stays:
        return []
    every = _Stays(*(np.concatenate([getattr(one, name) for one in stays]) for name in _Stays.__slots__))
    hour = every.local_us // HOUR_US % 24
    weekday = (every.local_us // DAY_US + WEEKDAY_OF_DAY_0) % DAYS_OF_A_WEEK
    is_night = (hour >= NIGHT_FROM_HOUR) | (hour < NIGHT_TO_HOUR)
    is_day = (weekday < WORKING_DAYS) & (hour >= DAY_FROM_HOUR) & (hour < DAY_TO_HOUR)
    nights = list(_places(every.take(is_night), Habit.NIGHT))
    days = _places(every.take(is_day), Habit.WORKING_DAY)
    return nights + [day for day in days if all(_apart_m(day, night) > CELL_M for night in nights)]


def _stays(track: Track, time_zone: str) -> _Stays:
    fixes = track.rows.fixes
    times_us = fixes.fix_time_us
    clock = wall_clock(time_zone)
    offset_us = clock.offset_us[np.searchsorted(clock.since_us, times_us, side="right") - 1]
    lasting_us = np.minimum(np.diff(times_us, append=times_us[-1:]), LONGEST_STEP_US)
    accurate = effective_accuracy_m(fixes.accuracy_m, fixes.mechanism) <= WORST_ACCURACY_M
    usable = accurate & (fixes.mechanism != Mechanism.LBS) & np.isfinite(track.points.x)
    return _Stays(track.points.x, track.points.y, times_us + offset_us, lasting_us).take(usable)


def _places(stays: _Stays, habit: Habit) -> Iterator[HabitualPlace]:
    """The densest place, then the densest of what is left, as long as enough of the time is spent there."""
    total_us = int(stays.lasting_us.sum())
    while len(stays.x) and stays.lasting_us.sum() >= LEAST_SHARE * total_us > 0:
        x, y = _densest(stays)
        about = np.hypot(stays.x - x, stays.y - y) <= CELL_M
        there = stays.take(about)
        spent_us = int(there.lasting_us.sum())
        # From 06:00 to 06:00, so that one night is one occasion.
        occasions = len(np.unique((there.local_us - NIGHT_TO_HOUR * HOUR_US) // DAY_US))
        if spent_us < LEAST_SHARE * total_us:
            return
        if occasions >= LEAST_OCCASIONS:
            yield HabitualPlace(habit, x, y, spent_us / HOUR_US, spent_us / total_us, occasions)
        stays = stays.take(~about)


def _densest(stays: _Stays) -> tuple[float, float]:
    """The median, weighted by time, of the positions about the cell in which most time was spent."""
    cells = np.column_stack([stays.x, stays.y]) // CELL_M
    _, cell = np.unique(cells, axis=0, return_inverse=True)
    there = cell.ravel() == np.bincount(cell.ravel(), stays.lasting_us).argmax()
    x, y = _weighted_medians(stays.take(there))
    return _weighted_medians(stays.take(np.hypot(stays.x - x, stays.y - y) <= CELL_M))


def _weighted_medians(stays: _Stays) -> tuple[float, float]:
    return _weighted_median(stays.x, stays.lasting_us), _weighted_median(stays.y, stays.lasting_us)


def _weighted_median(values: Floats, weights: Integers) -> float:
    order = np.argsort(values)
    running = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(running, running[-1] / 2)])


def _apart_m(one: HabitualPlace, other: HabitualPlace) -> float:
    return float(np.hypot(one.x - other.x, one.y - other.y))
