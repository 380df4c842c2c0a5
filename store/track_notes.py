"""What is noted of tracks as they arrive (crimes/track_notes.py), in the batch's own transaction."""

from crimes.track_notes import TrackCells, TrackGaps
from geofence.columns import Floats
from model.devices import NEVER_US
from store.database import Cursor


def write_gaps(cursor: Cursor, gaps: TrackGaps) -> None:
    """A gap that was noted while it went on is noted anew, as long as it is by now."""
    if len(gaps) == 0:
        return
    started = (None if one == NEVER_US else one for one in gaps.from_us.tolist())
    cursor.execute(
        "INSERT INTO track_gaps AS known SELECT device_id,"
        " coalesce('epoch'::timestamptz + from_us * interval '1 microsecond', '-infinity'),"
        " 'epoch'::timestamptz + until_us * interval '1 microsecond',"
        " from_lat, from_lon, from_accuracy_m, until_lat, until_lon, until_accuracy_m"
        " FROM unnest(%s::integer[], %s::bigint[], %s::bigint[], %s::float8[], %s::float8[], %s::real[], %s::float8[],"
        "  %s::float8[], %s::real[]) AS noted (device_id, from_us, until_us, from_lat, from_lon, from_accuracy_m,"
        "  until_lat, until_lon, until_accuracy_m)"
        " ON CONFLICT (device_id, from_time) DO UPDATE SET until_time = excluded.until_time,"
        "  until_lat = excluded.until_lat, until_lon = excluded.until_lon, until_accuracy_m = excluded.until_accuracy_m"
        " WHERE excluded.until_time >= known.until_time",
        (
            gaps.device_id.tolist(),
            list(started),
            gaps.until_us.tolist(),
            *(
                _or_none(one)
                for one in (
                    gaps.from_lat,
                    gaps.from_lon,
                    gaps.from_accuracy_m,
                    gaps.until_lat,
                    gaps.until_lon,
                    gaps.until_accuracy_m,
                )
            ),
        ),
    )


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
