"""The peer in a database: zones with a GiST index, each batch copied into a temporary table and joined on the owner."""

import io
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import psycopg2
import shapely

from bench.zones import PROJECTION
from geofence.arrays import Shapes
from geofence.columns import Integers, Points
from geofence.outlines import outlines
from model.zones import Circle, MultiPolygon, ZoneVersion
from store.database import Connection
from store.embedded import EmbeddedPostgres, EmbeddedPostgresError
from tests.servers.common import free_port

VARIABLE = "CORDON_BENCH_POSTGIS_URL"
DEBIAN = Path("/usr/lib/postgresql")
EXTENSION = "/usr/share/postgresql/{version}/extension/postgis.control"
WGS84 = 4326
QUARTER_CORNERS = 64  # of a circle's polygon
SETTINGS = {"shared_buffers": "512MB", "work_mem": "64MB", "jit": "off", "max_parallel_workers_per_gather": "0"}
MATCH = """
    SELECT position, zone_id FROM arrived JOIN zones USING (owner) WHERE st_covers(area, point)
    UNION ALL
    SELECT position, zone_id FROM arrived JOIN zones ON zones.owner IS NULL AND st_covers(area, point)
"""


class PostGis:
    """A session on a database of its own. For one thread."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._held: Sequence[ZoneVersion] = ()

    def hold(self, versions: Sequence[ZoneVersion]) -> None:
        """Hold these zones in place of those before."""
        if versions == self._held:
            return
        self._held = versions
        areas = _as_wkb(_areas(versions))
        owners = ("\\N" if one.person_id is None else str(one.person_id) for one in versions)
        lines = (f"{one.zone_id}\t{owner}\t{area}\n" for one, owner, area in zip(versions, owners, areas, strict=True))
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS postgis")
            cursor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
            cursor.execute("DROP TABLE IF EXISTS zones")
            cursor.execute("CREATE TABLE zones (zone_id bigint PRIMARY KEY, owner bigint, area geometry NOT NULL)")
            cursor.copy_expert("COPY zones FROM STDIN", io.StringIO("".join(lines)))
            cursor.execute("CREATE INDEX ON zones USING gist (owner, area) WHERE owner IS NOT NULL")
            cursor.execute("CREATE INDEX ON zones USING gist (area) WHERE owner IS NULL")
        self.connection.autocommit = True
        with self.connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE zones")
        self.connection.autocommit = False

    def match(self, person_id: Integers, points: Points) -> set[tuple[int, int]]:
        """Which positions lie in which zones of their person's or of everybody's: (position, zone_id)."""
        places = _as_wkb(np.asarray(shapely.points(points.lon, points.lat)))
        columns = zip(person_id.tolist(), places, strict=True)
        lines = (f"{position}\t{who}\t{place}\n" for position, (who, place) in enumerate(columns))
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMPORARY TABLE arrived (position integer, owner bigint, point geometry) ON COMMIT DROP"
            )
            cursor.copy_expert("COPY arrived FROM STDIN", io.StringIO("".join(lines)))
            cursor.execute("ANALYZE arrived")
            cursor.execute(MATCH)
            return set(cursor.fetchall())


class OlderPostgres(EmbeddedPostgres):
    """One that knows no built-in locales yet, on a loopback port."""

    def _initdb_options(self) -> list[str]:
        return ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions"]


@contextmanager
def running_postgis() -> Iterator[PostGis | None]:
    """The server that CORDON_BENCH_POSTGIS_URL names, else Debian's binaries on a folder of their own, else none."""
    given = os.environ.get(VARIABLE)
    if given:
        with closing(psycopg2.connect(given)) as connection:
            yield PostGis(connection)
        return
    binaries = _binaries()
    if binaries is None:
        print(f"PostGIS is not measured: set {VARIABLE}, or install Debian's package postgresql-15-postgis-3")
        yield None
        return
    with tempfile.TemporaryDirectory() as scratch:
        server = OlderPostgres(Path(scratch), loopback_port=free_port(), binaries=binaries, settings=SETTINGS)
        try:
            server.start()
        except EmbeddedPostgresError as error:
            print(f"PostGIS is not measured: {error}")
            yield None
            return
        try:
            with closing(psycopg2.connect(server.url())) as connection:
                yield PostGis(connection)
        finally:
            server.stop()


def _binaries() -> Path | None:
    """Of the newest server here that has PostGIS."""
    versions = sorted(DEBIAN.glob("*/bin/postgres"), reverse=True)
    found = (one.parent for one in versions if Path(EXTENSION.format(version=one.parent.parent.name)).exists())
    return next(found, None)


def _as_wkb(shapes: Shapes) -> list[str]:
    written: list[str] = np.asarray(
        shapely.to_wkb(shapely.set_srid(shapes, WGS84), hex=True, include_srid=True)
    ).tolist()
    return written


def _areas(versions: Sequence[ZoneVersion]) -> Shapes:
    areas = np.full(len(versions), None, object)
    circles = [(at, one.geometry) for at, one in enumerate(versions) if isinstance(one.geometry, Circle)]
    polygons = [(at, one.geometry) for at, one in enumerate(versions) if isinstance(one.geometry, MultiPolygon)]
    areas[[at for at, _ in polygons]] = outlines([geometry for _, geometry in polygons])
    lon, lat, radius_m = np.array([(one.lon, one.lat, one.radius_m) for _, one in circles]).T
    discs = shapely.buffer(shapely.points(*PROJECTION.forward(lon, lat)), radius_m, quad_segs=QUARTER_CORNERS)
    areas[[at for at, _ in circles]] = shapely.transform(
        discs, lambda metres: np.column_stack(PROJECTION.inverse(*metres.T))
    )
    return areas
