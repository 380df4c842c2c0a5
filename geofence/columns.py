"""A batch of fixes as columns: arrays, not one object a ping."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from model.devices import NEVER_US

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

NOT_GIVEN = -1
"""Stands in an integer column for a value that the ping did not give; NaN does so in a column of floats."""


@dataclass(frozen=True, slots=True)
class Fixes:
    """``n`` fixes; every array has the shape ``(n,)``."""

    fix_time_us: Integers  # microseconds since 1970 UTC
    received_us: Integers  # microseconds since 1970 UTC: the broker's time of the message, never a worker's clock
    lat: Floats  # WGS84 degrees
    lon: Floats
    accuracy_m: Floats  # NaN: not stated
    mechanism: Integers  # model.enums.Mechanism
    speed_mps: Floats  # NaN: not given, as in the columns below
    heading_deg: Floats
    satellites: Integers  # NOT_GIVEN, as in sequence
    hdop: Floats
    battery_pct: Floats
    sequence: Integers
    message_offset: Integers  # offset in the partition of the message that carried the fix

    def __len__(self) -> int:
        return len(self.fix_time_us)

    def take(self, index: Integers | Booleans) -> Self:
        """The fixes at ``index`` (places or a mask), in that order."""
        return type(self)(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """The fixes of all parts, one after the other; at least one part."""
        return cls(
            **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)}
        )


@dataclass(frozen=True, slots=True)
class Points:
    """Where ``n`` positions are, said twice: degrees decide about polygons, metres about circles and distances.

    Every array has the shape ``(n,)``; NaN where there is no such place.
    """

    lon: Floats  # WGS84 degrees, as given
    lat: Floats
    x: Floats  # metres east and north of the deployment's centre
    y: Floats

    def __len__(self) -> int:
        return len(self.lon)

    def take(self, index: Integers | Booleans) -> Self:
        return type(self)(self.lon[index], self.lat[index], self.x[index], self.y[index])


@dataclass(frozen=True, slots=True)
class Ways:
    """The box, in degrees, about each position and the one before it; arrays of the shape ``(n,)``."""

    west: Floats
    south: Floats
    east: Floats
    north: Floats

    def take(self, index: Integers | Booleans) -> Self:
        return type(self)(self.west[index], self.south[index], self.east[index], self.north[index])


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is kept of positions that went before others; arrays of the shape ``(n,)``.

    Where there is none, the place and the accuracy are NaN and the time is NEVER_US.
    """

    points: Points
    fix_time_us: Integers
    accuracy_m: Floats  # NaN: not stated
    mechanism: Integers

    @classmethod
    def none(cls, count: int) -> Self:
        nowhere = Points(*(np.full(count, np.nan) for _ in range(4)))
        return cls(nowhere, np.full(count, NEVER_US), np.full(count, np.nan), np.zeros(count, np.int64))

    def take(self, index: Integers | Booleans) -> Self:
        return type(self)(
            self.points.take(index), self.fix_time_us[index], self.accuracy_m[index], self.mechanism[index]
        )

    def columns(self) -> tuple[Floats | Integers, ...]:
        points = self.points
        return points.lon, points.lat, points.x, points.y, self.fix_time_us, self.accuracy_m, self.mechanism

    def put(self, index: Integers | slice, values: Self) -> None:
        """Write ``values`` at ``index``, in place."""
        for column, given in zip(self.columns(), values.columns(), strict=True):
            column[index] = given

    def or_else(self, other: Self, missing: Booleans) -> Self:
        """``other`` where ``missing``, shape (n,), else this."""
        lon, lat, x, y, fix_time_us, accuracy_m, mechanism = (
            np.where(missing, theirs, ours) for ours, theirs in zip(self.columns(), other.columns(), strict=True)
        )
        return type(self)(Points(lon, lat, x, y), fix_time_us, accuracy_m, mechanism)

    def since(self, start_us: Integers) -> Self:
        """None where the position is older than ``start_us``: it was somebody else's."""
        return self.or_else(type(self).none(len(start_us)), self.fix_time_us < start_us)


@dataclass(frozen=True, slots=True)
class PositionRows:
    """Rows for the table of positions; arrays of the shape ``(n,)``."""

    fixes: Fixes
    device_id: Integers
    fix_key: Integers
    flags: Integers
    partition: Integers

    def __len__(self) -> int:
        return len(self.device_id)

    def take(self, index: Integers | Booleans) -> Self:
        return type(self)(
            self.fixes.take(index), self.device_id[index], self.fix_key[index], self.flags[index], self.partition[index]
        )
