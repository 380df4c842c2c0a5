"""The check alone: positions against zones, on one core; no broker, no database."""

from statistics import median
from time import perf_counter

import numpy as np

from bench.result import Result
from geofence.columns import Integers, Points
from geofence.naive import NaiveIndex, matches_of
from geofence.projection import Projection
from geofence.zone_index import NOBODY, ZoneIndex
from model.enums import ZoneKind
from model.zones import Circle, Geometry, MultiPolygon, ZoneVersion

SEED = 20261122
PEOPLE = 20_000
SHARED = 500
BATCH = 10_000
BATCHES = 15
WARM_UP = 2  # batches of each that do not count: they meet geometries that are not indexed yet
NAIVE_BATCH = 2_000
NAIVE_BATCHES = 3
CORNERS = 12
CENTRE_LAT, CENTRE_LON = 51.5, -0.1
HALF_WIDTH_DEG, HALF_HEIGHT_DEG = 0.36, 0.225  # 25 km each way: Greater London

Batch = tuple[Integers, Points, Integers]


def run() -> list[Result]:
    """Pings a second at 1 and at 10 own zones a person, and with shared zones besides.

    Each beside the naive way, whose answers must agree.
    """
    projection = Projection(CENTRE_LAT, CENTRE_LON)
    return [_measured(projection, *workload) for workload in ((1, 0), (10, 0), (10, SHARED))]


def make_versions(rng: np.random.Generator, people: int, zones_each: int, shared: int = 0) -> list[ZoneVersion]:
    """Zones of 200-1,000 m about random places, the shared ones last: four in five polygons, else circles."""
    owners = np.concatenate([np.repeat(np.arange(people), zones_each), np.full(shared, NOBODY)])
    lon = CENTRE_LON + rng.uniform(-HALF_WIDTH_DEG, HALF_WIDTH_DEG, len(owners))
    lat = CENTRE_LAT + rng.uniform(-HALF_HEIGHT_DEG, HALF_HEIGHT_DEG, len(owners))
    return [
        ZoneVersion(
            zone_id=zone_id,
            version=1,
            reference=f"bench-{zone_id}",
            name="",
            kind=ZoneKind.EXCLUSION,
            person_id=None if owner == NOBODY else owner,
            geometry=_geometry(rng, zone_id, lon[zone_id], lat[zone_id]),
            valid_from_us=0,
            valid_to_us=None,
            active_from_us=None,
            active_to_us=None,
        )
        for zone_id, owner in enumerate(owners.tolist())
    ]


def make_batch(rng: np.random.Generator, index: ZoneIndex, own: int, size: int) -> Batch:
    """Half the positions are within 1.5 km of a zone of their own wearer, half are anywhere in the region."""
    zones = [index.version(row) for row in rng.integers(0, own, size).tolist()]
    centre = np.array([_centre(zone.geometry) for zone in zones])
    anywhere = rng.uniform(-1, 1, (size, 2)) * (HALF_WIDTH_DEG, HALF_HEIGHT_DEG) + (CENTRE_LON, CENTRE_LAT)
    lon, lat = np.where(rng.random((size, 1)) < 0.5, centre, anywhere).T
    x, y = index.projection.forward(lon, lat)
    x, y = x + rng.uniform(-1_500, 1_500, size), y + rng.uniform(-1_500, 1_500, size)
    people = np.array([zone.person_id for zone in zones], np.int64)
    return people, index.projection.points(*index.projection.inverse(x, y)), np.full(size, 1)


def _centre(geometry: Geometry) -> tuple[float, float]:
    return (geometry.lon, geometry.lat) if isinstance(geometry, Circle) else geometry.polygons[0][0][0]


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


def _measured(projection: Projection, zones_each: int, shared: int) -> Result:
    rng = np.random.default_rng(SEED)
    versions = make_versions(rng, PEOPLE, zones_each, shared)
    own = len(versions) - shared
    index = ZoneIndex(projection)
    index.apply(versions)
    naive = NaiveIndex(versions, projection)
    rates = [_rate(index, make_batch(rng, index, own, BATCH)) for _ in range(WARM_UP + BATCHES)]
    naive_rates = [
        _naive_rate(naive, index, make_batch(rng, index, own, NAIVE_BATCH)) for _ in range(WARM_UP + NAIVE_BATCHES)
    ]
    measured = rates[WARM_UP:]
    return Result(
        name=f"check, {PEOPLE:,} people, {own:,} own and {shared:,} shared zones",
        value=median(measured),
        unit="pings/s",
        spread=(min(measured), max(measured)),
        peer="R-tree per ping, prepared shapely",
        peer_value=median(naive_rates[WARM_UP:]),
    )


def _rate(index: ZoneIndex, batch: Batch) -> float:
    start = perf_counter()
    index.match(*batch)
    return len(batch[0]) / (perf_counter() - start)


def _naive_rate(naive: NaiveIndex, index: ZoneIndex, batch: Batch) -> float:
    start = perf_counter()
    matches = naive.match(*batch)
    seconds = perf_counter() - start
    if matches != matches_of(index, index.match(*batch)):
        raise AssertionError("the naive way and the index disagree: the figures would be worthless")
    return len(batch[0]) / seconds
