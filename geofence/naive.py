"""The two slow references that the zone index must agree with, position for position.

``exhaustive_match`` is the oracle: no index, nothing prepared. ``NaiveIndex`` is how one would first write
it, an R-tree asked ping by ping, and is what the benchmark compares with.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import shapely
from rtree.index import Index
from shapely.prepared import PreparedGeometry, prep

from geofence.columns import Booleans, Floats, Integers
from geofence.projection import Projection
from geofence.shapes import PlaneCircle, plane_shape
from geofence.zone_index import NOBODY, Hits, ZoneIndex
from model.zones import ZoneVersion

_NaiveShape: TypeAlias = "PlaneCircle | PreparedGeometry[shapely.Geometry]"  # generic in its types only

Match = tuple[int, int, int]
"""Position, zone_id, version."""


def matches_of(index: ZoneIndex, hits: Hits) -> set[Match]:
    """Hits in the references' own terms."""
    versions = [index.version(row) for row in hits.row.tolist()]
    return {
        (position, one.zone_id, one.version) for position, one in zip(hits.position.tolist(), versions, strict=True)
    }


def exhaustive_match(
    versions: Sequence[ZoneVersion],
    projection: Projection,
    *,
    person_id: Integers,
    x: Floats,
    y: Floats,
    fix_time_us: Integers,
) -> set[Match]:
    """Unprepared ``shapely.covers`` of every version and position; columns as for ``ZoneIndex.match``."""
    return {
        (position, one.zone_id, one.version)
        for one in versions
        for position in np.flatnonzero(
            _covered(one, projection, x, y)
            & [
                applies(one, *who_and_when)
                for who_and_when in zip(person_id.tolist(), fix_time_us.tolist(), strict=True)
            ]
        ).tolist()
    }


def applies(version: ZoneVersion, person_id: int, fix_time_us: int) -> bool:
    """Whether the version is this person's, or shared, and judges a fix at this time."""
    if person_id == NOBODY or version.person_id not in {None, person_id}:
        return False
    return _within(fix_time_us, version.valid_from_us, version.valid_to_us) and _within(
        fix_time_us, version.active_from_us, version.active_to_us
    )


class NaiveIndex:
    """An R-tree of all boxes, asked for each ping; then the owner, the time and a prepared geometry."""

    def __init__(self, versions: Sequence[ZoneVersion], projection: Projection) -> None:
        self._versions = versions
        self._shapes: list[_NaiveShape] = []
        self._index = Index()
        for row, version in enumerate(versions):
            shape = plane_shape(version.geometry, projection)
            if isinstance(shape, PlaneCircle):
                box = shapely.Point(shape.x, shape.y).buffer(shape.radius_m + 1, cap_style="square").bounds
                self._shapes.append(shape)
            else:
                box = shape.bounds
                self._shapes.append(prep(shape))
            self._index.insert(row, box)

    def match(self, person_id: Integers, x: Floats, y: Floats, fix_time_us: Integers) -> set[Match]:
        """Columns as for ``ZoneIndex.match``; positions must be finite."""
        return {
            (position, self._versions[row].zone_id, self._versions[row].version)
            for position, (who, east, north, when) in enumerate(
                zip(person_id.tolist(), x.tolist(), y.tolist(), fix_time_us.tolist(), strict=True)
            )
            for row in self._index.intersection((east, north, east, north))
            if applies(self._versions[row], who, when) and _covers(self._shapes[row], east, north)
        }


def _within(moment_us: int, start_us: int | None, end_us: int | None) -> bool:
    return (start_us is None or start_us <= moment_us) and (end_us is None or moment_us < end_us)


def _covered(version: ZoneVersion, projection: Projection, x: Floats, y: Floats) -> Booleans:
    shape = plane_shape(version.geometry, projection)
    if isinstance(shape, PlaneCircle):
        return np.asarray(np.hypot(x - shape.x, y - shape.y) <= shape.radius_m)
    return np.asarray(shapely.covers(shape, shapely.points(x, y)))


def _covers(shape: _NaiveShape, x: float, y: float) -> bool:
    if isinstance(shape, PlaneCircle):
        return bool(np.hypot(x - shape.x, y - shape.y) <= shape.radius_m)
    return bool(shape.covers(shapely.Point(x, y)))
