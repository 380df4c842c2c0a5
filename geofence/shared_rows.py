"""The R-tree over shared zones, which have no owner to join on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from rtree.index import Index

from geofence.columns import Floats, Integers, Ways

Box = tuple[float, float, float, float]
"""Degrees: west, south, east, north."""

BULK_FROM = 64
"""So many new boxes, and no fewer than there are already, are loaded in bulk: one insert costs 35 µs."""


class SharedRows:
    """Rows by their box. A delete needs the very box that was inserted (any other does nothing, silently),
    so the boxes are kept here.
    """

    def __init__(self) -> None:
        self._index: Any = Index()  # rtree declares its types, but not those of intersection_v
        self._boxes: dict[int, Box] = {}

    def add(self, rows: Sequence[int], boxes: Sequence[Box]) -> None:
        existing = len(self._boxes)
        self._boxes.update(zip(rows, boxes, strict=True))
        if len(rows) >= max(BULK_FROM, existing):
            self._load_in_bulk()
            return
        for row, box in zip(rows, boxes, strict=True):
            self._index.insert(row, box)

    def drop(self, row: int) -> None:
        self._index.delete(row, self._boxes.pop(row))

    def pairs(self, lon: Floats, lat: Floats) -> tuple[Integers, Integers]:
        """Each position, shape (n,), with each row whose box holds it: ``(position, row)``, by position."""
        # The R-tree answers a NaN query with every box it has.
        somewhere = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        if not self._boxes or not len(somewhere):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        points = np.column_stack([lon[somewhere], lat[somewhere]])
        rows, counts = self._index.intersection_v(points, points)
        return np.repeat(somewhere, counts.astype(np.int64)), rows

    def pairs_on_the_way(self, ways: Ways) -> tuple[Integers, Integers]:
        """Each way, shape (n,) and finite, with each row whose box it may touch: ``(way, row)``, by way."""
        if not self._boxes or not len(ways.west):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        rows, counts = self._index.intersection_v(
            np.column_stack([ways.west, ways.south]), np.column_stack([ways.east, ways.north])
        )
        return np.repeat(np.arange(len(ways.west)), counts.astype(np.int64)), rows

    def _load_in_bulk(self) -> None:
        boxes = np.array(list(self._boxes.values()))
        rows = np.fromiter(self._boxes, np.int64, count=len(self._boxes))
        self._index = Index((rows, boxes[:, :2], boxes[:, 2:]))
