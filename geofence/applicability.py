"""Whether a schedule ever applies between two dates: one that never does protects nobody, and nobody would notice."""

from datetime import UTC, datetime
from functools import lru_cache

from geofence.problems import Defect, PropertyProblem
from geofence.schedules import FIRST_US, LAST_US, Interval, windows
from model.schedules import Schedule
from model.times import DAY_US, from_microseconds, microseconds_or_none

FIRST_LOOK_US = 8 * DAY_US  # a weekly window is found at once; each further look goes twice as far


def next_window(schedule: Schedule | None, from_us: int, until_us: int) -> Interval | None:
    """The first interval in force within ``[from_us, until_us)``, cut there; None where there is none.

    Times are microseconds since 1970 UTC, within 1970 to 2199. It may be cut at its end, too.
    """
    reach_us = FIRST_LOOK_US
    while from_us < until_us:
        limit_us = min(from_us + reach_us, until_us)
        found = windows(schedule, from_us, limit_us)
        if found:
            return found[0]
        from_us, reach_us = limit_us, 2 * reach_us
    return None


def last_window(schedule: Schedule | None, from_us: int, until_us: int) -> Interval | None:
    """The last one, likewise."""
    reach_us = FIRST_LOOK_US
    while from_us < until_us:
        limit_us = max(until_us - reach_us, from_us)
        found = windows(schedule, limit_us, until_us)
        if found:
            return found[-1]
        until_us, reach_us = limit_us, 2 * reach_us
    return None


@lru_cache(maxsize=4096)  # a file has the same hours and dates many times over
def never_applies(schedule: Schedule, starts: datetime | None, ends: datetime | None) -> PropertyProblem | None:
    """What is wrong where ``schedule`` is in force at no time from ``starts`` until ``ends``; None where it is.

    Aware times; None is an open end. The problem names the nearest windows outside, so that whoever wrote the schedule
    sees whether the dates or the windows are wrong.
    """
    from_us = max(FIRST_US, microseconds_or_none(starts) or FIRST_US)
    until_us = min(LAST_US, microseconds_or_none(ends) or LAST_US)
    if from_us >= until_us or next_window(schedule, from_us, until_us):
        return None  # no time at all is a fault of the dates, which is named as such
    before, after = last_window(schedule, FIRST_US, from_us), next_window(schedule, until_us, LAST_US)
    if before is None and after is None:
        return PropertyProblem("", Defect.NEVER_APPLIES, "it has no hour that ever comes", "give windows that come")
    nearest = [f"its last window before ends at {_shown(before[1])}"] if before else []
    nearest += [f"its first window after begins at {_shown(after[0])}"] if after else []
    return PropertyProblem(
        "",
        Defect.NEVER_APPLIES,
        f"it never applies {_between(starts, ends)}: {', '.join(nearest)}",
        "change the windows or the dates so that at least one window falls between them",
    )


def _between(starts: datetime | None, ends: datetime | None) -> str:
    parts = [f"from {_utc(starts)}"] if starts else []
    parts += [f"until {_utc(ends)}"] if ends else []
    return " ".join(parts) or "at all"


def _shown(moment_us: int) -> str:
    return _utc(from_microseconds(moment_us))


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
