"""Office hours and mornings by the wall clock of a service (pure). Bank holidays are those of England and Wales."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from geofence.bank_holidays import bank_holidays
from geofence.wall_clock import wall_clock
from model.casework_rules import OfficeHours
from model.schedules import Division, Weekday
from model.times import EPOCH, MICROSECOND, from_microseconds

DAY = timedelta(days=1)
DAYS_OF_A_YEAR = 366


def is_office_hours(hours: OfficeHours, at: datetime) -> bool:
    """Whether the office is open at ``at``, which is aware; at its last minute's end it is not."""
    local = at.astimezone(ZoneInfo(hours.time_zone))
    return is_working_day(hours, local.date()) and hours.starts <= local.time() < hours.ends


def is_working_day(hours: OfficeHours, day: date) -> bool:
    is_holiday = day in bank_holidays(Division.ENGLAND_AND_WALES, day.year)
    return Weekday(day.weekday()).word in hours.days and not is_holiday


def local_day(hours: OfficeHours, at: datetime) -> date:
    """The date that the wall clock shows at ``at``."""
    return at.astimezone(ZoneInfo(hours.time_zone)).date()


def next_morning(hours: OfficeHours, morning_starts: time, after: datetime) -> datetime:
    """The first instant not before ``after`` at which a morning starts, in UTC.

    A time that the clock skips is taken for the end of the gap; of one that comes twice, the first counts.
    """
    today = local_day(hours, after)
    mornings = (_instant(hours.time_zone, day, morning_starts) for day in (today, today + DAY, today + 2 * DAY))
    return next(morning for morning in mornings if morning >= after)


def next_opening(hours: OfficeHours, after: datetime) -> datetime:
    """The first instant later than ``after`` at which the office opens, in UTC."""
    today = local_day(hours, after)
    days = (today + number * DAY for number in range(DAYS_OF_A_YEAR))
    openings = (_instant(hours.time_zone, day, hours.starts) for day in days if is_working_day(hours, day))
    return next(opening for opening in openings if opening > after)


def _instant(time_zone: str, day: date, at: time) -> datetime:
    local_us = (datetime.combine(day, at, EPOCH.tzinfo) - EPOCH) // MICROSECOND
    return from_microseconds(int(wall_clock(time_zone).first_at(np.array([local_us], dtype=np.int64))[0]))
