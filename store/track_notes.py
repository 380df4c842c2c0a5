"""What is noted of tracks as they arrive (crimes/track_notes.py), in the batch's own transaction."""

from collections.abc import Sequence
from datetime import timedelta

from crimes.reach import NOTED_SPEED_MPS
from crimes.track_notes import TrackCells, TrackGaps
from geofence.columns import Floats
from model.devices import NEVER_US
from store.database import Cursor
from store.positions import StoredLate

NEIGHBOURS_WITHIN = timedelta(hours=6)
"""No way that takes longer is faster than plausible, at 35 m/s, in Britain."""

_START = ("from_lat", "from_lon", "from_accuracy_m")
_PLACES = (*_START, "until_lat", "until_lon", "until_accuracy_m")
_NOTED = f"SELECT device_id, from_time, until_time, {', '.join(_PLACES)}"

_ARRIVED = (
    f"{_NOTED} FROM (SELECT *, coalesce('epoch'::timestamptz + from_us * interval '1 microsecond', '-infinity')"  # noqa: S608  names of this file
    "   AS from_time, 'epoch'::timestamptz + until_us * interval '1 microsecond' AS until_time"
    "  FROM unnest(%(device_id)s::integer[], %(from_us)s::bigint[], %(until_us)s::bigint[], %(from_lat)s::float8[],"
    "   %(from_lon)s::float8[], %(from_accuracy_m)s::real[], %(until_lat)s::float8[], %(until_lon)s::float8[],"
    f"   %(until_accuracy_m)s::real[]) AS given (device_id, from_us, until_us, {', '.join(_PLACES)})) arrived"
)

_FAST_AND_LATE = (
    # as in migration 0016, on a plane that takes no way for shorter than it is
    "WITH stretch AS (SELECT device_id,"  # noqa: S608  names of this file
    "  coalesce((SELECT max(fix_time) FROM positions position WHERE position.device_id = late.device_id"
    "   AND fix_time < earliest AND fix_time >= %(first)s"
    "   AND is_usable(accuracy_m, mechanism, fix_time, received_at)), earliest) AS since,"
    "  coalesce((SELECT min(fix_time) FROM positions position WHERE position.device_id = late.device_id"
    "   AND fix_time > latest AND fix_time <= %(last)s"
    "   AND is_usable(accuracy_m, mechanism, fix_time, received_at)), latest) AS until"
    "  FROM unnest(%(device_id)s::integer[], %(earliest)s::timestamptz[], %(latest)s::timestamptz[])"
    "   AS late (device_id, earliest, latest)),"
    " usable AS (SELECT stretch.device_id, fix_time, fix_key, lat, lon,"
    "  reckoned_accuracy_m(accuracy_m, mechanism) AS circle_m"
    "  FROM stretch JOIN positions position ON position.device_id = stretch.device_id"
    "   AND fix_time BETWEEN since AND until AND fix_time BETWEEN %(first)s AND %(last)s"
    "   AND is_usable(accuracy_m, mechanism, fix_time, received_at)),"
    " way AS (SELECT device_id, lag(fix_time) OVER earlier AS from_time, fix_time AS until_time,"
    "  lag(lat) OVER earlier AS from_lat, lag(lon) OVER earlier AS from_lon,"
    "  lag(circle_m) OVER earlier AS from_accuracy_m, lat AS until_lat, lon AS until_lon,"
    "  circle_m AS until_accuracy_m"
    "  FROM usable WINDOW earlier AS (PARTITION BY device_id ORDER BY fix_time, fix_key))"
    f" {_NOTED} FROM way WHERE 112800 * sqrt((until_lat - from_lat) ^ 2"
    "  + ((until_lon - from_lon) * cos(radians(least(abs(until_lat), abs(from_lat))))) ^ 2)"
    " - from_accuracy_m - until_accuracy_m > %(speed_mps)s * extract(epoch FROM until_time - from_time)"
)


def write_gaps(cursor: Cursor, gaps: TrackGaps) -> None:
    """A gap that was noted while it went on is noted anew, as long as it is by now."""
    if len(gaps) == 0:
        return
    started = (None if one == NEVER_US else one for one in gaps.from_us.tolist())
    places = {name: _or_none(getattr(gaps, name)) for name in _PLACES}
    times = {"from_us": list(started), "until_us": gaps.until_us.tolist()}
    _note(cursor, _ARRIVED, {"device_id": gaps.device_id.tolist(), **times, **places})


def note_late(cursor: Cursor, late: Sequence[StoredLate]) -> None:
    """Late positions end no gap, but between them and their neighbours a way may be faster than was noted before."""
    if late:
        columns = {name: [getattr(one, name) for one in late] for name in ("device_id", "earliest", "latest")}
        bounds = {  # constants, which leave other chunks of positions out of the plan
            "first": min(one.earliest for one in late) - NEIGHBOURS_WITHIN,
            "last": max(one.latest for one in late) + NEIGHBOURS_WITHIN,
        }
        _note(cursor, _FAST_AND_LATE, {**columns, **bounds, "speed_mps": NOTED_SPEED_MPS})


def _note(cursor: Cursor, gaps: str, values: dict[str, object]) -> None:
    """Of gaps that begin at one instant and differ otherwise, as with two positions at one time, the longest is noted,
    with no place: it leaves room for every scene.
    """
    goes_on = (
        "known.until_lat IS NULL AND excluded.until_time >= known.until_time AND"
        f" ({_named('known', _START)}) IS NOT DISTINCT FROM ({_named('excluded', _START)})"
    )
    cursor.execute(
        "INSERT INTO track_gaps AS known"  # noqa: S608  names of this file
        f" SELECT device_id, from_time, max(until_time), {', '.join(map(_if_one, _PLACES))}"
        f" FROM (SELECT DISTINCT * FROM ({gaps}) found) noted GROUP BY device_id, from_time"
        " ON CONFLICT (device_id, from_time)"
        " DO UPDATE SET until_time = greatest(known.until_time, excluded.until_time),"
        f" {', '.join(f'{name} = CASE WHEN {goes_on} THEN excluded.{name} END' for name in _PLACES)}"
        f" WHERE (known.until_time, {_named('known', _PLACES)})"
        f"  IS DISTINCT FROM (excluded.until_time, {_named('excluded', _PLACES)})",
        values,
    )


def _named(table: str, columns: Sequence[str]) -> str:
    return ", ".join(f"{table}.{name}" for name in columns)


def _if_one(column: str) -> str:
    return f"CASE WHEN count(*) = 1 THEN min({column}) END"


def write_cells(cursor: Cursor, cells: TrackCells) -> None:
    """Cells that are noted already stay as they are."""
    if len(cells) == 0:
        return
    cursor.execute(
        "INSERT INTO track_cells (cell, hour, device_id)"
        " SELECT * FROM unnest(%s::integer[], %s::integer[], %s::integer[]) ON CONFLICT DO NOTHING",
        (cells.cell.tolist(), cells.hour.tolist(), cells.device_id.tolist()),
    )


def _or_none(values: Floats) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]  # noqa: PLR0124  NaN alone differs from itself
