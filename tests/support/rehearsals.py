"""Tracks and drafts for rehearsals, said in few words."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from alerts.rehearsal import Rehearsal, RehearsalInput, rehearse
from geofence.columns import NOT_GIVEN, Fixes, PositionRows
from geofence.passages import MapWay
from geofence.projection import Projection
from geofence.rehearsal_warnings import WarningCode
from geofence.sightings import DetectionLimits
from geofence.track import Track, track_of
from model.enums import Mechanism, ZoneKind
from model.times import DAY_US, SECOND_US
from model.zones import Circle, Geometry, MultiPolygon, ZoneVersion

PROJECTION = Projection(51.5, -0.1)
LIMITS = DetectionLimits(implied_speed_limit_mps=90, poor_accuracy_m=150)
MONDAY_US = 1_767_571_200_000_000
"""5 January 2026, 00:00 in London and by UTC."""
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
NOW_US = MONDAY_US + 28 * DAY_US

Metres = tuple[float, float]
"""East and north of the centre."""


def place(metres: Metres) -> tuple[float, float]:
    lon, lat = PROJECTION.inverse(np.array([metres[0]]), np.array([metres[1]]))
    return float(lon[0]), float(lat[0])


def circle(metres: Metres, radius_m: float) -> Circle:
    return Circle(*place(metres), radius_m)


def rectangle(west_m: float, south_m: float, east_m: float, north_m: float) -> MultiPolygon:
    corners = [(west_m, south_m), (east_m, south_m), (east_m, north_m), (west_m, north_m), (west_m, south_m)]
    return MultiPolygon(((tuple(map(place, corners)),),))


def zone(geometry: Geometry, kind: ZoneKind = ZoneKind.EXCLUSION, zone_id: int = 0, **changes: object) -> ZoneVersion:
    drawn = ZoneVersion(zone_id, 1, f"Z-{zone_id}", f"Zone {zone_id}", kind, 1, geometry, 0, None, None, None)
    return replace(drawn, **changes)  # type: ignore[arg-type]


def rows_at(times_us: Sequence[int], metres: Sequence[Metres], accuracy_m: float = 8.0) -> PositionRows:
    count = len(times_us)
    times = np.array(times_us, np.int64)
    lon, lat = PROJECTION.inverse(*np.array(metres, np.float64).reshape(-1, 2).T)
    missing, nothing = np.full(count, np.nan), np.full(count, NOT_GIVEN)
    fixes = Fixes(
        fix_time_us=times,
        received_us=times + SECOND_US,
        lat=lat,
        lon=lon,
        accuracy_m=np.full(count, accuracy_m),
        mechanism=np.full(count, Mechanism.GPS, np.int64),
        speed_mps=missing,
        heading_deg=missing,
        satellites=nothing,
        hdop=missing,
        battery_pct=missing,
        sequence=nothing,
        message_offset=nothing,
    )
    return PositionRows(fixes, np.ones(count, np.int64), np.arange(count), np.zeros(count, np.int64), nothing)


def track(times_us: Sequence[int], metres: Sequence[Metres], accuracy_m: float = 8.0) -> Track:
    return track_of(rows_at(times_us, metres, accuracy_m), 1, 1, PROJECTION)


def life(home: Metres, work: Metres, days: int = 14, step_us: int = 10 * MINUTE_US, accuracy_m: float = 8.0) -> Track:
    """At work from 9 to 17 on working days, otherwise at home, from a Monday's midnight on."""
    times = range(MONDAY_US, MONDAY_US + days * DAY_US, step_us)
    return track(list(times), [work if _works(at) else home for at in times], accuracy_m)


def rehearsed(
    draft: ZoneVersion,
    tracks: Sequence[Track] = (),
    others: Sequence[ZoneVersion] = (),
    map_ways: Sequence[MapWay] | None = None,
    *,
    is_simulated: bool = False,
) -> Rehearsal:
    given = RehearsalInput(draft, tracks, is_simulated, others, (), map_ways, MONDAY_US, NOW_US, NOW_US)
    return rehearse(given, PROJECTION, LIMITS)


def codes(rehearsal: Rehearsal) -> set[WarningCode]:
    return {warning.code for warning in rehearsal.warnings}


def _works(at_us: int) -> bool:
    day, in_day_us = divmod(at_us - MONDAY_US, DAY_US)
    return day % 7 < 5 and 9 * HOUR_US <= in_day_us < 17 * HOUR_US
