"""The wall clock of a time zone: which instants it shows a local time at, whole columns at once."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from geofence.columns import Integers
from model.times import EARLIEST, LATEST, SECOND_US, to_microseconds

SECOND = timedelta(seconds=1)
DAY_S = 86_400
MARGIN_S = 10 * DAY_S  # local times about the first and the last instant are asked for, too


@dataclass(frozen=True, slots=True)
class WallClock:
    """A time zone as ``k`` stretches of one offset, from shortly before 1970 to shortly after 2199.

    Stretch ``i`` is the instants ``[since_us[i], until_us[i])``; every array has the shape ``(k,)``. Local times are
    microseconds since 1970-01-01T00:00 by the wall clock. Both answers follow from the stretches alone:

    - a local time that is skipped (clocks go forward) is taken for the end of the gap, as a first and as a last;
    - of a local time that comes twice (clocks go back), the first is before the change and the last after it.
    """

    since_us: Integers
    until_us: Integers
    offset_us: Integers  # local time minus UTC

    def first_at(self, local_us: Integers) -> Integers:
        """For each local time, the first instant at which the clock shows it or a later one."""
        stretch = np.searchsorted(self.until_us + self.offset_us, local_us, side="right")
        first_us: Integers = np.maximum(self.since_us[stretch], local_us - self.offset_us[stretch])
        return first_us

    def last_before(self, local_us: Integers) -> Integers:
        """For each local time, the end of the last instants at which the clock shows an earlier one."""
        stretch = np.searchsorted(self.since_us + self.offset_us, local_us, side="left") - 1
        last_us: Integers = np.minimum(self.until_us[stretch], local_us - self.offset_us[stretch])
        return last_us


@lru_cache(maxsize=64)
def wall_clock(time_zone: str) -> WallClock:
    """The wall clock of an IANA time zone. Raises ``zoneinfo.ZoneInfoNotFoundError`` for an unknown one.

    The offset is asked for once a day: no zone of the database changes it twice within six days in these years.
    """
    zone = ZoneInfo(time_zone)
    first_s = to_microseconds(EARLIEST) // SECOND_US - MARGIN_S
    last_s = to_microseconds(LATEST) // SECOND_US + MARGIN_S
    since_s, offset_s = [first_s], [_offset_s(zone, first_s)]
    for day_s in range(first_s, last_s, DAY_S):
        offset_next_day_s = _offset_s(zone, day_s + DAY_S)
        if offset_next_day_s != offset_s[-1]:
            since_s.append(_change_s(zone, day_s))
            offset_s.append(offset_next_day_s)
    since_us = np.array(since_s, dtype=np.int64) * SECOND_US
    until_us = np.append(since_us[1:], last_s * SECOND_US)
    return WallClock(since_us, until_us, np.array(offset_s, dtype=np.int64) * SECOND_US)


def _change_s(zone: ZoneInfo, day_s: int) -> int:
    """The first second of another offset within the day after ``day_s``."""
    before_s = _offset_s(zone, day_s)
    seconds = range(day_s, day_s + DAY_S + 1)
    return seconds[bisect_left(seconds, True, key=lambda at: _offset_s(zone, at) != before_s)]


def _offset_s(zone: ZoneInfo, instant_s: int) -> int:
    return (datetime.fromtimestamp(instant_s, zone).utcoffset() or timedelta()) // SECOND
