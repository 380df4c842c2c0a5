"""Who was within reach of a scene, asked in other ways of the same positions: PostGIS with GiST, and a full scan."""

import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter

from bench.postgis import running_postgis
from crimes.reach import reach_m
from crimes.scenes import Scene
from model.crimes import SHORT_GAP_S, MatchingSettings
from model.times import SECOND_US, from_microseconds
from store.database import Cursor, connect

DEGREE_M = 111_195.0

_AWAY = (
    "2 * 6371009 * asin(sqrt(sin(radians(lat - %(lat)s) / 2) ^ 2"
    " + cos(radians(lat)) * cos(radians(%(lat)s)) * sin(radians(lon - %(lon)s) / 2) ^ 2))"
)


def full_scan(cursor: Cursor, scene: Scene, settings: MatchingSettings) -> float:
    """Milliseconds, with no index: every chunk of the window's time is read, and of no other."""
    cursor.execute("SET LOCAL enable_indexscan = off")
    cursor.execute("SET LOCAL enable_bitmapscan = off")
    query = (
        f"SELECT DISTINCT device_id FROM positions WHERE fix_time BETWEEN %(from)s AND %(to)s AND {_AWAY} <= %(reach)s"  # noqa: S608  constants
    )
    taken = _milliseconds(cursor, query, scene, settings)
    cursor.execute("SET LOCAL enable_indexscan = on")
    cursor.execute("SET LOCAL enable_bitmapscan = on")
    return taken


def in_postgis(url: str, scenes: Sequence[Scene], settings: MatchingSettings) -> list[float]:
    """Milliseconds of each scene by a GiST index on (place, time) of the same positions; none without PostGIS."""
    with running_postgis() as postgis, tempfile.TemporaryFile(dir=Path(tempfile.gettempdir())) as copied:
        if postgis is None:
            return []
        with closing(connect(url, "bench")) as connection, connection.cursor() as cursor:
            cursor.copy_expert("COPY (SELECT device_id, fix_time, lon, lat FROM positions) TO STDOUT", copied)
        copied.seek(0)
        with postgis.connection, postgis.connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS postgis")
            cursor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
            cursor.execute(
                "CREATE TABLE positions (device_id integer, fix_time timestamptz, lon float8, lat float8,"
                " place geometry(point, 4326) GENERATED ALWAYS AS (st_setsrid(st_makepoint(lon, lat), 4326)) STORED)"
            )
            cursor.copy_expert("COPY positions (device_id, fix_time, lon, lat) FROM STDIN", copied)
            cursor.execute("CREATE INDEX ON positions USING gist (place, fix_time)")
            cursor.execute("ANALYZE positions")
            query = (
                "SELECT DISTINCT device_id FROM positions WHERE fix_time BETWEEN %(from)s AND %(to)s"
                " AND place && st_expand(st_setsrid(st_makepoint(%(lon)s, %(lat)s), 4326), %(east)s, %(north)s)"
                " AND st_distancesphere(place, st_setsrid(st_makepoint(%(lon)s, %(lat)s), 4326)) <= %(reach)s"
            )
            _milliseconds(cursor, query, scenes[0], settings)  # warm
            return [_milliseconds(cursor, query, scene, settings) for scene in scenes]


def _milliseconds(cursor: Cursor, query: str, scene: Scene, settings: MatchingSettings) -> float:
    hull = scene.hull.padded(round((settings.padding_s + SHORT_GAP_S) * SECOND_US))
    reach = reach_m(scene, settings)
    parameters = {
        "from": from_microseconds(hull.from_us),
        "to": from_microseconds(hull.to_us),
        "lat": scene.lat,
        "lon": scene.lon,
        "reach": reach,
        "north": reach / DEGREE_M,
        "east": 2 * reach / DEGREE_M,
    }
    started = perf_counter()
    cursor.execute(query, parameters)
    cursor.fetchall()
    return 1000 * (perf_counter() - started)
