"""Zone versions as columns: one row each, rows stable until their version is dropped, then used again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geofence.arrays import Shapes
from geofence.boundaries import boundaries
from geofence.columns import Booleans, Floats, Integers, Points, Ways
from geofence.projection import Projection
from geofence.shapes import METRES_PER_DEGREE, ZoneShapes
from model.enums import Aspect, ZoneKind
from model.policies import PresencePolicy, approach_policy
from model.schedules import Schedule
from model.zones import ZoneVersion

BOX_MARGIN = np.array([-1e-9, -1e-9, 1e-9, 1e-9])
"""Degrees, a tenth of a millimetre: boxes are larger by it, so that no rounding ever puts a shape outside its box."""

BEGINNING, END = np.iinfo(np.int64).min, np.iinfo(np.int64).max
FIRST_CAPACITY = 64
ASPECTS = (Aspect.ZONE, Aspect.BUFFER)
ZONE, BUFFER = range(2)
MEASURES = (
    "for_probability",
    "against_probability",
    "alone_probability",
    "alone_depth_m",
    "leave_alone_m",
    "widened_by_m",
    "crossing_gap_s",
    "crossing_depth_m",
)
COLUMN = {name: place for place, name in enumerate(MEASURES)}
STEEPEST_LAT = 89.0
FREE_CELL = np.nan
"""The box of a row without a version: no comparison with it holds, so nothing is ever found in it."""
EVERYWHERE = (-180.0, -90.0, 180.0, 90.0)
"""The reach of a zone whose absence is watched: a position anywhere is of interest to it."""


@dataclass
class _Columns:
    box: Floats  # (capacity, 4) degrees: west, south, east, north
    reach: Floats  # likewise, with the buffer: what is outside is of no interest to a zone that is clear
    begins_us: Integers
    ends_us: Integers
    circle: Floats  # (capacity, 3) metres: x, y, radius; NaN for polygons
    measures: Floats  # (capacity, aspects, measures): see ``MEASURES``
    zone_id: Integers
    watches_absence: Booleans
    is_curfew: Booleans
    schedule: Integers  # a place in the table's ``schedules``; 0 is none
    outline: Shapes  # lon/lat polygons, prepared when first asked; None for circles
    boundary: Shapes  # the polygons' boundaries in metres; None until a distance is asked: most zones are never entered


def _columns(capacity: int) -> _Columns:
    return _Columns(
        box=np.full((capacity, 4), FREE_CELL),
        reach=np.full((capacity, 4), FREE_CELL),
        begins_us=np.full(capacity, END),
        ends_us=np.full(capacity, BEGINNING),
        circle=np.full((capacity, 3), FREE_CELL),
        measures=np.zeros((capacity, len(ASPECTS), len(MEASURES))),
        zone_id=np.zeros(capacity, np.int64),
        watches_absence=np.zeros(capacity, np.bool_),
        is_curfew=np.zeros(capacity, np.bool_),
        schedule=np.zeros(capacity, np.int64),
        outline=np.full(capacity, None, object),
        boundary=np.full(capacity, None, object),
    )


class ZoneTable:
    """The versions in memory. Adding is amortised: columns double when they are full."""

    def __init__(self) -> None:
        self._columns = _columns(FIRST_CAPACITY)
        self._versions: list[ZoneVersion | None] = []
        self._free: list[int] = []
        self._schedules: dict[Schedule | None, int] = {None: 0}

    def version(self, row: int) -> ZoneVersion:
        """Raises KeyError for a row that holds none."""
        version = self._versions[row] if 0 <= row < len(self._versions) else None
        if version is None:
            raise KeyError(f"row {row} holds no zone version; rows stay only until apply or forget_people")
        return version

    def box(self, row: int) -> tuple[float, float, float, float]:
        west, south, east, north = self._columns.box[row].tolist()
        return west, south, east, north

    def add(self, versions: Sequence[ZoneVersion], shapes: ZoneShapes) -> list[int]:
        """Give each version a row. Returns the rows in the same order."""
        if not versions:
            return []
        rows = self._new_rows(len(versions))
        columns = self._columns
        columns.box[rows] = shapes.box + BOX_MARGIN
        columns.reach[rows] = _reach(versions, columns.box[rows])
        policies: dict[PresencePolicy, int] = {}  # thousands of zones share a few
        policy = [policies.setdefault(one.policy, len(policies)) for one in versions]
        columns.measures[rows] = np.array([_measures(one) for one in policies])[policy]
        columns.zone_id[rows] = [one.zone_id for one in versions]
        columns.watches_absence[rows] = [one.kind.watches_absence for one in versions]
        columns.is_curfew[rows] = [one.kind is ZoneKind.CURFEW for one in versions]
        columns.schedule[rows] = [self._schedules.setdefault(one.schedule, len(self._schedules)) for one in versions]
        columns.circle[rows], columns.outline[rows] = shapes.circle, shapes.outline
        columns.begins_us[rows] = [_begins_us(one) for one in versions]
        columns.ends_us[rows] = [_ends_us(one) for one in versions]
        for row, version in zip(rows, versions, strict=True):
            self._versions[row] = version
        return rows

    def drop(self, row: int) -> None:
        columns = self._columns
        columns.box[row] = columns.reach[row] = FREE_CELL
        columns.circle[row] = FREE_CELL
        columns.outline[row] = columns.boundary[row] = None
        self._versions[row] = None
        self._free.append(row)

    def in_box(self, rows: Integers, lon: Floats, lat: Floats) -> Booleans:
        """Whether each position may be in its row's shape. NaN never is."""
        box = self._columns.box[rows]
        return (box[:, 0] <= lon) & (lon <= box[:, 2]) & (box[:, 1] <= lat) & (lat <= box[:, 3])

    def in_reach(self, rows: Integers, ways: Ways) -> Booleans:
        """Whether each way (a position and the one before it) may touch its row's shape or buffer. NaN never does."""
        return _overlap(self._columns.reach[rows], ways)

    def in_box_on_the_way(self, rows: Integers, ways: Ways) -> Booleans:
        """Whether each way may touch its row's shape, without its buffer. NaN never does."""
        return _overlap(self._columns.box[rows], ways)

    def reach(self, row: int) -> tuple[float, float, float, float]:
        west, south, east, north = self._columns.reach[row].tolist()
        return west, south, east, north

    def measures(self, rows: Integers, aspect: Integers | int) -> Floats:
        """What each row's policy for the aspect (a place in ``ASPECTS``) measures by, shape ``(k, len(MEASURES))``."""
        return np.asarray(self._columns.measures[rows, aspect])

    def zone_id(self, rows: Integers) -> Integers:
        return np.asarray(self._columns.zone_id[rows])

    def watches_absence(self, rows: Integers) -> Booleans:
        return np.asarray(self._columns.watches_absence[rows])

    def is_curfew(self, rows: Integers) -> Booleans:
        return np.asarray(self._columns.is_curfew[rows])

    def schedule(self, rows: Integers) -> Integers:
        """The place of each row's schedule in ``schedules``, 0 where it has none: zones share a few."""
        return np.asarray(self._columns.schedule[rows])

    @property
    def schedules(self) -> list[Schedule | None]:
        """The distinct schedules of all versions there ever were."""
        return list(self._schedules)

    def has_buffer(self, rows: Integers) -> Booleans:
        return np.asarray(self._columns.measures[rows, BUFFER, COLUMN["widened_by_m"]] > 0)

    def away_from_box_m(self, rows: Integers, lon: Floats, lat: Floats) -> Floats:
        """A lower bound of the distance in metres from each position to its row's box; 0 inside it."""
        box = self._columns.box[rows]
        wide = np.maximum(np.maximum(box[:, 0] - lon, lon - box[:, 2]), 0)
        tall = np.maximum(np.maximum(box[:, 1] - lat, lat - box[:, 3]), 0)
        steepest = np.maximum(np.abs(box[:, [1, 3]]).max(axis=1), np.abs(lat))
        return np.asarray(METRES_PER_DEGREE * np.hypot(wide * np.cos(np.radians(np.minimum(steepest, 90))), tall))

    def touched_on_the_way(self, rows: Integers, start: Points, end: Points) -> Booleans:
        """Whether the straight way from ``start`` to ``end``, shape (k,), meets each row's shape."""
        touched = _near_centre(self._columns.circle[rows], start, end)
        outlined = np.flatnonzero(np.isnan(self._columns.circle[rows, 2]))
        start, end = start.take(outlined), end.take(outlined)
        ends = np.stack([np.column_stack([start.lon, start.lat]), np.column_stack([end.lon, end.lat])], axis=1)
        outline = self._columns.outline[rows[outlined]]
        shapely.prepare(outline)
        touched[outlined] = shapely.intersects(outline, shapely.linestrings(ends))
        return touched

    def at_time(self, rows: Integers, fix_time_us: Integers) -> Booleans:
        """Whether each row's version was valid at the fix time, and the fix within the condition's dates."""
        columns = self._columns
        return (columns.begins_us[rows] <= fix_time_us) & (fix_time_us < columns.ends_us[rows])

    def covers(self, rows: Integers, points: Points) -> Booleans:
        """Whether each position is in its row's shape or on its boundary. Exact; NaN never is."""
        return (self._circle_depth_m(rows, points) >= 0) | self._in_outline(rows, points)

    def depth_m(self, rows: Integers, points: Points, projection: Projection) -> Floats:
        """Signed distance to the boundary in metres, positive inside; the edge of a hole is boundary.

        The sign is that of ``covers``, not that of the plane: a position on an edge, or a few millimetres
        inside it, may lie beyond that edge on the plane, and what is inside has no negative depth.
        """
        depth = self._circle_depth_m(rows, points)
        somewhere = np.isfinite(points.x) & np.isfinite(points.y)
        outlined = np.isnan(self._columns.circle[rows, 2]) & somewhere
        rows, points = rows[outlined], points.take(outlined)
        distance = shapely.distance(self._boundaries(rows, projection), shapely.points(points.x, points.y))
        depth[outlined] = np.where(self._in_outline(rows, points), distance, -distance)
        depth[~somewhere] = np.nan
        return depth

    def _circle_depth_m(self, rows: Integers, points: Points) -> Floats:
        circle = self._columns.circle[rows]
        return np.asarray(circle[:, 2] - np.hypot(points.x - circle[:, 0], points.y - circle[:, 1]))

    def _in_outline(self, rows: Integers, points: Points) -> Booleans:
        outline = self._columns.outline[rows]
        shapely.prepare(outline)  # where it is not yet
        # For a point, "intersects" means inside or on the boundary; "contains" would leave the boundary out.
        return np.asarray(shapely.intersects_xy(outline, points.lon, points.lat))

    def _boundaries(self, rows: Integers, projection: Projection) -> Shapes:
        columns = self._columns
        missing = np.unique(rows[shapely.is_missing(columns.boundary[rows])])
        if len(missing):
            columns.boundary[missing] = boundaries(columns.outline[missing], projection)
        return np.asarray(columns.boundary[rows], object)

    def _new_rows(self, count: int) -> list[int]:
        reused = [self._free.pop() for _ in range(min(count, len(self._free)))]
        first = len(self._versions)
        self._versions.extend([None] * (count - len(reused)))
        self._make_room(len(self._versions))
        return reused + list(range(first, len(self._versions)))

    def _make_room(self, rows: int) -> None:
        capacity = len(self._columns.box)
        if rows <= capacity:
            return
        old, self._columns = self._columns, _columns(max(2 * capacity, rows))
        for name, column in vars(old).items():
            getattr(self._columns, name)[:capacity] = column


