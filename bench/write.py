"""Positions into TimescaleDB (durable): the ways the worker uses, beside execute_values."""

import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from psycopg2.extras import execute_values

from bench.result import Result
from geofence.columns import Fixes, PositionRows
from model.times import DAY_US, SECOND_US
from store.database import Cursor, connect
from store.positions import COLUMNS, write_newer, write_older
from store.provision import ensure_database
from tests.servers.timescale import running_timescale
from tests.support.database import prepare_database

BATCH = 10_000
BATCHES = 10
START_US = 20_000 * DAY_US


def run() -> list[Result]:
    """Rows a second of each way, a transaction a batch of 10,000."""
    with tempfile.TemporaryDirectory() as scratch, running_timescale(Path(scratch), durable=True) as server:
        ensure_database(server.url(), "bench_write")
        database = prepare_database(server.url("bench_write"))
        peer = _rates(database.owner, 0, _by_execute_values)
        return [
            _result("write: newer than any (COPY BINARY)", _rates(database.owner, 1, write_newer), peer),
            _result("write: late, new (temporary table)", _rates(database.owner, 2, write_older), peer),
            _result("write: repeated (temporary table)", _rates(database.owner, 2, write_older), peer),
        ]


def make_rows(part: int, batch: int) -> PositionRows:
    """10,000 devices' positions of one minute; another ``part`` shares no key with it."""
    generator = np.random.default_rng([part, batch])
    device = np.arange(BATCH, dtype=np.int64) + part * BATCH
    time_us = np.full(BATCH, START_US + batch * 60 * SECOND_US, dtype=np.int64)
    return PositionRows(
        fixes=Fixes(
            fix_time_us=time_us,
            received_us=time_us + SECOND_US,
            lat=51.5 + generator.normal(0, 0.1, BATCH),
            lon=-0.1 + generator.normal(0, 0.1, BATCH),
            accuracy_m=generator.uniform(3, 30, BATCH),
            mechanism=np.ones(BATCH, dtype=np.int64),
            speed_mps=np.full(BATCH, np.nan),
            heading_deg=generator.uniform(0, 360, BATCH),
            satellites=np.full(BATCH, 9, dtype=np.int64),
            hdop=np.full(BATCH, 1.1),
            battery_pct=np.full(BATCH, 77.0),
            sequence=np.full(BATCH, batch, dtype=np.int64),
            message_offset=np.arange(BATCH, dtype=np.int64),
        ),
        device_id=device,
        fix_key=generator.integers(-(2**62), 2**62, BATCH),
        flags=np.zeros(BATCH, dtype=np.int64),
        partition=np.zeros(BATCH, dtype=np.int64),
    )


def _rates(url: str, part: int, way: Callable[[Cursor, PositionRows], object]) -> list[float]:
    figures = []
    with closing(connect(url, "bench")) as connection:
        for batch in range(BATCHES):
            rows = make_rows(part, batch)
            started = perf_counter()
            with connection, connection.cursor() as cursor:
                way(cursor, rows)
            figures.append(BATCH / (perf_counter() - started))
    return figures


def _by_execute_values(cursor: Cursor, rows: PositionRows) -> int:
    fixes = rows.fixes
    values = zip(
        rows.device_id.tolist(),
        (fixes.fix_time_us / SECOND_US).tolist(),
        rows.fix_key.tolist(),
        (fixes.received_us / SECOND_US).tolist(),
        fixes.lat.tolist(),
        fixes.lon.tolist(),
        fixes.accuracy_m.tolist(),
        fixes.mechanism.tolist(),
        [None] * len(rows),
        fixes.heading_deg.tolist(),
        fixes.satellites.tolist(),
        fixes.hdop.tolist(),
        fixes.battery_pct.tolist(),
        fixes.sequence.tolist(),
        rows.flags.tolist(),
        rows.partition.tolist(),
        fixes.message_offset.tolist(),
        strict=True,
    )
    template = "(%s, to_timestamp(%s), %s, to_timestamp(%s)" + ", %s" * 13 + ")"
    statement = f"INSERT INTO positions ({COLUMNS}) VALUES %s ON CONFLICT DO NOTHING"  # noqa: S608  a constant
    execute_values(cursor, statement, list(values), template=template, page_size=1000)
    return len(rows)


def _result(name: str, figures: list[float], peer: list[float]) -> Result:
    return Result(
        name=name,
        value=median(figures),
        unit="rows/s",
        spread=(min(figures), max(figures)),
        peer="execute_values",
        peer_value=median(peer),
    )
