"""Zone versions as columns: one row each, rows stable until their version is dropped, then used again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geofence.arrays import Shapes
from geofence.columns import Booleans, Floats, Integers
from geofence.shapes import PlaneCircle, PlaneShape
from model.zones import ZoneVersion

BOX_MARGIN_M = 1e-6
"""Boxes are this much larger than their shape, so that no rounding ever puts a shape outside its box."""

BEGINNING, END = np.iinfo(np.int64).min, np.iinfo(np.int64).max
FIRST_CAPACITY = 64
FREE_CELL = np.nan
"""The box of a row without a version: no comparison with it holds, so nothing is ever found in it."""


@dataclass
class _Columns:
    box: Floats  # (capacity, 4): least x, least y, greatest x, greatest y
    begins_us: Integers
    ends_us: Integers
    circle: Floats  # (capacity, 3): x, y, radius; NaN for polygons
    outline: Shapes  # prepared polygons; None for circles


def _columns(capacity: int) -> _Columns:
    return _Columns(
        box=np.full((capacity, 4), FREE_CELL),
        begins_us=np.full(capacity, END),
        ends_us=np.full(capacity, BEGINNING),
        circle=np.full((capacity, 3), FREE_CELL),
        outline=np.full(capacity, None, object),
    )


class ZoneTable:
    """The versions in memory. Adding is amortised: columns double when they are full."""

    def __init__(self) -> None:
        self._columns = _columns(FIRST_CAPACITY)
        self._versions: list[ZoneVersion | None] = []
        self._free: list[int] = []

    def version(self, row: int) -> ZoneVersion:
        """Raises KeyError for a row that holds none."""
        version = self._versions[row] if 0 <= row < len(self._versions) else None
        if version is None:
            raise KeyError(f"row {row} holds no zone version; rows stay only until apply or forget_people")
        return version

    def box(self, row: int) -> tuple[float, float, float, float]:
        least_x, least_y, greatest_x, greatest_y = self._columns.box[row].tolist()
        return least_x, least_y, greatest_x, greatest_y

    def add(self, versions: Sequence[ZoneVersion], shapes: Sequence[PlaneShape]) -> list[int]:
        """Give each version a row. Returns the rows in the same order."""
        rows = [self._row() for _ in versions]
        for row, version, shape in zip(rows, versions, shapes, strict=True):
            self._write(row, version, shape)
        return rows

    def drop(self, row: int) -> None:
        columns = self._columns
        columns.box[row] = FREE_CELL
        columns.circle[row] = FREE_CELL
        columns.outline[row] = None
        self._versions[row] = None
        self._free.append(row)

    def in_box(self, rows: Integers, x: Floats, y: Floats) -> Booleans:
        """Whether each position may be in its row's shape. NaN never is."""
        box = self._columns.box[rows]
        return (box[:, 0] <= x) & (x <= box[:, 2]) & (box[:, 1] <= y) & (y <= box[:, 3])

    def at_time(self, rows: Integers, fix_time_us: Integers) -> Booleans:
        """Whether each row's version was valid at the fix time, and the fix within the condition's dates."""
        columns = self._columns
        return (columns.begins_us[rows] <= fix_time_us) & (fix_time_us < columns.ends_us[rows])

    def covers(self, rows: Integers, x: Floats, y: Floats) -> Booleans:
        """Whether each position is in its row's shape or on its boundary. Exact; NaN never is."""
        circle = self._columns.circle[rows]
        in_circle = np.hypot(x - circle[:, 0], y - circle[:, 1]) <= circle[:, 2]
        # For a point, "intersects" means inside or on the boundary; "contains" would leave the boundary out.
        in_outline: Booleans = shapely.intersects_xy(self._columns.outline[rows], x, y)
        return in_circle | in_outline

    def depth_m(self, rows: Integers, x: Floats, y: Floats) -> Floats:
        """Signed distance to the boundary in metres, positive inside; the edge of a hole is boundary."""
        circle = self._columns.circle[rows]
        depth = circle[:, 2] - np.hypot(x - circle[:, 0], y - circle[:, 1])
        somewhere = np.isfinite(x) & np.isfinite(y)
        outlined = np.isnan(circle[:, 2]) & somewhere
        outline, x, y = self._columns.outline[rows[outlined]], x[outlined], y[outlined]
        distance = shapely.distance(shapely.boundary(outline), shapely.points(x, y))
        depth[outlined] = np.where(shapely.intersects_xy(outline, x, y), distance, -distance)
        depth[~somewhere] = np.nan
        return depth

    def _row(self) -> int:
        if self._free:
            return self._free.pop()
        self._versions.append(None)
        if len(self._versions) > len(self._columns.box):
            self._grow()
        return len(self._versions) - 1

    def _grow(self) -> None:
        old, self._columns = self._columns, _columns(2 * len(self._columns.box))
        for name, column in vars(old).items():
            getattr(self._columns, name)[: len(column)] = column

    def _write(self, row: int, version: ZoneVersion, shape: PlaneShape) -> None:
        columns = self._columns
        columns.begins_us[row] = max(
            version.valid_from_us, BEGINNING if version.active_from_us is None else version.active_from_us
        )
        columns.ends_us[row] = min(
            END if version.valid_to_us is None else version.valid_to_us,
            END if version.active_to_us is None else version.active_to_us,
        )
        if isinstance(shape, PlaneCircle):
            columns.circle[row] = shape.x, shape.y, shape.radius_m
            box = (
                shape.x - shape.radius_m,
                shape.y - shape.radius_m,
                shape.x + shape.radius_m,
                shape.y + shape.radius_m,
            )
        else:
            columns.outline[row] = shape
            box = shape.bounds
            shapely.prepare(shape)
        columns.box[row] = np.add(box, (-BOX_MARGIN_M, -BOX_MARGIN_M, BOX_MARGIN_M, BOX_MARGIN_M))
        self._versions[row] = version
