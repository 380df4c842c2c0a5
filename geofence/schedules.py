"""When a schedule is in force, as intervals of UTC.

Windows are times of the wall clock, so the night on which clocks change is an hour shorter or longer: a curfew of 19:00
to 07:00 lasts 11 h in March and 13 h in October. Where a boundary lies in the changed hour itself:

- a time that is skipped stands for the moment of the change: 01:30 to 07:00 begins at 02:00 British Summer Time, 22:00
  to 01:30 ends there, and a window wholly in the gap does not happen;
- of a time that comes twice, a start means the first and an end the last: a window is in force from the first instant
  at which the clock shows one of its times to the last, without a break. Every minute that the wording covers is
  covered both times it comes round. For whom an exclusion protects this is the safe reading, and the wearer has
  one window to obey, not two with half an hour between them;
- an end at the very beginning of the repeated hour (22:00 to 01:00 in London) is reached the first time the clock
  shows it: no time of the window comes again, and an hour more would be held against the wearer without wording.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from geofence.bank_holidays import bank_holidays
from geofence.columns import Booleans, Integers
from geofence.wall_clock import wall_clock
from model.schedules import BankHolidayRule, DailyWindow, Schedule, Weekday
from model.times import DAY_US, EARLIEST, EPOCH, LATEST, SECOND_US, from_microseconds, to_microseconds

FIRST_US = to_microseconds(EARLIEST)
LAST_US = to_microseconds(LATEST)
REACH_DAYS = 3  # from a day of UTC to any local date whose windows touch it: 24 h of window, 24 h of offset, one spare
WEEKDAY_OF_DAY_0 = Weekday.THURSDAY  # 1 January 1970
DAY_0 = EPOCH.date()

Interval = tuple[int, int]
"""``[start_us, end_us)``."""


def windows(schedule: Schedule | None, from_us: int, to_us: int) -> list[Interval]:
    """The intervals in which ``schedule`` is in force, within ``[from_us, to_us)``.

    They are in order and apart: windows that meet or overlap are one interval. One that goes beyond a limit is cut
    there. Without a schedule (None) it is the whole. ValueError for a limit outside 1970 to 2199.
    """
    if not FIRST_US <= from_us <= to_us <= LAST_US:
        raise ValueError(f"from {from_us} to {to_us} us: give times in order, in the years 1970 to 2199")
    found = _expand(schedule, from_us, to_us)
    return list(zip(found.starts_us.tolist(), found.ends_us.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class _Expansion:
    """All intervals of ``[from_us, to_us)``; those at a limit may go on beyond it."""

    from_us: int
    to_us: int
    starts_us: Integers
    ends_us: Integers


@dataclass(slots=True)
class ScheduleClock:
    """Answers for one schedule, expanded by the year as times are asked for, and each year once.

    Schedules are values and hash: keep one clock for all zones that share a schedule. Exact from 1970 to 2199; outside
    these years no schedule is in force. Safe to share between threads: an expansion is replaced, never changed.
    """

    schedule: Schedule | None
    _expansion: _Expansion | None = field(default=None, init=False, repr=False, compare=False)

    def in_force(self, fix_time_us: Integers) -> Booleans:
        """Whether it is in force at each of ``n`` times (microseconds since 1970 UTC); both arrays are ``(n,)``."""
        if self.schedule is None:
            return np.ones(len(fix_time_us), dtype=np.bool_)
        known = (fix_time_us >= FIRST_US) & (fix_time_us < LAST_US)
        if not known.any():
            return known
        asked = fix_time_us[known]
        found = self._covering(int(asked.min()), int(asked.max()))
        if not len(found.starts_us):
            return np.zeros(len(fix_time_us), dtype=np.bool_)
        at = np.searchsorted(found.starts_us, fix_time_us, side="right") - 1
        return known & (at >= 0) & (fix_time_us < found.ends_us[at])

    def window_of(self, fix_time_us: int) -> Interval | None:
        """The whole interval that holds the time; None when not in force.

        Where it is in force for ever, the beginning of 1970 and of 2200 stand for the ends.
        """
        if not FIRST_US <= fix_time_us < LAST_US:
            return None
        start_us = end_us = fix_time_us
        while True:
            found = self._covering(max(start_us, FIRST_US), min(end_us, LAST_US - 1))
            at = int(np.searchsorted(found.starts_us, fix_time_us, side="right")) - 1
            if at < 0 or fix_time_us >= found.ends_us[at]:
                return None
            window = int(found.starts_us[at]), int(found.ends_us[at])
            reach_us = found.to_us - found.from_us  # doubled each time: one that is always in force takes 8 rounds
            goes_back = window[0] == found.from_us > FIRST_US
            goes_on = window[1] == found.to_us < LAST_US
            if not goes_back and not goes_on:
                return window
            start_us = found.from_us - reach_us if goes_back else found.from_us
            end_us = found.to_us + reach_us if goes_on else found.to_us - 1

    def _covering(self, first_us: int, last_us: int) -> _Expansion:
        """An expansion over whole calendar years that holds both times and all that was asked before."""
        known = self._expansion
        if known is not None and known.from_us <= first_us and last_us < known.to_us:
            return known
        if known is not None:
            first_us, last_us = min(first_us, known.from_us), max(last_us, known.to_us - 1)
        found = _expand(self.schedule, _year_us(first_us, 0), _year_us(last_us, 1))
        self._expansion = found
        return found


def _year_us(moment_us: int, later: int) -> int:
    """The beginning of the calendar year (UTC) of a time, or of one some years later."""
    return to_microseconds(datetime(from_microseconds(moment_us).year + later, 1, 1, tzinfo=UTC))


def _expand(schedule: Schedule | None, from_us: int, to_us: int) -> _Expansion:
    if schedule is None:
        return _Expansion(from_us, to_us, *_merged(np.array([from_us]), np.array([to_us])))
    clock = wall_clock(schedule.time_zone)
    days = np.arange(from_us // DAY_US - REACH_DAYS, to_us // DAY_US + REACH_DAYS + 1)
    starts, ends = _local_windows(schedule, days)
    starts_us = np.clip(clock.first_at(starts), from_us, to_us)
    ends_us = np.clip(clock.last_before(ends), from_us, to_us)
    return _Expansion(from_us, to_us, *_merged(starts_us, ends_us))


def _merged(starts_us: Integers, ends_us: Integers) -> tuple[Integers, Integers]:
    """In order, without the empty ones, and one interval where several meet."""
    happens = starts_us < ends_us
    order = np.argsort(starts_us[happens], kind="stable")
    starts_us, ends_us = starts_us[happens][order], np.maximum.accumulate(ends_us[happens][order])
    apart = starts_us[1:] > ends_us[:-1]
    return starts_us[np.append(True, apart)[: len(starts_us)]], ends_us[np.append(apart, True)[: len(ends_us)]]


def _local_windows(schedule: Schedule, days: Integers) -> tuple[Integers, Integers]:
    """Starts and ends of all windows that begin on ``days`` (local dates, as days since 1970), by the wall clock."""
    instead = _instead(schedule, days)
    usual = days[~np.isin(days, list(instead))]
    weekdays = (usual + WEEKDAY_OF_DAY_0) % len(Weekday)
    pieces = [(usual[np.isin(weekdays, list(weekly.days))], weekly.window) for weekly in schedule.weekly]
    pieces += [(np.array([day]), window) for day, chosen in instead.items() for window in chosen]
    pieces += [
        (np.array([day]), match.window)
        for match in schedule.match_days
        if days[0] <= (day := _day_number(match.date)) <= days[-1]
    ]
    nothing = np.empty(0, dtype=np.int64)
    starts = [nothing, *(on * DAY_US + _since_midnight_us(window.starts) for on, window in pieces)]
    ends = [
        nothing,
        *((on + window.ends_on_the_next_day) * DAY_US + _since_midnight_us(window.ends) for on, window in pieces),
    ]
    return np.concatenate(starts), np.concatenate(ends)


def _instead(schedule: Schedule, days: Integers) -> dict[int, tuple[DailyWindow, ...]]:
    """The windows of those days that are not usual ones: bank holidays and, before them, exceptions."""
    chosen: dict[int, tuple[DailyWindow, ...]] = {}
    if schedule.bank_holidays is not None:
        on_holidays = tuple(_on_bank_holidays(schedule, schedule.bank_holidays))
        chosen |= dict.fromkeys(_bank_holiday_numbers(schedule.bank_holidays, days), on_holidays)
    chosen |= {_day_number(one.date): one.windows for one in schedule.exceptions}
    return {day: those for day, those in chosen.items() if days[0] <= day <= days[-1]}


def _on_bank_holidays(schedule: Schedule, rule: BankHolidayRule) -> Iterable[DailyWindow]:
    if isinstance(rule.instead, Weekday):
        return (weekly.window for weekly in schedule.weekly if rule.instead in weekly.days)
    return rule.instead


def _bank_holiday_numbers(rule: BankHolidayRule, days: Integers) -> Iterator[int]:
    first, last = (DAY_0 + timedelta(days=int(day)) for day in (days[0], days[-1]))
    for year in range(first.year, last.year + 1):
        yield from map(_day_number, bank_holidays(rule.division, year))


def _day_number(day: date) -> int:
    return (day - DAY_0).days


def _since_midnight_us(moment: time) -> int:
    return (moment.hour * 60 + moment.minute) * 60 * SECOND_US
