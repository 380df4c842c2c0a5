"""Fast crossings: both positions lie outside, and the straight way between them leads through the zone."""

from dataclasses import dataclass

import numpy as np

from geofence.columns import Booleans, Floats, Integers, Points
from geofence.track import Track, at_ordinary_pace, elapsed_s, here
from geofence.zone_index import ZoneIndex
from geofence.zone_table import COLUMN, ZONE
from model.enums import Mechanism

PLACES_ON_THE_WAY = 15
"""Evenly between the two positions: the deepest of them is at most a sixteenth of the way short of the deepest."""


@dataclass(frozen=True, slots=True)
class Crossings:
    """The deepest place on the way to each of ``m`` sightings; ``depth_m`` is NaN where nothing is inferred."""

    depth_m: Floats
    share: Floats  # of the way from the position before, 0 to 1
    lon: Floats
    lat: Floats


def touches_on_the_way(track: Track, zones: ZoneIndex, position: Integers, row: Integers) -> Booleans:
    """Whether the way to each position, which lies outside the zone of ``row``, meets its shape; shapes (k,)."""
    touches = np.zeros(len(position), np.bool_)
    at = np.flatnonzero(zones.table.in_box_on_the_way(row, track.ways().take(position)))
    at = at[_may_infer(track, zones, position[at], row[at])]
    start, end = track.before.points.take(position[at]), track.points.take(position[at])
    touches[at] = zones.table.touched_on_the_way(row[at], start, end)
    return touches


def crossings(
    track: Track, zones: ZoneIndex, position: Integers, row: Integers, at: Integers, depth_m: Floats
) -> Crossings:
    """What the ways to the sightings ``at`` (places in ``position`` and ``row``, shape (m,)) lead through.

    Inferred is a crossing as deep as the zone's policy asks, between two GPS positions outside it that are near enough
    in time. A way shorter than the distance to the boundary, ``-depth_m``, cannot reach it.
    """
    found = Crossings(*(np.full(len(position), np.nan) for _ in range(4)))
    at = at[_may_infer(track, zones, position[at], row[at])]
    start, end = track.before.points.take(position[at]), track.points.take(position[at])
    at = at[np.hypot(end.x - start.x, end.y - start.y) > -depth_m[at]]
    start, end = track.before.points.take(position[at]), track.points.take(position[at])
    outside_before = zones.depth_m(row[at], start) < 0
    at, start, end = at[outside_before], start.take(outside_before), end.take(outside_before)
    if len(at) == 0:
        return found
    shares = np.arange(1, PLACES_ON_THE_WAY + 1) / (PLACES_ON_THE_WAY + 1)
    places = _between(start, end, shares)
    depths = zones.depth_m(np.repeat(row[at], PLACES_ON_THE_WAY), places).reshape(len(at), PLACES_ON_THE_WAY)
    deepest = depths.argmax(axis=1)
    depth = depths[np.arange(len(at)), deepest]
    deep = depth >= zones.table.measures(row[at], ZONE)[:, COLUMN["crossing_depth_m"]]
    chosen = (np.arange(len(at)) * PLACES_ON_THE_WAY + deepest)[deep]
    found.depth_m[at[deep]], found.share[at[deep]] = depth[deep], shares[deepest[deep]]
    found.lon[at[deep]], found.lat[at[deep]] = places.lon[chosen], places.lat[chosen]
    return found


def _may_infer(track: Track, zones: ZoneIndex, position: Integers, row: Integers) -> Booleans:
    start, end = track.before.take(position), here(track, position)
    gap_s = zones.table.measures(row, ZONE)[:, COLUMN["crossing_gap_s"]]
    both_gps = (start.mechanism == Mechanism.GPS) & (end.mechanism == Mechanism.GPS)
    near_in_time = (gap_s > 0) & (elapsed_s(start, end) <= gap_s)
    return np.asarray(np.isfinite(start.points.x) & both_gps & near_in_time & at_ordinary_pace(track, position))


def _between(start: Points, end: Points, shares: Floats) -> Points:
    """The places at ``shares`` of each way, one way after the other."""
    return Points(
        *(
            np.add.outer(first, np.zeros(len(shares))).ravel() + np.multiply.outer(last - first, shares).ravel()
            for first, last in zip(_columns(start), _columns(end), strict=True)
        )
    )


def _columns(points: Points) -> tuple[Floats, Floats, Floats, Floats]:
    return points.lon, points.lat, points.x, points.y
