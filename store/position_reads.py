"""Stored positions as columns again."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from geofence.columns import NOT_GIVEN, Fixes, Floats, Integers, PositionRows
from model.devices import FOREVER_US
from model.times import from_microseconds, to_microseconds
from store.database import Cursor

LEAD_IN = 2  # positions before the first that is judged: how it was got to


def load_positions(cursor: Cursor, device_id: int, from_us: int, until_us: int) -> PositionRows:
    """The stored positions in ``[from_us, until_us)``, in order, and the LEAD_IN before them."""
    columns = (
        "fix_time, fix_key, received_at, lat, lon, accuracy_m, mechanism, speed_mps, heading_deg, satellites, hdop,"
        " battery_pct, sequence, flags, partition, message_offset"
    )
    since = from_microseconds(from_us)
    cursor.execute(
        f"SELECT {columns} FROM ((SELECT {columns} FROM positions WHERE device_id = %s AND fix_time < %s"  # noqa: S608  names of this file
        " ORDER BY fix_time DESC, fix_key DESC LIMIT %s)"
        f" UNION ALL (SELECT {columns} FROM positions WHERE device_id = %s AND fix_time >= %s AND fix_time < %s))"
        " AS wanted ORDER BY fix_time, fix_key",
        (
            device_id,
            since,
            LEAD_IN,
            device_id,
            since,
            "infinity" if until_us == FOREVER_US else from_microseconds(until_us),
        ),
    )
    rows = cursor.fetchall()
    by_column: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) if rows else [()] * 16
    return _position_rows(device_id, by_column)


def _position_rows(device_id: int, columns: Sequence[tuple[Any, ...]]) -> PositionRows:
    times, keys, received, lat, lon, accuracy, mechanism, speed, heading, satellites, hdop, battery, *rest = columns
    sequence, flags, partition, offset = rest
    return PositionRows(
        fixes=Fixes(
            fix_time_us=_integers([to_microseconds(one) for one in times]),
            received_us=_integers([to_microseconds(one) for one in received]),
            lat=_floats(lat),
            lon=_floats(lon),
            accuracy_m=_floats(accuracy),
            mechanism=_integers(mechanism),
            speed_mps=_floats(speed),
            heading_deg=_floats(heading),
            satellites=_integers(satellites),
            hdop=_floats(hdop),
            battery_pct=_floats(battery),
            sequence=_integers(sequence),
            message_offset=_integers(offset),
        ),
        device_id=np.full(len(times), device_id),
        fix_key=_integers(keys),
        flags=_integers(flags),
        partition=_integers(partition),
    )


def _floats(values: Sequence[Any]) -> Floats:
    return np.array([np.nan if one is None else one for one in values], np.float64)


def _integers(values: Sequence[Any]) -> Integers:
    return np.array([NOT_GIVEN if one is None else one for one in values], np.int64)
