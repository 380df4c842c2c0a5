"""A schedule that never applies: agreed with a walk over every minute, and told with what is nearest."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.applicability import last_window, never_applies, next_window
from geofence.bank_holidays import bank_holidays
from geofence.columns import Integers
from geofence.problems import Defect
from geofence.schedules import FIRST_US, LAST_US, windows
from model.schedules import (
    BankHolidayRule,
    DailyWindow,
    DatedWindow,
    DayException,
    Division,
    Schedule,
    Weekday,
    WeeklyWindow,
)
from model.times import to_microseconds

MINUTE = timedelta(minutes=1)
CHANGES = (date(2026, 3, 29), date(2026, 10, 25), date(2026, 12, 26))  # clocks forward, clocks back, bank holidays
REACH = timedelta(days=10)
LONDON = "Europe/London"


@lru_cache
def walk(time_zone: str, about: date) -> tuple[datetime, Integers]:
    """Each minute within reach: the first of them, and what the wall clock shows, in minutes since 1970."""
    first = datetime.combine(about, time(), UTC) - REACH
    zone, epoch = ZoneInfo(time_zone), datetime(1970, 1, 1)  # noqa: DTZ001 -- a wall clock has no zone
    minutes = range(2 * REACH // MINUTE)
    shown = [((first + n * MINUTE).astimezone(zone).replace(tzinfo=None) - epoch) // MINUTE for n in minutes]
    return first, np.array(shown)


def windows_of(schedule: Schedule, day: date) -> Iterator[DailyWindow]:
    """Those that begin on a local date, as model.schedules.Schedule says it."""
    instead = {one.date: one.windows for one in schedule.exceptions}
    weekday, rule = Weekday(day.weekday()), schedule.bank_holidays
    if day in instead:
        yield from instead[day]
    elif rule is not None and day in bank_holidays(rule.division, day.year) and not isinstance(rule.instead, Weekday):
        yield from rule.instead
    else:
        if rule is not None and day in bank_holidays(rule.division, day.year) and isinstance(rule.instead, Weekday):
            weekday = rule.instead
        yield from (weekly.window for weekly in schedule.weekly if weekday in weekly.days)
    yield from (match.window for match in schedule.match_days if match.date == day)


def applies(schedule: Schedule, about: date, starts: datetime, ends: datetime) -> bool:
    """Whether any minute of ``[starts, ends)`` lies between the first and the last that a window's times are shown."""
    first, shown = walk(schedule.time_zone, about)
    from_minute, until_minute = (starts - first) // MINUTE, (ends - first) // MINUTE
    for offset in range(-REACH.days + 2, REACH.days - 2):
        day = about + timedelta(days=offset)
        midnight = (day - date(1970, 1, 1)).days * 1440
        for window in windows_of(schedule, day):
            begins = midnight + window.starts.hour * 60 + window.starts.minute
            until = midnight + window.ends.hour * 60 + window.ends.minute + 1440 * window.ends_on_the_next_day
            minutes = np.flatnonzero((shown >= begins) & (shown < until))
            if len(minutes) and minutes[0] < until_minute and minutes[-1] >= from_minute:
                return True
    return False


times = st.builds(time, st.sampled_from((0, 1, 2, 3, 12, 22, 23)), st.sampled_from((0, 30, 59)))
daily = st.builds(DailyWindow, times, times).filter(lambda one: one.starts != one.ends)
few = st.lists(daily, max_size=1).map(tuple)
weekdays = st.frozensets(st.sampled_from(Weekday), max_size=2)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Schedule, date, datetime, datetime]:
    about = draw(st.sampled_from(CHANGES))
    days = st.integers(-4, 4).map(lambda offset: about + timedelta(days=offset))
    exceptions = st.builds(DayException, days, few)
    rules = st.builds(BankHolidayRule, st.just(Division.ENGLAND_AND_WALES), st.sampled_from(Weekday) | few)
    schedule = Schedule(
        draw(st.sampled_from((LONDON, "America/New_York"))),
        tuple(draw(st.lists(st.builds(WeeklyWindow, weekdays, daily), max_size=1))),
        tuple(draw(st.lists(exceptions, max_size=6, unique_by=lambda one: one.date))),
        draw(st.none() | rules),
        tuple(draw(st.lists(st.builds(DatedWindow, days, daily), max_size=1))),
    )
    starts = datetime.combine(about, time(), UTC) + draw(st.integers(-8_000, 8_000)) * MINUTE
    return schedule, about, starts, starts + draw(st.integers(1, 2_000)) * MINUTE


@settings(max_examples=200)
@given(cases())
def test_it_agrees_with_a_walk_over_every_minute(case: tuple[Schedule, date, datetime, datetime]) -> None:
    schedule, about, starts, ends = case
    assert (never_applies(schedule, starts, ends) is None) is applies(schedule, about, starts, ends)


@settings(max_examples=100)
@given(cases())
def test_the_nearest_windows_are_those_of_the_whole_time(case: tuple[Schedule, date, datetime, datetime]) -> None:
    schedule, _, starts, ends = case
    from_us, until_us = to_microseconds(starts - REACH), to_microseconds(ends + 40 * REACH)
    found = windows(schedule, from_us, until_us)
    first, last = next_window(schedule, from_us, until_us), last_window(schedule, from_us, until_us)
    assert (first is None, last is None) == (not found, not found)
    if first and last:
        assert (first[0], last[1]) == (found[0][0], found[-1][1])


def utc(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


SATURDAYS = Schedule(LONDON, (WeeklyWindow(frozenset({Weekday.SATURDAY}), DailyWindow(time(12), time(18))),))


@pytest.mark.parametrize(
    ("schedule", "starts", "ends", "said"),
    [
        (Schedule(LONDON), None, None, "no hour that ever comes"),
        (Schedule(LONDON, exceptions=(DayException(date(2026, 12, 25)),)), None, None, "no hour that ever comes"),
        (SATURDAYS, "2026-11-22T00:00", "2026-11-28T00:00", "ends at 2026-11-21T18:00:00Z"),
        (SATURDAYS, "2026-11-22T00:00", "2026-11-28T12:00", "begins at 2026-11-28T12:00:00Z"),
        (
            Schedule(LONDON, match_days=(DatedWindow(date(2026, 3, 7), DailyWindow(time(12), time(18))),)),
            "2026-11-22T00:00",
            None,
            "its last window before ends at 2026-03-07T18:00:00Z",
        ),
        (
            Schedule(LONDON, match_days=(DatedWindow(date(2026, 3, 29), DailyWindow(time(1), time(2))),)),
            None,
            None,
            "no hour that ever comes",
        ),
    ],
)
def test_what_is_wrong_is_said_with_the_nearest_window(
    schedule: Schedule, starts: str | None, ends: str | None, said: str
) -> None:
    problem = never_applies(schedule, utc(starts), utc(ends))
    assert problem is not None
    assert (problem.defect, said in problem.value) == (Defect.NEVER_APPLIES, True), problem
    assert problem.remedy


def test_one_minute_is_enough_and_no_time_at_all_is_a_fault_of_the_dates() -> None:
    assert never_applies(SATURDAYS, utc("2026-11-22T00:00"), utc("2026-11-28T12:01")) is None
    assert never_applies(SATURDAYS, utc("2026-11-28T12:00"), utc("2026-11-28T12:00")) is None
    assert next_window(None, FIRST_US, LAST_US) is not None
