"""Schedules as JSON documents, in and out. A document is taken whole or not at all; nothing is repaired.

    {"time_zone": "Europe/London",
     "weekly": [{"days": ["mon", "tue"], "from": "19:00", "to": "07:00"}],
     "except": [{"date": "2026-12-25"},
                {"date": "2026-12-24", "windows": [{"from": "21:00", "to": "07:00"}]}],
     "bank_holidays": {"division": "england-and-wales", "as": "sun"},
     "match_days": [{"date": "2026-11-28", "from": "12:00", "to": "18:00"}]}

Only ``time_zone`` and a window somewhere are required. ``bank_holidays`` takes either ``as`` or ``windows``, which may
be empty. A ``to`` that is not after its ``from`` is of the next day; 24:00 is the midnight that closes the day.
"""

from datetime import date, time
from typing import Any

from geofence.problems import Defect, ScheduleProblem
from geofence.schedule_fields import Entry, FieldReader
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

SCHEDULE_KEYS = ("time_zone", "weekly", "except", "bank_holidays", "match_days")
WINDOW_KEYS = ("from", "to")
WEEKDAYS = {day.word: day for day in Weekday}
DIVISIONS = {division.value: division for division in Division}


def read_schedule(document: object) -> tuple[Schedule | None, list[ScheduleProblem]]:
    """The schedule and no problem, or None and every problem; ``null`` is no schedule: always in force, no problem."""
    if document is None:
        return None, []
    reader = _ScheduleReader()
    schedule = reader.read(document)
    return (None, reader.problems) if reader.problems else (schedule, [])


def from_stored(document: object) -> Schedule | None:
    """The inverse of ``to_document``; None is no schedule. Raises ValueError for what was never stored as one."""
    schedule, problems = read_schedule(document)
    if problems:
        raise ValueError(f"no stored schedule of a zone: {'; '.join(map(str, problems))}")
    return schedule


def to_document(schedule: Schedule) -> dict[str, Any]:
    """The document that ``read_schedule`` reads as this schedule; what is empty is left out."""
    document = {
        "time_zone": schedule.time_zone,
        "weekly": [
            {"days": [day.word for day in sorted(weekly.days)], **_window_document(weekly.window)}
            for weekly in schedule.weekly
        ],
        "except": [_exception_document(one) for one in schedule.exceptions],
        "bank_holidays": schedule.bank_holidays and _bank_holidays_document(schedule.bank_holidays),
        "match_days": [
            {"date": match.date.isoformat(), **_window_document(match.window)} for match in schedule.match_days
        ],
    }
    return {key: value for key, value in document.items() if value}


def _window_document(window: DailyWindow) -> dict[str, str]:
    ends = "24:00" if window.ends == time() else f"{window.ends:%H:%M}"
    return {"from": f"{window.starts:%H:%M}", "to": ends}


def _exception_document(one: DayException) -> dict[str, Any]:
    document: dict[str, Any] = {"date": one.date.isoformat()}
    return document | {"windows": [_window_document(window) for window in one.windows]} if one.windows else document


def _bank_holidays_document(rule: BankHolidayRule) -> dict[str, Any]:
    if isinstance(rule.instead, Weekday):
        return {"division": rule.division.value, "as": rule.instead.word}
    return {"division": rule.division.value, "windows": [_window_document(window) for window in rule.instead]}


