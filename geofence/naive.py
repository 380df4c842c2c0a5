"""The two slow references that the zone index must agree with, position for position.

``exhaustive_match`` is the oracle: no index, nothing prepared. ``NaiveIndex`` is how one would first write
it, an R-tree asked ping by ping, and is what the benchmark compares with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import shapely
from rtree.index import Index
from shapely.prepared import PreparedGeometry, prep

from geofence.columns import Booleans, Integers, Points
from geofence.projection import Projection
from geofence.shapes import circle_boxes
from geofence.zone_index import NOBODY, Hits, ZoneIndex
from model.zones import Circle, Coordinate, MultiPolygon, ZoneVersion

_NaiveShape: TypeAlias = "_Disc | PreparedGeometry[shapely.Geometry]"  # generic in its types only

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
    points: Points,
    fix_time_us: Integers,
) -> set[Match]:
    """Every version and position, columns as for ``ZoneIndex.match``.

    Polygons by unprepared ``shapely.covers`` in longitude and latitude, circles by the distance on the plane.
    """
    return {
        (position, one.zone_id, one.version)
        for one in versions
        for position in np.flatnonzero(_covered(one, projection, points)).tolist()
        if applies(one, int(person_id[position]), int(fix_time_us[position]))
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
            geometry = version.geometry
            if isinstance(geometry, Circle):
                (box,) = circle_boxes(*np.array([[geometry.lon], [geometry.lat], [geometry.radius_m]])).tolist()
                self._shapes.append(_disc(geometry, projection))
            else:
                outline = _outline(geometry)
                box = outline.bounds
                self._shapes.append(prep(outline))
            self._index.insert(row, box)

    def match(self, person_id: Integers, points: Points, fix_time_us: Integers) -> set[Match]:
        """Columns as for ``ZoneIndex.match``; positions must be finite."""
        columns = (person_id, points.lon, points.lat, points.x, points.y, fix_time_us)
        return {
            (position, self._versions[row].zone_id, self._versions[row].version)
            for position, (who, lon, lat, x, y, when) in enumerate(
                zip(*(column.tolist() for column in columns), strict=True)
            )
            for row in self._index.intersection((lon, lat, lon, lat))
            if applies(self._versions[row], who, when) and _covers(self._shapes[row], (lon, lat), (x, y))
        }


def _within(moment_us: int, start_us: int | None, end_us: int | None) -> bool:
    return (start_us is None or start_us <= moment_us) and (end_us is None or moment_us < end_us)


@dataclass(frozen=True, slots=True)
class _Disc:
    x: float
    y: float
    radius_m: float


def _disc(circle: Circle, projection: Projection) -> _Disc:
    x, y = projection.forward(np.array([circle.lon]), np.array([circle.lat]))
    return _Disc(float(x[0]), float(y[0]), circle.radius_m)


def _outline(geometry: MultiPolygon) -> shapely.MultiPolygon:
    return shapely.MultiPolygon([shapely.Polygon(rings[0], rings[1:]) for rings in geometry.polygons])


def _covered(version: ZoneVersion, projection: Projection, points: Points) -> Booleans:
    if isinstance(version.geometry, Circle):
        disc = _disc(version.geometry, projection)
        return np.asarray(np.hypot(points.x - disc.x, points.y - disc.y) <= disc.radius_m)
    return np.asarray(shapely.covers(_outline(version.geometry), shapely.points(points.lon, points.lat)))


def _covers(shape: _NaiveShape, lon_lat: Coordinate, metres: tuple[float, float]) -> bool:
    if isinstance(shape, _Disc):
        return bool(np.hypot(metres[0] - shape.x, metres[1] - shape.y) <= shape.radius_m)
    return bool(shape.covers(shapely.Point(lon_lat)))