def _overlap(box: Floats, ways: Ways) -> Booleans:
    return np.asarray(
        (box[:, 0] <= ways.east) & (ways.west <= box[:, 2]) & (box[:, 1] <= ways.north) & (ways.south <= box[:, 3])
    )


def _near_centre(circle: Floats, start: Points, end: Points) -> Booleans:
    """Whether each straight way on the plane comes within the circle's radius; False for polygons."""
    way_x, way_y = end.x - start.x, end.y - start.y
    length_squared = np.maximum(way_x**2 + way_y**2, np.finfo(np.float64).tiny)
    share = np.clip(((circle[:, 0] - start.x) * way_x + (circle[:, 1] - start.y) * way_y) / length_squared, 0, 1)
    nearest_m = np.hypot(start.x + share * way_x - circle[:, 0], start.y + share * way_y - circle[:, 1])
    return np.asarray(nearest_m <= circle[:, 2])


def _reach(versions: Sequence[ZoneVersion], box: Floats) -> Floats:
    buffer_m = np.array([one.policy.buffer_m for one in versions])
    tall = buffer_m / METRES_PER_DEGREE
    wide = tall / np.cos(np.radians(np.minimum(np.abs(box[:, [1, 3]]).max(axis=1) + tall, STEEPEST_LAT)))
    reach = box + np.column_stack([-wide, -tall, wide, tall])
    reach[[one.kind.watches_absence for one in versions]] = EVERYWHERE
    return np.asarray(reach)


def _measures(policy: PresencePolicy) -> list[list[float]]:
    own, approach = policy, approach_policy(policy)
    return [
        [widened_by_m if name == "widened_by_m" else getattr(one, name) for name in MEASURES]
        for one, widened_by_m in ((own, 0.0), (approach, policy.buffer_m))
    ]


def _begins_us(version: ZoneVersion) -> int:
    """When a fix may first be judged by the version: it is valid, and its condition active."""
    return max(version.valid_from_us, BEGINNING if version.active_from_us is None else version.active_from_us)


def _ends_us(version: ZoneVersion) -> int:
    return min(
        END if version.valid_to_us is None else version.valid_to_us,
        END if version.active_to_us is None else version.active_to_us,
    )
