"""Zones and positions to test with, said in few words."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from geofence.columns import Floats, Integers, Points
from geofence.naive import Match, exhaustive_match, matches_of
from geofence.projection import Projection
from geofence.validation import read_geometry
from geofence.zone_index import NOBODY, ZoneIndex
from model.enums import ZoneKind
from model.zones import Circle, Coordinate, Geometry, MultiPolygon, Ring, ZoneVersion

LAT, LON = 51.5, -0.1
PROJECTION = Projection(LAT, LON)
PEOPLE = (1, 2, 3)
MOMENTS = (0, 10, 20, 30)
STEP_DEG = 0.0005

Columns = tuple[Integers, Points, Integers]


def box(west: float, south: float, east: float, north: float) -> Ring:
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


def polygon(*rings: Ring) -> MultiPolygon:
    return MultiPolygon((rings,))


def version(
    geometry: Geometry,
    *,
    zone_id: int = 1,
    number: int = 1,
    person_id: int | None = 1,
    valid: tuple[int, int | None] = (0, None),
    active: tuple[int | None, int | None] = (None, None),
) -> ZoneVersion:
    return ZoneVersion(
        zone_id=zone_id,
        version=number,
        reference=f"Z{zone_id}",
        name=f"Zone {zone_id}",
        kind=ZoneKind.EXCLUSION,
        person_id=person_id,
        geometry=geometry,
        valid_from_us=valid[0],
        valid_to_us=valid[1],
        active_from_us=active[0],
        active_to_us=active[1],
    )


def index_of(*versions: ZoneVersion) -> ZoneIndex:
    index = ZoneIndex(PROJECTION)
    index.apply(versions)
    return index


def at(coordinates: Sequence[Coordinate], person_id: int = 1, moment: int = 0) -> Columns:
    """The columns of positions of one person at one time."""
    return of_one(points_at(coordinates), person_id, moment)


def of_one(points: Points, person_id: int = 1, moment: int = 0) -> Columns:
    return np.full(len(points), person_id), points, np.full(len(points), moment)


def points_at(coordinates: Sequence[Coordinate]) -> Points:
    return PROJECTION.points(*np.array(coordinates, np.float64).reshape(-1, 2).T)


def points_on_plane(x: Floats, y: Floats) -> Points:
    return Points(*PROJECTION.inverse(x, y), x, y)


def joined(parts: Sequence[Points]) -> Points:
    return Points(*(np.concatenate([getattr(one, name) for one in parts]) for name in ("lon", "lat", "x", "y")))


def found(index: ZoneIndex, columns: Columns) -> set[Match]:
    hits = index.match(*columns)
    matches = matches_of(index, hits)
    assert len(matches) == len(hits.row), "a pair was found twice"
    return matches


def expected(versions: Iterable[ZoneVersion], columns: Columns) -> set[Match]:
    person_id, points, fix_time_us = columns
    return exhaustive_match(list(versions), PROJECTION, person_id=person_id, points=points, fix_time_us=fix_time_us)


def corners_and_midpoints(geometry: Geometry) -> Points:
    """Where inside and outside are decided by the last bit."""
    if isinstance(geometry, Circle):
        angle = np.linspace(0, 2 * np.pi, 8, endpoint=False)
        centre = points_at([(geometry.lon, geometry.lat)])
        return points_on_plane(
            centre.x + geometry.radius_m * np.cos(angle), centre.y + geometry.radius_m * np.sin(angle)
        )
    rings = [np.array(ring) for rings in geometry.polygons for ring in rings]
    return PROJECTION.points(*np.vstack([*rings, *((ring[:-1] + ring[1:]) / 2 for ring in rings)]).T)


@st.composite
def _stars(draw: st.DrawFn, lon: float, lat: float) -> tuple[Ring, ...]:
    """A polygon around (lon, lat); sometimes with a hole, which sometimes touches the outer ring."""
    corners = draw(st.integers(3, 9))
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False) + draw(st.floats(0, 1))
    reach = np.array(draw(st.lists(st.integers(2, 12), min_size=corners, max_size=corners))) * STEP_DEG
    outer = [(lon + r * float(np.cos(a)), lat + r * float(np.sin(a))) for a, r in zip(angle, reach, strict=True)]
    rings = [(*outer, outer[0])]
    if draw(st.booleans()):
        hole = [(lon + (x - lon) * 0.4, lat + (y - lat) * 0.4) for x, y in outer]
        touch = draw(st.sampled_from(["nothing", "a corner", "an edge"]))
        if touch == "a corner":
            hole[0] = outer[0]
        if touch == "an edge":
            hole[0] = ((outer[0][0] + outer[1][0]) / 2, (outer[0][1] + outer[1][1]) / 2)
        rings.append((*hole, hole[0]))
    return tuple(rings)


@st.composite
def geometries(draw: st.DrawFn) -> Geometry:
    """Circles, polygons and multi-polygons, all valid, near the centre."""
    lon = LON + draw(st.integers(-10, 10)) * STEP_DEG
    lat = LAT + draw(st.integers(-10, 10)) * STEP_DEG
    if draw(st.integers(0, 3)) == 0:
        return Circle(lon, lat, float(draw(st.integers(1, 1500))))
    parts = draw(st.integers(1, 3))
    drawn = MultiPolygon(tuple(draw(_stars(lon + at * 26 * STEP_DEG, lat)) for at in range(parts)))
    document: dict[str, Any] = {"type": "MultiPolygon", "coordinates": drawn.polygons}
    geometry, _ = read_geometry(document)
    return geometry or MultiPolygon(((box(lon, lat, lon + STEP_DEG, lat + STEP_DEG),),))


@st.composite
def zone_versions(draw: st.DrawFn) -> ZoneVersion:
    """Few ids, so that edits are frequent; few moments, so that they fall on the ends of intervals."""
    moment = st.sampled_from(MOMENTS)
    return version(
        draw(geometries()),
        zone_id=draw(st.integers(1, 5)),
        number=draw(st.integers(1, 3)),
        person_id=draw(st.sampled_from([None, *PEOPLE])),
        valid=(draw(moment), draw(st.none() | moment)),
        active=(draw(st.none() | moment), draw(st.none() | moment)),
    )


def probes(versions: Iterable[ZoneVersion], seed: int) -> Columns:
    """Every corner and edge midpoint, and random positions about them; random wearers, nobody among them."""
    rng = np.random.default_rng(seed)
    special = [corners_and_midpoints(one.geometry) for one in versions]
    scattered = points_on_plane(*rng.uniform(-4000, 6000, (2, 40)))
    nowhere = points_at([(np.nan, LAT), (LON, np.nan), (LON, np.inf), (np.nan, np.nan)])
    points = joined([*special, scattered, nowhere])
    return rng.choice([NOBODY, *PEOPLE, 99], len(points)), points, rng.choice(MOMENTS, len(points))
