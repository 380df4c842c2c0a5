"""The world of the end-to-end workload: 20,000 people, a zone each, and their pings as messages."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from psycopg2.extras import execute_values

from store.database import connect
from tests.support.world import enrol

PEOPLE = 20_000
SEED = 20261122
HOME_SPREAD_DEG = 0.2
WANDER_DEG = 0.001
ZONE_OFFSET_DEG = 0.0065
ZONE_HALF_WIDTH_DEG = 0.003  # its edge is 3.5 standard deviations of the wandering away: visits are rare


def serial(person: int) -> str:
    return f"TAG-{person:06}"


def homes() -> NDArray[np.float64]:
    """Latitude and longitude of each person's home, shape ``(PEOPLE, 2)``."""
    generator = np.random.default_rng(SEED)
    return np.array([51.5, -0.1]) + generator.uniform(-HOME_SPREAD_DEG, HOME_SPREAD_DEG, (PEOPLE, 2))


def messages(count: int) -> list[tuple[str, bytes]]:
    """Pings of all people in turn, one a message, a minute apart for each device."""
    generator = np.random.default_rng(SEED + 1)
    places = homes()
    start = datetime.now(UTC) - timedelta(minutes=count // PEOPLE + 1)
    made: list[tuple[str, bytes]] = []
    for turn in range(-(-count // PEOPLE)):
        moment = (start + timedelta(minutes=turn)).isoformat()
        around = places + generator.normal(0, WANDER_DEG, places.shape)
        made += [
            (serial(person), _ping(person, moment, float(lat), float(lon), turn))
            for person, (lat, lon) in enumerate(around)
        ]
    return made[:count]


def _ping(person: int, moment: str, lat: float, lon: float, turn: int) -> bytes:
    return json.dumps(
        {
            "device_id": serial(person),
            "fix_time": moment,
            "lat": round(lat, 6),
            "lon": round(lon, 6),
            "accuracy_m": 8.5,
            "mechanism": "GPS",
            "speed_mps": 1.2,
            "heading_deg": person * 7 % 360,
            "satellites": 9,
            "hdop": 1.1,
            "battery_pct": 77,
            "sequence": turn,
        }
    ).encode()


def fill(owner_url: str) -> None:
    """People, devices, activations, and a square zone north of each home."""
    enrol(owner_url, [serial(person) for person in range(PEOPLE)])
    with closing(connect(owner_url, "bench")) as connection, connection, connection.cursor() as cursor:
        execute_values(
            cursor,
            "WITH given (crn, geometry) AS (VALUES %s), made AS (INSERT INTO zones (reference, person_id)"
            " SELECT crn, person_id FROM given JOIN people USING (crn) RETURNING zone_id, reference)"
            " INSERT INTO zone_versions (zone_id, version, name, kind, geometry, valid_from, revision, created_by)"
            " SELECT zone_id, 1, 'bench', 'exclusion', geometry::jsonb, '2000-01-01', 0, 'bench'"
            " FROM given JOIN made ON made.reference = given.crn",
            [(serial(person), json.dumps(_square(lat, lon))) for person, (lat, lon) in enumerate(homes().tolist())],
            page_size=PEOPLE,
        )


def _square(lat: float, lon: float) -> dict[str, object]:
    lat += ZONE_OFFSET_DEG
    south, north = lat - ZONE_HALF_WIDTH_DEG, lat + ZONE_HALF_WIDTH_DEG
    west, east = lon - ZONE_HALF_WIDTH_DEG, lon + ZONE_HALF_WIDTH_DEG
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}
