"""Traffic through a zone: what the map shows of it, and the wearer's own fast passages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import shapely

from geofence.columns import Booleans, Integers
from geofence.confidence import effective_accuracy_m
from geofence.plane_areas import area_of
from geofence.projection import Projection
from geofence.rehearsal_warnings import RehearsalWarning, WarningCode, place_of
from geofence.track import Track, elapsed_s, here, implausible
from geofence.zone_index import ZoneIndex
from model.enums import Mechanism, ZoneKind
from model.times import SECOND_US
from model.zones import Coordinate, ZoneVersion

FAST_MPS = 8.0
"""Faster than anybody runs or, as a rule, cycles through a town."""

LEAST_PASSAGES = 2
LEAST_PLACES = 2  # of a line
LONGEST_GAP_S = 180.0
ONE_PASSAGE_US = 600 * SECOND_US


class WayKind(StrEnum):
    MAIN_ROAD = "main_road"
    RAILWAY = "railway"


@dataclass(frozen=True, slots=True)
class MapWay:
    """A main road or a railway of the deployment's map file; each line has at least two places."""

    kind: WayKind
    name: str
    lines: tuple[tuple[Coordinate, ...], ...]


def read_map_ways(document: object) -> tuple[MapWay, ...]:
    """A parsed GeoJSON FeatureCollection of LineStrings and MultiLineStrings with the properties kind and name.

    Raises ValueError that names the first feature that is anything else.
    """
    match document:
        case {"features": [*features]}:
            return tuple(_read_way(number, feature) for number, feature in enumerate(features, start=1))
    raise ValueError("it is no GeoJSON FeatureCollection")


def ways_through(draft: ZoneVersion, ways: Sequence[MapWay], projection: Projection) -> list[RehearsalWarning]:
    """A warning for each way of the map that leads through an exclusion zone."""
    if draft.kind is not ZoneKind.EXCLUSION:
        return []
    area = area_of(draft.geometry, projection)
    return [warning for way in ways for warning in _through(area, way, projection)]


def fast_passages(
    draft: ZoneVersion, tracks: Sequence[Track], zones: ZoneIndex, limit_mps: float
) -> list[RehearsalWarning]:
    """A warning where the wearer several times went through the exclusion zone as only traffic does.

    ``zones`` holds the draft, whatever its hours are; ``limit_mps`` is the implied speed that nobody reaches.
    """
    if draft.kind is not ZoneKind.EXCLUSION:
        return []
    fast = [
        (track, at)
        for track in tracks
        for at in _beginnings(track, _fast_inside(track, draft.zone_id, zones, limit_mps))
    ]
    if len(fast) < LEAST_PASSAGES:
        return []
    track, at = fast[0]
    place = float(track.points.lon[at]), float(track.points.lat[at])
    return [
        RehearsalWarning(
            WarningCode.FAST_PASSAGES,
            f"the wearer passed through it {len(fast)} times faster than {FAST_MPS:.0f} m/s: a main road or a railway"
            " probably leads through",
            "leave the road or the line out, or expect an alert from every passage",
            place,
            {"passages": len(fast), "faster_than_mps": FAST_MPS},
        )
    ]


def _read_way(number: int, feature: object) -> MapWay:
    try:
        match feature:
            case {"properties": {"kind": kind, **more}, "geometry": {"type": "LineString", "coordinates": line}}:
                return MapWay(WayKind(kind), _name(more), (_line(line),))
            case {"properties": {"kind": kind, **more}, "geometry": {"type": "MultiLineString", "coordinates": lines}}:
                return MapWay(WayKind(kind), _name(more), tuple(map(_line, lines)))
    except (TypeError, ValueError, IndexError) as error:
        raise ValueError(f"feature {number}: {error}") from None
    raise ValueError(f"feature {number} is no LineString or MultiLineString with a kind")


def _name(properties: Mapping[object, object]) -> str:
    return str(properties.get("name") or "without a name")


def _line(places: Sequence[Sequence[float]]) -> tuple[Coordinate, ...]:
    line = tuple((float(place[0]), float(place[1])) for place in places)
    if len(line) < LEAST_PLACES:
        raise ValueError("a line needs two places")
    return line


def _through(area: Any, way: MapWay, projection: Projection) -> list[RehearsalWarning]:
    lines = [shapely.LineString(np.column_stack(projection.forward(*np.array(line).T))) for line in way.lines]
    within = shapely.intersection(shapely.MultiLineString(lines), area)
    if within.length == 0:
        return []
    middle = within.representative_point()
    words = "the railway" if way.kind is WayKind.RAILWAY else "the main road"
    return [
        RehearsalWarning(
            WarningCode.RAILWAY if way.kind is WayKind.RAILWAY else WarningCode.MAIN_ROAD,
            f"{words} {way.name} leads through it for {within.length:.0f} m",
            "leave it out, or expect alerts from whoever travels on it",
            place_of(projection, middle.x, middle.y),
            {"name": way.name, "length_m": round(float(within.length), 1)},
        )
    ]


def _fast_inside(track: Track, zone_id: int, zones: ZoneIndex, limit_mps: float) -> Booleans:
    """Whether each position ends a fast stretch that meets the zone, shape (n,); both ends by GPS."""
    every = np.arange(len(track))
    end, start = here(track, every), track.before
    gap_s, way_m = elapsed_s(start, end), np.hypot(end.points.x - start.points.x, end.points.y - start.points.y)
    unsure_m = effective_accuracy_m(start.accuracy_m, start.mechanism) + effective_accuracy_m(
        end.accuracy_m, end.mechanism
    )
    both_gps = (start.mechanism == Mechanism.GPS) & (end.mechanism == Mechanism.GPS)
    moves_fast = (way_m > unsure_m) & (way_m >= FAST_MPS * gap_s) & (gap_s > 0)
    fast = (moves_fast | (track.rows.fixes.speed_mps >= FAST_MPS)) & both_gps & (gap_s <= LONGEST_GAP_S)
    at = np.flatnonzero(fast & ~implausible(track, every, limit_mps))
    row = zones.rows_at(np.full(len(at), zone_id), track.rows.fixes.fix_time_us[at])
    meets = np.zeros(len(track), np.bool_)
    meets[at] = zones.table.touched_on_the_way(row, start.points.take(at), end.points.take(at))
    return meets


def _beginnings(track: Track, fast: Booleans) -> list[int]:
    """The first position of each passage: stretches less than ten minutes apart are one."""
    at: Integers = np.flatnonzero(fast)
    apart = np.diff(track.rows.fixes.fix_time_us[at]) > ONE_PASSAGE_US
    first: list[int] = at[np.append(True, apart)[: len(at)]].tolist()
    return first
