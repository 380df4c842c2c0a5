"""Schedules in plain English, for officers and for the explanation of an alert."""

from collections.abc import Iterable, Sequence
from datetime import date, time

from model.schedules import BankHolidayRule, DailyWindow, DayException, Division, Schedule, Weekday, WeeklyWindow

AT_ALL_TIMES = "at all times"
DIVISIONS = {
    Division.ENGLAND_AND_WALES: "England and Wales",
    Division.SCOTLAND: "Scotland",
    Division.NORTHERN_IRELAND: "Northern Ireland",
}
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)  # not strftime's, which are the machine's language
RUN = 3  # two days that follow each other are named one by one


def words(schedule: Schedule | None) -> str:
    """The whole schedule as one sentence without its full stop."""
    if schedule is None:
        return AT_ALL_TIMES
    weekly = _in_series([_weekly(one) for one in schedule.weekly]) or "on no day of the week"
    matches = [f"{_day(match.date)} {_window(match.window)}" for match in schedule.match_days]
    parts = [
        f"{weekly} ({schedule.time_zone})",
        *_exceptions(schedule.exceptions),
        *([_bank_holidays(schedule.bank_holidays)] if schedule.bank_holidays else []),
        *([f"on match days: {', '.join(matches)}"] if matches else []),
    ]
    if (schedule.exceptions or schedule.bank_holidays) and any(map(_over_midnight, schedule.weekly)):
        parts.append("a window belongs to the day on which it begins")
    return "; ".join(parts)


def _over_midnight(weekly: WeeklyWindow) -> bool:
    return weekly.window.ends_on_the_next_day and weekly.window.ends != time()


def _weekly(weekly: WeeklyWindow) -> str:
    return f"{_days(sorted(weekly.days))} {_window(weekly.window)}"


def _days(days: Sequence[Weekday]) -> str:
    if len(days) == len(Weekday):
        return "every day"
    runs: list[list[Weekday]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    named = [
        name
        for run in runs
        for name in ([f"{_name(run[0])} to {_name(run[-1])}"] if len(run) >= RUN else map(_name, run))
    ]
    return _listed(named)


def _name(day: Weekday) -> str:
    return day.name.capitalize()


def _window(window: DailyWindow) -> str:
    if window == DailyWindow(time(), time()):
        return "all day"
    if window.ends == time():
        return f"{window.starts:%H:%M} to 24:00"
    return f"{window.starts:%H:%M} to {window.ends:%H:%M}" + (" the next day" if window.ends_on_the_next_day else "")


def _exceptions(exceptions: Sequence[DayException]) -> list[str]:
    without = [_day(one.date) for one in exceptions if not one.windows]
    others = [f"on {_day(one.date)} instead {_listed(map(_window, one.windows))}" for one in exceptions if one.windows]
    return [*([f"not on {_listed(without)}"] if without else []), *others]


def _bank_holidays(rule: BankHolidayRule) -> str:
    holidays = f"on bank holidays of {DIVISIONS[rule.division]}"
    if isinstance(rule.instead, Weekday):
        return f"{holidays} as on {_name(rule.instead)}"
    return f"{holidays} instead {_listed(map(_window, rule.instead))}" if rule.instead else f"not {holidays}"


def _day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _listed(names: Iterable[str]) -> str:
    """One, two and three."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _in_series(phrases: Sequence[str]) -> str:
    """Phrases that hold an "and" of their own, so with a comma before the last."""
    return ", and ".join([", ".join(phrases[:-1]), phrases[-1]] if len(phrases) > 1 else phrases)