class _ScheduleReader(FieldReader):
    """Reads one document and gathers its problems. A part with a problem is left out of what is returned."""

    def read(self, document: object) -> Schedule | None:
        whole = self.entry("", document, SCHEDULE_KEYS)
        if whole is None:
            return None
        time_zone = self.time_zone(whole)
        weekly = [self._weekly(one, where) for where, one in self.entries(whole, "weekly")]
        exceptions = [self._exception(one, where) for where, one in self.entries(whole, "except")]
        bank_holidays = self._bank_holidays(whole)
        match_days = [self._match_day(one, where) for where, one in self.entries(whole, "match_days")]
        self._dates_differ(exceptions)
        if self.problems:
            return None
        schedule = Schedule(
            time_zone or "",
            tuple(one for one in weekly if one),
            tuple(one for one in exceptions if one),
            bank_holidays,
            tuple(one for one in match_days if one),
        )
        self._has_a_window(schedule)
        return schedule

    def _weekly(self, document: object, where: str) -> WeeklyWindow | None:
        entry = self.entry(where, document, ("days", *WINDOW_KEYS))
        if entry is None:
            return None
        listed = self.entries(entry, "days", required=True)
        days = [self.choice(place, day, WEEKDAYS) for place, day in listed]
        window = self._window(entry)
        return WeeklyWindow(frozenset(day for day in days if day is not None), window) if window else None

    def _exception(self, document: object, where: str) -> DayException | None:
        entry = self.entry(where, document, ("date", "windows"))
        day = entry and self.date(entry)
        windows = self._windows(entry) if entry else ()
        return DayException(day, windows) if day else None

    def _bank_holidays(self, whole: Entry) -> BankHolidayRule | None:
        if whole.get("bank_holidays") is None:
            return None
        where = "bank_holidays"
        entry = self.entry(where, whole.get(where), ("division", "as", "windows"))
        if entry is None:
            return None
        division = self.choice(f"{where}.division", entry.get("division"), DIVISIONS)
        if (entry.get("as") is None) == (entry.get("windows") is None):
            both = "as and windows" if entry.get("windows") is not None else "neither as nor windows"
            remedy = 'give as: a weekday such as "sun", or windows: a list of from and to, empty where none begins'
            self.add(where, Defect.UNKNOWN_CHOICE, both, remedy)
            return None
        if entry.get("windows") is not None:
            instead: Weekday | tuple[DailyWindow, ...] | None = self._windows(entry)
        else:
            instead = self.choice(f"{where}.as", entry.get("as"), WEEKDAYS)
        return None if division is None or instead is None else BankHolidayRule(division, instead)

    def _match_day(self, document: object, where: str) -> DatedWindow | None:
        entry = self.entry(where, document, ("date", *WINDOW_KEYS))
        if entry is None:
            return None
        day, window = self.date(entry), self._window(entry)
        return DatedWindow(day, window) if day and window else None

    def _windows(self, entry: Entry) -> tuple[DailyWindow, ...]:
        read = [self._daily_window(one, where) for where, one in self.entries(entry, "windows")]
        return tuple(window for window in read if window)

    def _daily_window(self, document: object, where: str) -> DailyWindow | None:
        entry = self.entry(where, document, WINDOW_KEYS)
        return self._window(entry) if entry else None

    def _window(self, entry: Entry) -> DailyWindow | None:
        starts, ends = self.time_of_day(entry, "from"), self.time_of_day(entry, "to")
        if starts is None or ends is None:
            return None
        if entry.get("from") == entry.get("to"):
            remedy = "give a to that differs from its from; a whole day is 00:00 to 24:00"
            self.add(entry.where, Defect.EMPTY_WINDOW, f"from {starts:%H:%M} to {ends:%H:%M}", remedy)
            return None
        return DailyWindow(starts, ends)

    def _dates_differ(self, exceptions: list[DayException | None]) -> None:
        first: dict[date, int] = {}
        for at, one in enumerate(exceptions):
            if one and first.setdefault(one.date, at) != at:
                value = f"{one.date}, as in except[{first[one.date]}]"
                self.add(f"except[{at}].date", Defect.DUPLICATE_DATE, value, "give a date once, with all its windows")

    def _has_a_window(self, schedule: Schedule) -> None:
        """Neither reading of a schedule without windows is safe to guess: always in force, or never."""
        instead = schedule.bank_holidays.instead if schedule.bank_holidays else ()
        own = () if isinstance(instead, Weekday) else instead
        if not (schedule.weekly or schedule.match_days or own or any(one.windows for one in schedule.exceptions)):
            remedy = "give a window in weekly or match_days, or leave the schedule out for a zone always in force"
            self.add("", Defect.NO_WINDOW, "no window", remedy)
