"""Times of a police file to instants: by the wall clock of the force's time zone, or with an offset of their own.

Once a year the wall clock shows an hour twice, and once it leaves one out. A time that came twice is two instants, and
both are searched; a time that never was is an error.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import product

from crimes.files.row_errors import Fault
from model.crimes import Window
from model.times import LATEST, SECOND_US, from_microseconds, to_microseconds

EARLIEST_CRIME = datetime(2000, 1, 1, tzinfo=UTC)
"""No tag was worn before it: an earlier date stands for none, or is a slip."""
LONGEST_WINDOW_US = 12 * 3600 * SECOND_US
DIGITS = re.compile(r"[0-9]{14}")
WITH_OFFSET = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as it was given: one instant, or two where the wall clock showed it twice. Microseconds since 1970."""

    instants_us: tuple[int, ...]
    zone: tzinfo  # that it was read by


@dataclass(frozen=True, slots=True)
class Searched:
    """The windows that two times mean, and what has to be said of them."""

    windows: tuple[Window, ...]
    notes: tuple[str, ...]


def moment_of(text: str, zone: tzinfo, *, offsets: bool) -> Moment | Fault:
    """A time ``yyyyMMddHHmmss`` by the clock of ``zone`` or, where ``offsets`` allows it, ISO 8601 with an offset."""
    if DIGITS.fullmatch(text):
        return _by_the_clock(text, zone)
    if offsets and WITH_OFFSET.fullmatch(text):
        return _with_offset(text)
    also = ", or as 2025-01-25T08:30:00Z with an offset" if offsets else ""
    problem = "this is no time" if text else "the time is missing"
    return Fault(problem, f"give it as yyyyMMddHHmmss, 14 digits, such as 20250125083000{also}")


def _by_the_clock(text: str, zone: tzinfo) -> Moment | Fault:
    try:
        local = datetime(  # noqa: DTZ001 - the zone decides below which instants it is
            int(text[:4]), int(text[4:6]), int(text[6:8]), int(text[8:10]), int(text[10:12]), int(text[12:])
        )
    except ValueError:
        return Fault("no calendar or clock shows this time", "give year, month, day, hour, minute and second")
    if zone is UTC:
        return _within_limits(local.replace(tzinfo=UTC), None, UTC)
    first, second = local.replace(tzinfo=zone), local.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before == after or before is None or after is None:
        return _within_limits(first, None, zone)
    if before < after:
        return Fault(
            f"the clocks of {zone} went forward over this time: it never was",
            "give the time that a clock showed, an hour earlier or later; the one who reported it may know",
        )
    return _within_limits(first, second, zone)


def _with_offset(text: str) -> Moment | Fault:
    try:
        moment = datetime.fromisoformat(text)
        return _within_limits(moment, None, moment.tzinfo or UTC)
    except (ValueError, OverflowError):
        return Fault("no calendar or clock shows this time", "give a date, a time and an offset such as Z or +01:00")


def _within_limits(first: datetime, second: datetime | None, zone: tzinfo) -> Moment | Fault:
    if not EARLIEST_CRIME <= first < LATEST:
        return Fault("no tag was worn at this time", "give the time of the crime; a date that stands for none is none")
    instants = (first,) if second is None else (first, second)
    return Moment(tuple(to_microseconds(one) for one in instants), zone)


def searched_windows(start: Moment, end: Moment, margin_us: int) -> Searched | Fault:
    """The windows from ``start`` to ``end``, longer by ``margin_us`` on both sides.

    A moment that came twice is two windows. A stretch is searched over all that it can mean: from the earlier instant
    of its start to the later one of its end. It may last twelve hours; where it can be read in several ways, the
    shortest one counts.
    """
    lengths = [to_us - from_us for from_us, to_us in product(start.instants_us, end.instants_us) if to_us >= from_us]
    if not lengths:
        return Fault("the crime ends before it begins", "give a date_to that is not before date_from")
    length_us = min(lengths) + 2 * margin_us
    if length_us > LONGEST_WINDOW_US:
        return Fault(
            f"the crime's window is {_in_words(length_us)} long",
            f"give one of at most {_in_words(LONGEST_WINDOW_US)}, or report it in parts under references of their own",
        )
    return Searched(_with_margin(_readings(start, end), margin_us), tuple(_notes(start, end, margin_us)))


def _readings(start: Moment, end: Moment) -> tuple[Window, ...]:
    if start.instants_us == end.instants_us:
        return tuple(Window(one_us, one_us) for one_us in start.instants_us)
    return (Window(start.instants_us[0], end.instants_us[-1]),)


def _with_margin(windows: tuple[Window, ...], margin_us: int) -> tuple[Window, ...]:
    """Each of them longer on both sides; one window where they then touch."""
    padded = tuple(window.padded(margin_us) for window in windows)
    if len(padded) > 1 and padded[0].to_us >= padded[1].from_us:
        return (Window(padded[0].from_us, padded[1].to_us),)
    return padded


def _notes(start: Moment, end: Moment, margin_us: int) -> Iterator[str]:
    if len(start.instants_us) > 1:
        yield _came_twice(start)
    if len(end.instants_us) > 1 and end != start:
        yield _came_twice(end)
    if margin_us:
        yield f"The times are uncertain: the window is longer by {_in_words(margin_us)} on both sides."


def _came_twice(moment: Moment) -> str:
    first, second = map(from_microseconds, moment.instants_us)
    local = first.astimezone(moment.zone)
    return (
        f"The clock of {moment.zone} showed {local:%H:%M:%S} twice on {local:%d %B %Y}, at {first:%H:%M:%S} and at "
        f"{second:%H:%M:%S} UTC: both are searched."
    )


def _in_words(length_us: int) -> str:
    minutes, seconds = divmod(-(-length_us // SECOND_US), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{number} {unit}" for number, unit in ((hours, "h"), (minutes, "min"), (seconds, "s")) if number]
    return " ".join(parts) or "0 s"
