"""The plain dot: what the presence engine is measured against. Each position by itself, inside or not."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from geofence.columns import Booleans
from geofence.track import Track
from geofence.zone_index import IN_FORCE, NO_ROW, ZoneIndex


@dataclass(frozen=True, slots=True)
class DotStay:
    """A run of positions inside a zone or, where absence is watched, outside it; places in the track."""

    zone_id: int
    first: int
    after: int | None  # the first position that is not; None while it goes on


def plain_dot(track: Track, zones: ZoneIndex, zone_ids: Iterable[int]) -> list[DotStay]:
    """The stays of one activation by the reported dot alone, whatever its accuracy, by zone and time.

    The boundary is inside. A stay begins with one position and ends with one, in force and by any mechanism.
    """
    return [stay for zone_id in zone_ids for stay in _runs(zone_id, _stays(track, zones, zone_id))]


def _stays(track: Track, zones: ZoneIndex, zone_id: int) -> Booleans:
    """Whether each position of the track lies where a stay is watched, while that is in force."""
    fix_time_us = track.rows.fixes.fix_time_us
    row = zones.rows_at(np.full(len(track), zone_id), fix_time_us)
    at = np.flatnonzero(row != NO_ROW)
    at = at[zones.regimes(track.person[at], row[at], fix_time_us[at]) == IN_FORCE]
    stays = np.zeros(len(track), np.bool_)
    stays[at] = zones.covers(row[at], track.points.take(at)) ^ zones.table.watches_absence(row[at])
    return stays


def _runs(zone_id: int, stays: Booleans) -> list[DotStay]:
    edges = np.flatnonzero(np.diff(stays, prepend=False, append=False)).tolist()
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return [DotStay(zone_id, first, after if after < len(stays) else None) for first, after in pairs]
