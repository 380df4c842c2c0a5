"""The stored positions of wearers about the time of a scene: from a usable one before it to a usable one after it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from crimes.reach import usable
from geofence.arrays import spans
from geofence.columns import NOT_GIVEN, Booleans, Fixes, Integers, PositionRows
from model.crimes import SHORT_GAP_US
from model.devices import FOREVER_US, NEVER_US
from model.times import DAY_US, from_microseconds
from store.copied_out import TIMESTAMP, Table, copy_out
from store.database import Cursor
from store.wearings import Wearings

LOOK_FAR_US = 30 * DAY_US
"""How long before and after the window a usable position is looked for; without any, the track has an open end."""

LOOKS_US = (DAY_US // 8, LOOK_FAR_US)
"""Most gaps are short, and to look far costs a look into every chunk."""

AT_EACH_END = 2
"""Usable positions that are wanted before the window, and after it: by one alone nobody knows that it is no outlier."""

_SPANS = (
    "(SELECT pair, device_id, 'epoch'::timestamptz + from_us * interval '1 microsecond' AS from_time,"
    "  'epoch'::timestamptz + until_us * interval '1 microsecond' AS until_time"
    " FROM unnest(%(pair)s::integer[], %(device_id)s::integer[], %(from_us)s::bigint[], %(until_us)s::bigint[])"
    " AS given (pair, device_id, from_us, until_us)) span"
)
_IN_SPAN = (
    # the bounds of all stretches, which are constants, leave the other chunks out of the plan
    "position.device_id = span.device_id AND fix_time >= span.from_time AND fix_time < span.until_time"
    " AND fix_time >= %(first)s AND fix_time < %(last)s"
)
_COLUMNS = {  # those that matching goes by; each costs a tenth of the time
    "pair": ("pair", "integer"),
    "device_id": ("position.device_id", "integer"),
    "fix_time": ("fix_time", TIMESTAMP),
    "fix_key": ("fix_key", "bigint"),
    "received_at": ("received_at", TIMESTAMP),
    "lat": ("lat", "float8"),
    "lon": ("lon", "float8"),
    "accuracy_m": ("coalesce(accuracy_m, 'NaN')", "real"),
    "mechanism": ("mechanism", "smallint"),
    "speed_mps": ("coalesce(speed_mps, 'NaN')", "real"),
    "heading_deg": ("coalesce(heading_deg, 'NaN')", "real"),
    "battery_pct": ("coalesce(battery_pct, 'NaN')", "real"),
    "flags": ("flags", "smallint"),
}


@dataclass(frozen=True, slots=True)
class Pairs:
    """A person and the hull of a scene's padded windows; arrays of the shape ``(p,)``, microseconds, both ends in."""

    scene: Integers  # place in the list of scenes
    person: Integers
    from_us: Integers
    to_us: Integers

    def __len__(self) -> int:
        return len(self.scene)

    def take(self, index: Integers | Booleans) -> Self:
        return type(self)(*(getattr(self, field.name)[index] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Tracks:
    """Positions in the order of pairs, fix times and keys: those of pair ``i`` are rows ``start[i]:start[i + 1]``."""

    start: Integers  # (p + 1,)
    rows: PositionRows

    @property
    def pair(self) -> Integers:
        """Of each row."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    def take_pairs(self, index: Integers) -> Self:
        """The tracks of some pairs, in the order of ``index``."""
        if np.array_equal(index, np.arange(len(self.start) - 1)):
            return self
        counts = np.diff(self.start)[index]
        _, places = spans(self.start[:-1][index], counts)
        return type(self)(np.concatenate([[0], np.cumsum(counts)]), self.rows.take(places))


@dataclass(frozen=True, slots=True)
class _Stretches:
    """Stretches ``[from_us, until_us)`` of devices; arrays of the shape ``(k,)``."""

    pair: Integers
    device_id: Integers
    from_us: Integers
    until_us: Integers

    def __len__(self) -> int:
        return len(self.pair)

    def parameters(self) -> dict[str, object]:
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        bounds = {
            "first": from_microseconds(int(self.from_us.min())),
            "last": from_microseconds(int(self.until_us.max())),
        }
        return {name: column.tolist() for name, column in named.items()} | bounds


def read_about(cursor: Cursor, pairs: Pairs, wearings: Wearings) -> Tracks:
    """What each person's devices stored in the window, and SHORT_GAP_S before and after it."""
    stretches = _stretches(wearings, pairs, pairs.from_us - SHORT_GAP_US, pairs.to_us + SHORT_GAP_US + 1)
    return _tracks(len(pairs), *_read(cursor, stretches))


def complete(cursor: Cursor, pairs: Pairs, wearings: Wearings, tracks: Tracks) -> Tracks:
    """With the last usable positions before the window, the first after it, and what lies between, where they are far.

    ``tracks`` is what ``read_about`` found of these pairs.
    """
    earlier = _earlier_stretches(cursor, pairs, wearings, ~_have_usable(pairs, tracks, before=True))
    later = _later_stretches(cursor, pairs, wearings, ~_have_usable(pairs, tracks, before=False))
    far = [part for part in (_read(cursor, earlier), _read(cursor, later)) if len(part[0])]
    if not far:
        return tracks
    parts = [(tracks.pair, tracks.rows), *far]
    return _tracks(len(pairs), np.concatenate([pair for pair, _ in parts]), _joined([rows for _, rows in parts]))


def _have_usable(pairs: Pairs, tracks: Tracks, *, before: bool) -> Booleans:
    """Whether tracks have AT_EACH_END usable positions at or before the window's beginning, or at or after its end."""
    pair, time_us = tracks.pair, tracks.rows.fixes.fix_time_us
    outside = time_us <= pairs.from_us[pair] if before else time_us >= pairs.to_us[pair]
    return np.bincount(pair[outside & usable(tracks.rows.fixes)], minlength=len(pairs)) >= AT_EACH_END


def _earlier_stretches(cursor: Cursor, pairs: Pairs, wearings: Wearings, wanted: Booleans) -> _Stretches:
    until_us, found = pairs.from_us - SHORT_GAP_US, _Farthest.none(len(pairs))
    for look_us in LOOKS_US:
        from_us = np.where(wanted & ~found.is_enough, pairs.from_us - look_us, FOREVER_US)
        pair, time_us = _usable_times(cursor, _stretches(wearings, pairs, from_us, until_us), "DESC")
        found.take_in(pair, -time_us)
    return _stretches(wearings, pairs, np.where(found.is_any, -found.away_us, FOREVER_US), until_us)


def _later_stretches(cursor: Cursor, pairs: Pairs, wearings: Wearings, wanted: Booleans) -> _Stretches:
    from_us, found = pairs.to_us + SHORT_GAP_US + 1, _Farthest.none(len(pairs))
    for look_us in LOOKS_US:
        until_us = np.where(wanted & ~found.is_enough, pairs.to_us + look_us, NEVER_US)
        found.take_in(*_usable_times(cursor, _stretches(wearings, pairs, from_us, until_us), "ASC"))
    return _stretches(wearings, pairs, from_us, np.where(found.is_any, found.away_us + 1, NEVER_US))


@dataclass(slots=True)
class _Farthest:
    """Of each pair the farthest of the AT_EACH_END usable positions nearest to the window; arrays of the shape (p,)."""

    away_us: Integers  # on an axis that leads away from the window
    is_any: Booleans
    is_enough: Booleans

    @classmethod
    def none(cls, count: int) -> Self:
        return cls(np.zeros(count, np.int64), np.zeros(count, np.bool_), np.zeros(count, np.bool_))

    def take_in(self, pair: Integers, away_us: Integers) -> None:
        """What another look found: of a pair all that the looks before it did, too, or nothing."""
        order = np.lexsort((away_us, pair))
        pair, away_us = pair[order], away_us[order]
        place = np.arange(len(pair)) - np.searchsorted(pair, pair)
        nearest = place < AT_EACH_END
        self.away_us[pair[nearest]] = away_us[nearest]  # the farthest of them is written last
        self.is_any[pair] = True
        self.is_enough[pair[place == AT_EACH_END - 1]] = True


def _stretches(wearings: Wearings, pairs: Pairs, from_us: Integers, until_us: Integers) -> _Stretches:
    """What each pair's person wore in ``[from_us, until_us)``, shapes (p,)."""
    first = np.searchsorted(wearings.person, pairs.person, "left")
    pair, worn = spans(first, np.searchsorted(wearings.person, pairs.person, "right") - first)
    stretches = _Stretches(
        pair,
        wearings.device[worn],
        np.maximum(from_us[pair], wearings.from_us[worn]),
        np.minimum(until_us[pair], wearings.until_us[worn]),
    )
    some = stretches.from_us < stretches.until_us
    return _Stretches(*(getattr(stretches, field.name)[some] for field in fields(stretches)))


def _usable_times(cursor: Cursor, stretches: _Stretches, order: str) -> tuple[Integers, Integers]:
    """(pair, time) of the first AT_EACH_END usable positions of each span, from its end if ``order`` is DESC."""
    if len(stretches) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    table = copy_out(
        cursor,
        f"SELECT pair, fix_time FROM {_SPANS} CROSS JOIN LATERAL (SELECT fix_time FROM positions position"  # noqa: S608  names of this file
        f" WHERE {_IN_SPAN} AND is_usable(accuracy_m, mechanism, fix_time, received_at)"
        f" ORDER BY fix_time {order} LIMIT {AT_EACH_END}) found",
        stretches.parameters(),
        {"pair": "integer", "fix_time": TIMESTAMP},
    )
    return table.integers("pair"), table.integers("fix_time")


def _read(cursor: Cursor, stretches: _Stretches) -> tuple[Integers, PositionRows]:
    if len(stretches) == 0:
        return np.zeros(0, np.int64), no_rows()
    selected = ", ".join(expression for expression, _ in _COLUMNS.values())
    table = copy_out(
        cursor,
        # OFFSET 0 keeps the planner to the index of devices, span by span
        f"SELECT pair, found.* FROM {_SPANS} CROSS JOIN LATERAL (SELECT {selected.removeprefix('pair, ')}"  # noqa: S608  names of this file
        f" FROM positions position WHERE {_IN_SPAN} OFFSET 0) found",
        stretches.parameters(),
        {name: kind for name, (_, kind) in _COLUMNS.items()},
    )
    return table.integers("pair"), _position_rows(table)


def _position_rows(table: Table) -> PositionRows:
    count = len(table.integers("pair"))
    not_read = np.full(count, NOT_GIVEN)
    return PositionRows(
        fixes=Fixes(
            fix_time_us=table.integers("fix_time"),
            received_us=table.integers("received_at"),
            lat=table.floats("lat"),
            lon=table.floats("lon"),
            accuracy_m=table.floats("accuracy_m"),
            mechanism=table.integers("mechanism"),
            speed_mps=table.floats("speed_mps"),
            heading_deg=table.floats("heading_deg"),
            satellites=not_read,
            hdop=np.full(count, np.nan),
            battery_pct=table.floats("battery_pct"),
            sequence=not_read,
            message_offset=not_read,
        ),
        device_id=table.integers("device_id"),
        fix_key=table.integers("fix_key"),
        flags=table.integers("flags"),
        partition=not_read,
    )


def _tracks(count: int, pair: Integers, rows: PositionRows) -> Tracks:
    start = np.concatenate([[0], np.cumsum(np.bincount(pair, minlength=count))])
    time_us = rows.fixes.fix_time_us
    if ((np.diff(pair) > 0) | ((np.diff(pair) == 0) & (np.diff(time_us) > 0))).all():
        return Tracks(start, rows)  # as the database mostly hands them out
    return Tracks(start, rows.take(np.lexsort((rows.fix_key, time_us, pair))))


def no_rows() -> PositionRows:
    return _position_rows(Table({name: np.zeros(0) for name in _COLUMNS}))


def joined_tracks(parts: Sequence[Tracks]) -> Tracks:
    """The pairs of all parts, one after the other; at least one part."""
    counts = np.concatenate([np.diff(part.start) for part in parts])
    return Tracks(np.concatenate([[0], np.cumsum(counts)]), _joined([part.rows for part in parts]))


def _joined(parts: Sequence[PositionRows]) -> PositionRows:
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("device_id", "fix_key", "flags", "partition")
    }
    return PositionRows(fixes=Fixes.concatenate([part.fixes for part in parts]), **columns)
