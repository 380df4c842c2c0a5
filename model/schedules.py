"""Schedules: when a condition is in force, by the wall clock of an IANA time zone."""

from dataclasses import dataclass
from datetime import date, time
from enum import IntEnum, StrEnum


class Weekday(IntEnum):
    """The days of the week, numbered as ``date.weekday`` numbers them."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6

    @property
    def word(self) -> str:
        """As documents write it: ``mon`` to ``sun``."""
        return self.name[:3].lower()


class Division(StrEnum):
    """The parts of the United Kingdom that keep bank holidays of their own, as GOV.UK names them."""

    ENGLAND_AND_WALES = "england-and-wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern-ireland"


@dataclass(frozen=True, slots=True)
class DailyWindow:
    """From one wall-clock time to another, and at most 24 h: the end is left out.

    Where ``ends`` is not after ``starts``, it is a time of the next day; so an end of 00:00 is the midnight that
    closes the day, and 00:00 to 00:00 the whole day. Times are of whole minutes and without a zone.
    """

    starts: time
    ends: time

    @property
    def ends_on_the_next_day(self) -> bool:
        return self.ends <= self.starts


@dataclass(frozen=True, slots=True)
class WeeklyWindow:
    """A window that begins on each of ``days``."""

    days: frozenset[Weekday]
    window: DailyWindow


@dataclass(frozen=True, slots=True)
class DayException:
    """The windows that begin on ``date`` instead of the usual ones; none where ``windows`` is empty."""

    date: date
    windows: tuple[DailyWindow, ...] = ()


@dataclass(frozen=True, slots=True)
class BankHolidayRule:
    """What begins on a bank holiday of ``division``: the windows of a weekday, or these (none where empty)."""

    division: Division
    instead: Weekday | tuple[DailyWindow, ...]


@dataclass(frozen=True, slots=True)
class DatedWindow:
    """A window that begins on ``date``."""

    date: date
    window: DailyWindow


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a condition is in force. A condition without a schedule (``None``) is always in force.

    A window belongs to the local date on which it begins, and so does what is said about a date: an exception of 25
    December leaves the window alone that began on the 24th and ends on the 25th. On each date begin the windows of
    its exception; without one, those of the bank-holiday rule, where there is a rule and the date is a bank holiday;
    else the weekly ones. Match days are added to them on every date. Without any window it is never in force.
    """

    time_zone: str  # a name of the IANA time zone database, such as Europe/London
    weekly: tuple[WeeklyWindow, ...] = ()
    exceptions: tuple[DayException, ...] = ()  # at most one a date
    bank_holidays: BankHolidayRule | None = None  # None: a bank holiday is a day like any other
    match_days: tuple[DatedWindow, ...] = ()
