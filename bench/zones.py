"""The zones of the check's workloads."""

from dataclasses import replace
from datetime import time

import numpy as np

from geofence.columns import Floats, Integers
from geofence.projection import Projection
from geofence.zone_index import NOBODY
from model.enums import ZoneKind
from model.policies import CURFEW, FAST, STEADY
from model.schedules import DailyWindow, Schedule, Weekday, WeeklyWindow
from model.zones import Circle, Geometry, MultiPolygon, ZoneVersion

CORNERS = 12
CENTRE_LAT, CENTRE_LON = 51.5, -0.1
HALF_WIDTH_DEG, HALF_HEIGHT_DEG = 0.36, 0.225  # 25 km each way: Greater London
PROJECTION = Projection(CENTRE_LAT, CENTRE_LON)
HOME_RADIUS_M = 100.0
NIGHTS = Schedule("Europe/London", (WeeklyWindow(frozenset(Weekday), DailyWindow(time(19), time(7))),))


def make_versions(
    rng: np.random.Generator, people: int, zones_each: int, shared: int, buffer_m: float
) -> list[ZoneVersion]:
    """Exclusion zones of 200-1,000 m about random places, the shared ones last: four in five polygons, else circles.

    Every second one is judged by the policy ``fast``, with this buffer, the others by ``steady``.
    """
    fast = replace(FAST, buffer_m=buffer_m)
    owners = np.concatenate([np.repeat(np.arange(people), zones_each), np.full(shared, NOBODY)])
    lon = CENTRE_LON + rng.uniform(-HALF_WIDTH_DEG, HALF_WIDTH_DEG, len(owners))
    lat = CENTRE_LAT + rng.uniform(-HALF_HEIGHT_DEG, HALF_HEIGHT_DEG, len(owners))
    return [
        replace(
            _version(zone_id, _geometry(rng, zone_id, lon[zone_id], lat[zone_id])),
            person_id=None if owner == NOBODY else owner,
            policy=fast if zone_id % 2 else STEADY,
        )
        for zone_id, owner in enumerate(owners.tolist())
    ]


def make_curfews(homes: Floats, first_zone_id: int) -> list[ZoneVersion]:
    """A curfew at each home, metres of shape ``(people, 2)``; all have the same hours."""
    lon, lat = PROJECTION.inverse(*homes.T)
    return [
        replace(
            _version(first_zone_id + person, Circle(*place, HOME_RADIUS_M)),
            kind=ZoneKind.CURFEW,
            person_id=person,
            policy=CURFEW,
            schedule=NIGHTS,
        )
        for person, place in enumerate(zip(lon.tolist(), lat.tolist(), strict=True))
    ]


def anywhere(rng: np.random.Generator, count: int) -> Floats:
    """Places of the region in metres, shape ``(count, 2)``."""
    lon = CENTRE_LON + rng.uniform(-HALF_WIDTH_DEG, HALF_WIDTH_DEG, count)
    lat = CENTRE_LAT + rng.uniform(-HALF_HEIGHT_DEG, HALF_HEIGHT_DEG, count)
    return np.column_stack(PROJECTION.forward(lon, lat))


def centres(versions: list[ZoneVersion], rows: Integers) -> Floats:
    """Of some of the versions, in metres, shape ``(k, 2)``."""
    lon, lat = np.array([_centre(versions[row].geometry) for row in rows.tolist()]).T
    return np.column_stack(PROJECTION.forward(lon, lat))


def _version(zone_id: int, geometry: Geometry) -> ZoneVersion:
    return ZoneVersion(
        zone_id=zone_id,
        version=1,
        reference=f"bench-{zone_id}",
        name="",
        kind=ZoneKind.EXCLUSION,
        person_id=None,
        geometry=geometry,
        valid_from_us=0,
        valid_to_us=None,
        active_from_us=None,
        active_to_us=None,
    )


def _centre(geometry: Geometry) -> tuple[float, float]:
    if isinstance(geometry, Circle):
        return geometry.lon, geometry.lat
    lon, lat = np.array(geometry.polygons[0][0][:-1]).mean(axis=0).tolist()
    return lon, lat


def _geometry(rng: np.random.Generator, zone_id: int, lon: float, lat: float) -> Geometry:
    if zone_id % 5 == 0:
        return Circle(lon, lat, rng.uniform(200, 1_000))
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    reach_deg = rng.uniform(200, 1_000, CORNERS) / 111_320
    corners = zip(
        (lon + reach_deg * np.cos(angle) / np.cos(np.radians(lat))).tolist(),
        (lat + reach_deg * np.sin(angle)).tolist(),
        strict=True,
    )
    ring = tuple(corners)
    return MultiPolygon((((*ring, ring[0]),),))
