"""The stretches of a wearer's history that a presence at a scene is compared with. By the local wall clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from crimes.scenes import Scene
from geofence.columns import Integers
from geofence.wall_clock import wall_clock
from model.crimes import Window
from model.times import DAY_US, SECOND_US

HOUR_US = 3600 * SECOND_US
LOOK_HOURS = range(0, 24, 3)  # local; a stay of three hours is seen whenever it begins
LOOK_US = 600 * SECOND_US
NIGHT_HOURS = frozenset({0, 3})
PART_US = 600 * SECOND_US
MOST_PARTS = 32  # so that they fit the bits of one number
WEEKDAY_OF_DAY_0 = 3  # 1 January 1970 was a Thursday, three days after a Monday
DAYS_OF_A_WEEK = 7
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class RoutineSettings:
    """What history a presence is compared with."""

    history_days: int = 28  # whole weeks: every weekday as often
    time_zone: str = "Europe/London"  # by whose wall clock a time of day is the same


@dataclass(frozen=True, slots=True)
class Stretch:
    """``[from_us, until_us)`` on an earlier day: the crime's own time of day, or a short look at another."""

    day: int  # local days since 1970, of its beginning
    look_hour: int | None  # local; None: the crime's time of day
    from_us: int
    until_us: int
    touches_another: bool = False  # the padded window of another crime here

    @property
    def is_weekend(self) -> bool:
        return _is_weekend(self.day)

    @property
    def part_us(self) -> int:
        """The length of the parts by which it is told whether the track covers the stretch."""
        return max(PART_US, -(-(self.until_us - self.from_us) // MOST_PARTS))

    @property
    def parts(self) -> int:
        return max(1, -(-(self.until_us - self.from_us) // self.part_us))


def stretches_before(
    scene: Scene, padding_us: int, asked: Sequence[Window], settings: RoutineSettings
) -> list[Stretch]:
    """Those of the ``history_days`` days before the scene's, in the order of time.

    The crime's time of day is its longest window, padded; where a local time of the police file was two instants, they
    are one by the wall clock. A stretch keeps its length over a change of the clocks, and begins after the gap where
    its beginning is skipped. One that touches the crime's own padded window is left out; one that touches a window of
    ``asked``, the padded ones of other crimes here, is marked: a series of crimes is no routine.
    """
    longest = _longest(scene).padded(padding_us)
    own = scene.hull.padded(padding_us)
    clock = wall_clock(settings.time_zone)
    local_us = _local_us(longest.from_us, settings.time_zone)
    days = local_us // DAY_US - np.arange(settings.history_days, 0, -1)
    same_us = clock.first_at(days * DAY_US + local_us % DAY_US)
    found = list(_stretches(days, same_us, None, longest.to_us - longest.from_us))
    found += looks_before(longest.from_us, settings.history_days, settings)
    found = [one for one, touches in zip(found, _touching(found, [own]), strict=True) if not touches]
    marked = [
        replace(one, touches_another=touches) for one, touches in zip(found, _touching(found, asked), strict=True)
    ]
    return sorted(marked, key=lambda one: (one.from_us, one.until_us))


def looks_before(until_us: int, days: int, settings: RoutineSettings) -> list[Stretch]:
    """The looks of the ``days`` local days before that of ``until_us``, in the order of time."""
    clock = wall_clock(settings.time_zone)
    today = _local_us(until_us, settings.time_zone) // DAY_US
    local_days = today - np.arange(days, 0, -1)
    found = [
        one
        for hour in LOOK_HOURS
        for one in _stretches(local_days, clock.first_at(local_days * DAY_US + hour * HOUR_US), hour, LOOK_US)
    ]
    return sorted(found, key=lambda one: one.from_us)


def is_at_weekend(scene: Scene, padding_us: int, settings: RoutineSettings) -> bool:
    """Whether the day of the scene, as ``stretches_before`` counts days, is a Saturday or a Sunday."""
    return _is_weekend(_local_us(_longest(scene).padded(padding_us).from_us, settings.time_zone) // DAY_US)


def _longest(scene: Scene) -> Window:
    return max(scene.windows, key=lambda one: one.to_us - one.from_us)


def _local_us(instant_us: int, time_zone: str) -> int:
    clock = wall_clock(time_zone)
    place = int(np.searchsorted(clock.since_us, instant_us, side="right")) - 1
    return instant_us + int(clock.offset_us[place])


def _is_weekend(day: int) -> bool:
    return (day + WEEKDAY_OF_DAY_0) % DAYS_OF_A_WEEK >= SATURDAY


def _stretches(days: Integers, from_us: Integers, look_hour: int | None, length_us: int) -> Iterator[Stretch]:
    for day, begins_us in zip(days.tolist(), from_us.tolist(), strict=True):
        yield Stretch(day, look_hour, begins_us, begins_us + length_us)


def _touching(stretches: Sequence[Stretch], windows: Sequence[Window]) -> list[bool]:
    """Whether each stretch has a moment in common with any of the windows."""
    from_us = np.array([one.from_us for one in stretches], np.int64)[:, np.newaxis]
    until_us = np.array([one.until_us for one in stretches], np.int64)[:, np.newaxis]
    opens_us = np.array([one.from_us for one in windows], np.int64)
    closes_us = np.array([one.to_us for one in windows], np.int64)
    touches = (from_us <= closes_us) & (opens_us < until_us)  # shape (stretches, windows)
    return [bool(one.any()) for one in touches]
