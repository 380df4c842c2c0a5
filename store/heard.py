"""When each device was last heard: written now and then, never with every batch."""

from collections.abc import Sequence
from typing import NamedTuple

from model.times import from_microseconds, moment_or_none
from store.database import Cursor
from store.rows import insert_rows


class HeardRow(NamedTuple):
    """What a batch says of one device; None where it says nothing."""

    device_id: int
    last_received_us: int
    last_fix_us: int | None
    battery_pct: float | None
    battery_us: int | None


def write_heard(cursor: Cursor, rows: Sequence[HeardRow]) -> None:
    """At most one row a device. What is newer stays: a batch read again changes nothing.

    Rows are taken in the order of their devices, so that two workers, or a worker and an event, cannot block each other
    for good.
    """
    insert_rows(
        cursor,
        "INSERT INTO device_heard AS heard (device_id, last_received_at, last_fix_at, battery_pct, battery_at)"
        " VALUES %s ON CONFLICT (device_id) DO UPDATE SET"
        " last_received_at = greatest(heard.last_received_at, excluded.last_received_at),"
        " last_fix_at = greatest(heard.last_fix_at, excluded.last_fix_at),"
        " battery_pct = CASE WHEN excluded.battery_at > coalesce(heard.battery_at, '-infinity')"
        "  THEN excluded.battery_pct ELSE heard.battery_pct END,"
        " battery_at = greatest(heard.battery_at, excluded.battery_at)",
        (
            (
                row.device_id,
                from_microseconds(row.last_received_us),
                moment_or_none(row.last_fix_us),
                row.battery_pct,
                moment_or_none(row.battery_us),
            )
            for row in sorted(rows, key=lambda row: row.device_id)
        ),
    )
