"""Positions go in by COPY BINARY and are never updated."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import psycopg2.errors

from geofence.columns import NOT_GIVEN, PositionRows
from store.copy_binary import Column, pack, timestamps
from store.database import Cursor

COLUMNS = (
    "device_id, fix_time, fix_key, received_at, lat, lon, accuracy_m, mechanism, speed_mps, heading_deg,"
    " satellites, hdop, battery_pct, sequence, flags, partition, message_offset"
)


def write_newer(cursor: Cursor, rows: PositionRows) -> int:
    """Store positions that are newer than any of their device, straight into the table; how many were stored.

    The savepoint is the net: should one be there already after all, the careful way stores the rest.
    """
    if len(rows) == 0:
        return 0
    cursor.execute("SAVEPOINT newer")
    try:
        _copy(cursor, "positions", rows)
    except psycopg2.errors.UniqueViolation:
        cursor.execute("ROLLBACK TO SAVEPOINT newer")
        return sum(one.count for one in _copy_and_merge(cursor, "positions", rows))
    cursor.execute("RELEASE SAVEPOINT newer")
    return len(rows)


@dataclass(frozen=True, slots=True)
class StoredLate:
    """What was new of one device's late positions."""

    device_id: int
    earliest: datetime  # fix times
    latest: datetime
    count: int


def write_older(cursor: Cursor, rows: PositionRows) -> list[StoredLate]:
    """Store positions of which some may be there already."""
    return _copy_and_merge(cursor, "positions", rows)


def write_quarantined(cursor: Cursor, rows: PositionRows) -> int:
    """How many were new."""
    return sum(one.count for one in _copy_and_merge(cursor, "quarantined_positions", rows))


def _copy_and_merge(cursor: Cursor, table: str, rows: PositionRows) -> list[StoredLate]:
    if len(rows) == 0:
        return []
    cursor.execute("CREATE TEMPORARY TABLE IF NOT EXISTS arriving_positions (LIKE positions) ON COMMIT DELETE ROWS")
    cursor.execute("DELETE FROM arriving_positions")
    _copy(cursor, "arriving_positions", rows)
    cursor.execute(
        f"WITH stored AS (INSERT INTO {table} ({COLUMNS}) SELECT {COLUMNS} FROM arriving_positions"  # noqa: S608  names of this file
        " ORDER BY partition, message_offset ON CONFLICT DO NOTHING RETURNING device_id, fix_time)"
        " SELECT device_id, min(fix_time), max(fix_time), count(*) FROM stored GROUP BY device_id"
    )
    return [StoredLate(*row) for row in cursor.fetchall()]


def _copy(cursor: Cursor, table: str, rows: PositionRows) -> None:
    cursor.copy_expert(f"COPY {table} ({COLUMNS}) FROM STDIN (FORMAT binary)", pack(_columns(rows)))


def _columns(rows: PositionRows) -> list[Column]:
    fixes = rows.fixes
    return [
        Column("device_id", ">i4", rows.device_id),
        Column("fix_time", ">i8", timestamps(fixes.fix_time_us)),
        Column("fix_key", ">i8", rows.fix_key),
        Column("received_at", ">i8", timestamps(fixes.received_us)),
        Column("lat", ">f8", fixes.lat),
        Column("lon", ">f8", fixes.lon),
        Column("accuracy_m", ">f4", fixes.accuracy_m, np.isnan(fixes.accuracy_m)),
        Column("mechanism", ">i2", fixes.mechanism),
        Column("speed_mps", ">f4", fixes.speed_mps, np.isnan(fixes.speed_mps)),
        Column("heading_deg", ">f4", fixes.heading_deg, np.isnan(fixes.heading_deg)),
        Column("satellites", ">i2", fixes.satellites, fixes.satellites == NOT_GIVEN),
        Column("hdop", ">f4", fixes.hdop, np.isnan(fixes.hdop)),
        Column("battery_pct", ">f4", fixes.battery_pct, np.isnan(fixes.battery_pct)),
        Column("sequence", ">i8", fixes.sequence, fixes.sequence == NOT_GIVEN),
        Column("flags", ">i2", rows.flags),
        Column("partition", ">i4", rows.partition),
        Column("message_offset", ">i8", fixes.message_offset),
    ]
