"""Crime scenes that positions may still meet: an R-tree over the plane of metres, with time as its third dimension."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from rtree.index import Index, Property

from geofence.arrays import spans
from geofence.columns import Booleans, Floats, Integers
from model.times import SECOND_US

BULK_FROM = 64
"""So many new boxes, and no fewer than there are already, are loaded in bulk: one insert costs 35 µs."""

DIMENSIONS = 3
TILE = (1000.0, 1000.0, 600.0)
"""Metres east and north, and seconds, in which boxes that are asked for are taken together."""

Corner = tuple[float, float, float]
"""Metres east and north of the deployment's centre, and seconds since 1970 UTC."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """``n`` stretches of space and time; arrays of the shape ``(n,)``. Every bound belongs to its box."""

    west_m: Floats  # on the deployment's plane, as the next three
    south_m: Floats
    east_m: Floats
    north_m: Floats
    from_us: Integers
    to_us: Integers

    def __len__(self) -> int:
        return len(self.from_us)

    def take(self, index: Integers | Booleans) -> Self:
        return type(self)(
            self.west_m[index],
            self.south_m[index],
            self.east_m[index],
            self.north_m[index],
            self.from_us[index],
            self.to_us[index],
        )

    def corners(self) -> tuple[Floats, Floats]:
        """(least, greatest) corners, shape (n, 3), times in whole seconds rounded outwards.

        A double holds those exactly, and of microseconds and metres together the tree would split by time alone.
        """
        from_s, to_s = self.from_us // SECOND_US, -(-self.to_us // SECOND_US)
        return (
            np.column_stack([self.west_m, self.south_m, from_s]).astype(np.float64),
            np.column_stack([self.east_m, self.north_m, to_s]).astype(np.float64),
        )


@dataclass(frozen=True, slots=True)
class _Held:
    """All boxes as columns; made anew after a change."""

    ids: Integers  # (m,), ascending
    least: Floats  # (m, 3)
    greatest: Floats
    busy: tuple[Floats, Floats]  # starts and ends of the times that have a scene, in seconds: disjoint, ascending


class SceneIndex:
    """Boxes by an identifier. A delete needs the very box that was inserted (any other does nothing, silently), so the
    boxes are kept here.
    """

    def __init__(self) -> None:
        self._index = _tree()
        self._corners: dict[int, tuple[Corner, Corner]] = {}
        self._columns: _Held | None = None

    def __len__(self) -> int:
        return len(self._corners)

    def put(self, ids: Iterable[int], boxes: Boxes) -> None:
        """Hold ``boxes``, which are finite, each in place of the one with the same identifier."""
        least, greatest = boxes.corners()
        corners = {
            one: (tuple(low), tuple(high))
            for one, low, high in zip(ids, least.tolist(), greatest.tolist(), strict=True)
        }
        self.drop(corners.keys() & self._corners.keys())
        existing = len(self._corners)
        self._corners.update(corners)
        self._columns = None
        if len(corners) >= max(BULK_FROM, existing):
            self._load_in_bulk()
            return
        for one, (low, high) in corners.items():
            self._index.insert(one, (*low, *high))

    def drop(self, ids: Iterable[int]) -> None:
        """Forget these, where they are held."""
        for one in ids:
            found = self._corners.pop(one, None)
            if found is not None:
                low, high = found
                self._index.delete(one, (*low, *high))
                self._columns = None

    def drop_before(self, moment_us: int) -> None:
        """Forget those whose time was over before ``moment_us``."""
        second = moment_us // SECOND_US
        self.drop([one for one, (_, high) in self._corners.items() if high[-1] < second])

    def pairs(self, boxes: Boxes) -> tuple[Integers, Integers]:
        """Each of ``boxes``, shape (n,), with each box that it meets or touches: ``(place, identifier)``, by place.

        One that is not finite meets nothing. Boxes that begin near each other are asked for together, and only what
        their hull meets is held against each of them: that takes a fifth of the time of asking one by one.
        """
        asked = np.flatnonzero(self.in_time(boxes.from_us, boxes.to_us) & _finite(boxes))
        if not len(asked):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        least, greatest = boxes.take(asked).corners()
        order, starts = _tiles(least)
        asked, least, greatest = asked[order], least[order], greatest[order]
        ids, counts = self._index.intersection_v(
            np.minimum.reduceat(least, starts), np.maximum.reduceat(greatest, starts)
        )
        tile = np.repeat(np.arange(len(starts)), counts.astype(np.int64))
        hit, box = spans(starts[tile], np.diff(starts, append=len(asked))[tile])
        held = self._held()
        row = np.searchsorted(held.ids, ids)[hit]
        met = np.ones(len(hit), np.bool_)
        for axis in range(DIMENSIONS):
            met &= least[box, axis] <= held.greatest[row, axis]
            met &= held.least[row, axis] <= greatest[box, axis]
        place, found = asked[box[met]], ids[hit[met]]
        by_place = np.argsort(place, kind="stable")
        return place[by_place], found[by_place]

    def meets(self, boxes: Boxes) -> Booleans:
        """Which of ``boxes``, shape (n,), meet any that is held."""
        met = np.zeros(len(boxes), np.bool_)
        met[self.pairs(boxes)[0]] = True
        return met

    def in_time(self, from_us: Integers, to_us: Integers) -> Booleans:
        """Which stretches of time, shapes (n,), have any of the boxes in them, wherever it is."""
        if not self._corners:
            return np.zeros(len(from_us), np.bool_)
        starts, ends = self._held().busy
        first = np.searchsorted(ends, from_us // SECOND_US)  # the first that is not over by then
        begun = starts[np.minimum(first, len(starts) - 1)] <= -(-to_us // SECOND_US)
        return np.asarray((first < len(starts)) & begun)

    def _held(self) -> "_Held":
        if self._columns is None:
            ids = np.sort(np.fromiter(self._corners, np.int64, count=len(self._corners)))
            corners = np.array([self._corners[one] for one in ids.tolist()])
            self._columns = _Held(ids, corners[:, 0], corners[:, 1], _joined(corners[:, 0, -1], corners[:, 1, -1]))
        return self._columns

    def _load_in_bulk(self) -> None:
        ids = np.fromiter(self._corners, np.int64, count=len(self._corners))
        both = np.array(list(self._corners.values()))
        self._index = Index((ids, both[:, 0], both[:, 1]), properties=Property(dimension=DIMENSIONS))


def _tiles(least: Floats) -> tuple[Integers, Integers]:
    """An order in which corners, shape (n, 3), near each other follow each other, and where each lot begins."""
    tile = np.floor(least / TILE).astype(np.int64)
    order = np.lexsort(tile.T)
    is_new = np.any(np.diff(tile[order], axis=0) != 0, axis=1)
    return order, np.flatnonzero(np.concatenate([[True], is_new]))


def _joined(starts: Floats, ends: Floats) -> tuple[Floats, Floats]:
    """The stretches that stretches of time cover together."""
    order = np.argsort(starts)
    starts, reached = starts[order], np.maximum.accumulate(ends[order])
    begins = np.flatnonzero(np.concatenate([[True], starts[1:] > reached[:-1]]))
    return starts[begins], reached[np.append(begins[1:], len(reached)) - 1]


def _tree() -> Any:  # rtree declares its types, but not those of intersection_v
    return Index(properties=Property(dimension=DIMENSIONS))


def _finite(boxes: Boxes) -> Booleans:
    """The R-tree answers a NaN query with every box it has."""
    return (
        np.isfinite(boxes.west_m) & np.isfinite(boxes.south_m) & np.isfinite(boxes.east_m) & np.isfinite(boxes.north_m)
    )
