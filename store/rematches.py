"""Stretches of devices' time for which crimes are to be matched again: asked for with the positions, answered later."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from crimes.recent import Stretches
from model.devices import NEVER_US
from model.times import from_microseconds, to_microseconds
from store.database import Cursor
from store.positions import StoredLate
from store.rows import insert_rows


@dataclass(frozen=True, slots=True)
class Rematch:
    """One device's stretch of time, as it was asked for when it was read."""

    device_id: int
    from_us: int  # NEVER_US: since ever
    until_us: int
    row_version: str  # another one once more is asked for


def ask_rematches(cursor: Cursor, found: Stretches, late: Sequence[StoredLate]) -> None:
    """Have crimes matched again for the stretches ``found`` and for late positions, joined with what was asked for.

    In the order of the devices: nobody blocks another for good. Where no crime was ever imported, nothing is asked.
    """
    asked = {
        int(device_id): (_moment(int(from_us)), _moment(int(until_us)))
        for device_id, from_us, until_us in zip(found.device_id, found.from_us, found.until_us, strict=True)
    }
    for one in late:
        from_time, until_time = asked.get(one.device_id, (one.earliest, one.latest))
        earliest = from_time if isinstance(from_time, str) else min(from_time, one.earliest)
        asked[one.device_id] = earliest, max(until_time, one.latest)
    insert_rows(
        cursor,
        "INSERT INTO rematches_wanted (device_id, from_time, until_time)"
        " SELECT device_id, from_time::timestamptz, until_time::timestamptz"
        " FROM (VALUES %s) AS asked (device_id, from_time, until_time) WHERE EXISTS (SELECT FROM crimes)"
        " ORDER BY device_id ON CONFLICT (device_id) DO UPDATE"
        " SET from_time = least(rematches_wanted.from_time, excluded.from_time),"
        " until_time = greatest(rematches_wanted.until_time, excluded.until_time), error = NULL",
        ((device_id, *stretch) for device_id, stretch in sorted(asked.items())),
    )


def join_lawful_changes(cursor: Cursor, limit: int) -> None:
    """Ask the same for what was noted of lawful times, in the order of the devices, as everybody does."""
    cursor.execute(
        "WITH noted AS (DELETE FROM lawful_changes WHERE change_id IN ("
        "   SELECT change_id FROM lawful_changes ORDER BY change_id LIMIT %s)"
        "  RETURNING device_id, from_time, until_time)"
        " INSERT INTO rematches_wanted (device_id, from_time, until_time)"
        " SELECT device_id, min(from_time), max(until_time) FROM noted GROUP BY device_id ORDER BY device_id"
        " ON CONFLICT (device_id) DO UPDATE SET from_time = least(rematches_wanted.from_time, excluded.from_time),"
        " until_time = greatest(rematches_wanted.until_time, excluded.until_time), error = NULL",
        (limit,),
    )


def retry_rematches(cursor: Cursor) -> None:
    """What was set aside is tried again by each matcher that begins: it may be of a later release."""
    cursor.execute("UPDATE rematches_wanted SET error = NULL WHERE error IS NOT NULL")


def waiting_rematches(cursor: Cursor, limit: int) -> list[Rematch]:
    """What was asked for longest ago."""
    cursor.execute(
        "SELECT device_id, nullif(from_time, '-infinity'), until_time, xmin::text FROM rematches_wanted"
        " WHERE error IS NULL ORDER BY requested_at LIMIT %s",
        (limit,),
    )
    return [
        Rematch(device_id, NEVER_US if since is None else to_microseconds(since), to_microseconds(until), row_version)
        for device_id, since, until, row_version in cursor.fetchall()
    ]


def finish_rematches(cursor: Cursor, done: Collection[Rematch]) -> None:
    """They are answered; where more was asked for meanwhile, the whole stretch stays asked for."""
    cursor.execute(  # in one order, as they are asked for: nobody blocks another for good
        "SELECT FROM rematches_wanted WHERE device_id = ANY(%s) ORDER BY device_id FOR UPDATE",
        ([one.device_id for one in done],),
    )
    insert_rows(
        cursor,
        "DELETE FROM rematches_wanted wanted USING (VALUES %s) AS done (device_id, row_version)"
        " WHERE wanted.device_id = done.device_id AND wanted.xmin = done.row_version::xid",
        ((one.device_id, one.row_version) for one in done),
    )


def set_rematch_aside(cursor: Cursor, failed: Rematch, error: str) -> None:
    """It could not be answered: it stays there to be seen, and holds up nobody else's."""
    cursor.execute(
        "UPDATE rematches_wanted SET error = %s WHERE device_id = %s AND xmin = %s::xid",
        (error, failed.device_id, failed.row_version),
    )


def _moment(microseconds: int) -> datetime | str:
    return "-infinity" if microseconds == NEVER_US else from_microseconds(microseconds)
