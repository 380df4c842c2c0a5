"""What is noted of tracks as they arrive, so that a search finds whoever may have been near a place (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from crimes.reach import COARSE_M, fast_since, usable
from geofence.columns import Earlier, Floats, Integers, Points, PositionRows
from geofence.confidence import effective_accuracy_m
from geofence.grid import cells
from model.crimes import SHORT_GAP_US
from model.devices import NEVER_US
from model.enums import Mechanism
from model.times import SECOND_US

HOUR_US = 3600 * SECOND_US


@dataclass(frozen=True, slots=True)
class TrackGaps:
    """Gaps between usable positions of a device; arrays of the shape ``(n,)``.

    ``from_us`` is NEVER_US, and the place NaN, where no usable position went before; the place where it ends is NaN
    while no usable one has followed.
    """

    device_id: Integers
    from_us: Integers
    until_us: Integers
    from_lat: Floats
    from_lon: Floats
    from_accuracy_m: Floats  # of the 95 % circle reckoned with
    until_lat: Floats
    until_lon: Floats
    until_accuracy_m: Floats

    def __len__(self) -> int:
        return len(self.device_id)

    @classmethod
    def none(cls) -> Self:
        none, nowhere = np.zeros(0, np.int64), np.zeros(0)
        return cls(none, none, none, nowhere, nowhere, nowhere, nowhere, nowhere, nowhere)

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """The gaps of all parts, one after the other; at least one part."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


@dataclass(frozen=True, slots=True)
class TrackCells:
    """In which cell (geofence/grid.py) a device was in which hour since 1970; arrays of the shape ``(n,)``."""

    cell: Integers
    hour: Integers
    device_id: Integers

    def __len__(self) -> int:
        return len(self.device_id)

    @classmethod
    def none(cls) -> Self:
        return cls(*(np.zeros(0, np.int64) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class UsableBefore:
    """The usable position before each newer one, shape (n,), and the newest of each device, shape (k,)."""

    before: Earlier
    newest: Earlier


def usable_before(slot: Integers, rows: PositionRows, points: Points, last_usable: Earlier) -> UsableBefore:
    """Of positions sorted by device and time; ``last_usable``, by slot, is what went before the batch."""
    count = len(slot)
    begins = np.diff(slot, prepend=-1) != 0
    first = np.maximum.accumulate(np.where(begins, np.arange(count), 0))
    newest = np.maximum.accumulate(np.where(usable(rows.fixes), np.arange(count), -1))
    before = np.where(begins, -1, np.concatenate([[-1], newest[:-1]])[:count])
    fixes = rows.fixes
    here, theirs = Earlier(points, fixes.fix_time_us, fixes.accuracy_m, fixes.mechanism), last_usable.take(slot)
    ends = np.flatnonzero(np.diff(slot, append=-1) != 0)
    return UsableBefore(
        here.take(np.maximum(before, 0)).or_else(theirs, before < first),
        here.take(np.maximum(newest, 0)).or_else(theirs, newest < first).take(ends),
    )


def gaps_of(slot: Integers, rows: PositionRows, before: Earlier) -> TrackGaps:
    """The gaps that newer positions, sorted by device and time, have ended, or made longer without ending them.

    ``before`` is the usable position before each. A way faster than NOTED_SPEED_MPS counts as a gap, however short.
    """
    fixes, pins_down = rows.fixes, usable(rows.fixes)
    since_us = before.fix_time_us
    is_long = (since_us == NEVER_US) | (fixes.fix_time_us - since_us > SHORT_GAP_US)
    # an unusable one says so only where it is the newest in its gap
    goes_on = np.concatenate([(slot[1:] == slot[:-1]) & (since_us[1:] == since_us[:-1]), [False]])[: len(slot)]
    noted = np.flatnonzero(np.where(pins_down, is_long | fast_since(fixes, before), is_long & ~goes_on))
    started = since_us[noted] != NEVER_US
    from_accuracy_m = effective_accuracy_m(
        before.accuracy_m[noted], np.where(started, before.mechanism[noted], Mechanism.GPS)
    )
    until_accuracy_m = effective_accuracy_m(fixes.accuracy_m[noted], fixes.mechanism[noted])
    ended = pins_down[noted]
    return TrackGaps(
        device_id=rows.device_id[noted],
        from_us=since_us[noted],
        until_us=fixes.fix_time_us[noted],
        from_lat=before.points.lat[noted],
        from_lon=before.points.lon[noted],
        from_accuracy_m=np.where(started, from_accuracy_m, np.nan),
        until_lat=np.where(ended, fixes.lat[noted], np.nan),
        until_lon=np.where(ended, fixes.lon[noted], np.nan),
        until_accuracy_m=np.where(ended, until_accuracy_m, np.nan),
    )


def coarse_of(rows: PositionRows) -> TrackGaps:
    """Positions with circles larger than COARSE_M, as gaps of a microsecond, as none is that begins there."""
    accuracy_m = effective_accuracy_m(rows.fixes.accuracy_m, rows.fixes.mechanism)
    coarse = rows.take(accuracy_m > COARSE_M)
    fixes, accuracy_m = coarse.fixes, accuracy_m[accuracy_m > COARSE_M]
    place = (fixes.lat, fixes.lon, accuracy_m)
    return TrackGaps(coarse.device_id, fixes.fix_time_us - 1, fixes.fix_time_us, *place, *place)


def cells_of(newer: PositionRows, before: Earlier, late: PositionRows) -> TrackCells:
    """Where the devices were, but for what the position before each newer one has noted already."""
    ours = _cell_hours(newer.fixes.lat, newer.fixes.lon, newer.fixes.fix_time_us)
    there = before.fix_time_us != NEVER_US
    lat, lon = (np.where(there, one, 0.0) for one in (before.points.lat, before.points.lon))
    fresh = ~there | (ours != _cell_hours(lat, lon, before.fix_time_us)).any(axis=1)
    later = _cell_hours(late.fixes.lat, late.fixes.lon, late.fixes.fix_time_us)
    device = np.concatenate([newer.device_id[fresh], late.device_id])
    noted = np.unique(np.column_stack([np.concatenate([ours[fresh], later]), device]), axis=0)
    return TrackCells(noted[:, 0], noted[:, 1], noted[:, 2])


def _cell_hours(lat: Floats, lon: Floats, time_us: Integers) -> Integers:
    """Shape (n, 2)."""
    return np.column_stack([cells(lat, lon), time_us // HOUR_US])
