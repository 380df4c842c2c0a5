"""Positions of times that go: remembered as erased, noted as gaps, then deleted batch by batch."""

from datetime import datetime

from model.retention import Kind
from store.database import Cursor
from store.registry import lock_registry_exclusive, next_revision

_WITH_POSITIONS = (
    " FROM due_times due CROSS JOIN unnest(due.times) AS span"
    " CROSS JOIN LATERAL (SELECT {what} FROM positions position WHERE position.device_id = due.device_id"
    "   AND position.fix_time >= coalesce(lower(span), '-infinity')"
    "   AND position.fix_time <= coalesce(upper(span), 'infinity') AND position.fix_time <@ span) found"
    " WHERE due.kind = 'positions'"
)
_GONE_CELLS = (
    "FROM track_cells cell USING due_times due WHERE due.kind = 'positions' AND due.device_id = cell.device_id"
    " AND cell.hour <= {until}"
    " AND due.times && tstzrange(to_timestamp(cell.hour * 3600.0), to_timestamp((cell.hour + 1) * 3600.0))"
    # an hour that is not erased whole keeps the cells of what stays
    " AND NOT EXISTS (SELECT FROM positions position WHERE position.device_id = cell.device_id"
    "   AND position.fix_time >= to_timestamp(cell.hour * 3600.0)"
    "   AND position.fix_time < to_timestamp((cell.hour + 1) * 3600.0)"
    "   AND grid_cell(position.lat, position.lon) = cell.cell)"
)


def remember_erased(cursor: Cursor, kind: Kind) -> None:
    """Before anything is deleted: what comes late of these times is stored no more.

    Under the registry's lock, so that each batch of positions was written before it, and is erased, or knows of it.
    """
    cursor.execute(
        "SELECT count(*) FROM due_times due LEFT JOIN erased_times erased USING (device_id, kind)"
        " WHERE due.kind = %s AND NOT coalesce(erased.times, '{}') @> due.times",
        (kind,),
    )
    if cursor.fetchone() == (0,):
        return
    lock_registry_exclusive(cursor)
    cursor.execute(
        "INSERT INTO erased_times AS known (device_id, kind, times, revision)"
        " SELECT device_id, kind, times, %s FROM due_times WHERE kind = %s"
        " ON CONFLICT (device_id, kind) DO UPDATE SET times = known.times + excluded.times,"
        " revision = excluded.revision WHERE NOT known.times @> excluded.times",
        (next_revision(cursor), kind),
    )


def note_gaps(cursor: Cursor) -> None:
    """In the place of what goes, a gap without a place: nobody is ruled out by what was deleted."""
    spans = "due_times due CROSS JOIN unnest(due.times) AS span WHERE due.kind = 'positions'"
    within = "due.device_id = gap.device_id AND"
    cursor.execute(
        f"DELETE FROM track_gaps gap USING {spans} AND {within} gap.from_time <@ span AND gap.until_time <@ span"  # noqa: S608  literals
    )
    places = ("from_lat", "from_lon", "from_accuracy_m", "until_lat", "until_lon", "until_accuracy_m")
    nowhere = ", ".join(f"{name} = NULL" for name in places)
    cursor.execute(
        f"UPDATE track_gaps gap SET {nowhere} FROM {spans} AND {within}"  # noqa: S608  literals
        " (gap.from_time <@ span OR gap.until_time <@ span)"
    )
    cursor.execute(
        "INSERT INTO track_gaps AS known (device_id, from_time, until_time)"  # noqa: S608  literals
        f" SELECT device_id, coalesce(lower(span), '-infinity'), coalesce(upper(span), 'infinity') FROM {spans}"
        " ON CONFLICT (device_id, from_time) DO UPDATE"
        f" SET until_time = greatest(known.until_time, excluded.until_time), {nowhere}"
    )


def count_positions(cursor: Cursor) -> int:
    cursor.execute("SELECT coalesce(sum(found.rows), 0)" + _WITH_POSITIONS.format(what="count(*) AS rows"))
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def spans_with_positions(cursor: Cursor) -> list[tuple[int, str, datetime]]:
    """(device, range, its first fix time) of every span that still has positions."""
    cursor.execute(
        "SELECT due.device_id, span::text, found.first"
        + _WITH_POSITIONS.format(what="min(position.fix_time) AS first")
        + " AND found.first IS NOT NULL ORDER BY due.device_id, found.first"
    )
    return [(device_id, span, first) for device_id, span, first in cursor.fetchall()]


def delete_earliest(cursor: Cursor, device_id: int, span: str, first: datetime, most: int) -> int:
    """Of a span's positions the earliest ``most``, and those of the same instant as the last of them; how many."""
    of_span = "device_id = %(device)s AND fix_time >= %(first)s AND fix_time <@ %(span)s::tstzrange"
    cursor.execute(
        f"DELETE FROM positions WHERE {of_span} AND fix_time <= ("  # noqa: S608  literals
        f" SELECT max(fix_time) FROM (SELECT fix_time FROM positions WHERE {of_span}"
        " AND fix_time <= coalesce(upper(%(span)s::tstzrange), 'infinity') ORDER BY fix_time LIMIT %(most)s) earliest)",
        {"device": device_id, "first": first, "span": span, "most": most},
    )
    return cursor.rowcount


def delete_cells(cursor: Cursor) -> None:
    """After the positions: the cells of what is not there any more."""
    until = (
        "(SELECT extract(epoch FROM coalesce(max(upper(times)), service_clock())) / 3600"
        " FROM due_times WHERE kind = 'positions')"
    )
    cursor.execute(f"DELETE {_GONE_CELLS.format(until=until)}")
