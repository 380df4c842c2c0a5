"""Stored positions as columns again."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from geofence.columns import NOT_GIVEN, Fixes, Floats, Integers, PositionRows
from geofence.track import Page
from model.devices import FOREVER_US, NEVER_US
from model.times import from_microseconds, to_microseconds
from store.database import Cursor

LEAD_IN = 2  # positions before the first that is judged: how it was got to
COLUMNS = (
    "fix_time, fix_key, received_at, lat, lon, accuracy_m, mechanism, speed_mps, heading_deg, satellites, hdop,"
    " battery_pct, sequence, flags, partition, message_offset"
)


def read_pages(cursor: Cursor, device_id: int, from_us: int, until_us: int, page_size: int) -> Iterator[Page]:
    """The stored positions in ``[from_us, until_us)``, in order, a page at a time."""
    since = from_microseconds(from_us)
    until = "infinity" if until_us == FOREVER_US else from_microseconds(until_us)
    cursor.execute(
        f"SELECT {COLUMNS} FROM positions WHERE device_id = %s AND fix_time < %s"  # noqa: S608  names of this file
        " ORDER BY fix_time DESC, fix_key DESC LIMIT %s",
        (device_id, since, LEAD_IN),
    )
    lead_in = cursor.fetchall()[::-1]
    after: tuple[Any, ...] = (since, NEVER_US)
    while True:
        cursor.execute(
            f"SELECT {COLUMNS} FROM positions WHERE device_id = %s AND (fix_time, fix_key) > (%s, %s)"  # noqa: S608  names of this file
            " AND fix_time >= %s AND fix_time < %s ORDER BY fix_time, fix_key LIMIT %s",
            (device_id, *after, after[0], until, page_size),
        )
        rows = cursor.fetchall()
        if rows:
            yield Page(position_rows(device_id, [*lead_in, *rows]), len(lead_in))
        if len(rows) < page_size:
            return
        lead_in, after = rows[-LEAD_IN:], rows[-1][:2]


def position_rows(device_id: int | Sequence[int], rows: Sequence[tuple[Any, ...]]) -> PositionRows:
    """The rows, at least one, of ``COLUMNS``; of one device, or each of its own."""
    columns = list(zip(*rows, strict=True))
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
