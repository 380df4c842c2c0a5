"""Crimes that wait to be matched against everybody: when they were imported, once their time is over, or on request."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from crimes.matching.documents import read_windows
from crimes.scenes import Scene
from model.times import from_microseconds, to_microseconds
from store.database import Cursor, fetch_one
from store.rows import insert_rows


class Cause(StrEnum):
    """Why a crime is matched, or was."""

    IMPORTED = "imported"
    SETTLED = "settled"  # its padded window is over, and what was under way then has arrived
    POSITIONS = "positions"  # some came late; only those who made them are matched again
    REQUESTED = "requested"


@dataclass(frozen=True, slots=True)
class WantedMatch:
    """A crime version that is to be matched, as it was asked for when it was read."""

    scene: Scene
    cause: Cause
    requested_by: str
    requested_us: int
    is_current: bool  # the newest version of its crime
    row_version: str  # another one once it is asked for anew


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits, and what was set aside."""

    due: int
    set_aside: int
    oldest_s: float  # since when the first has waited; 0 where none does


def retry_matches(cursor: Cursor) -> None:
    """What was set aside is tried again by each matcher that begins: it may be of a later release."""
    cursor.execute("UPDATE matching_wanted SET error = NULL WHERE error IS NOT NULL")


def due_matches(cursor: Cursor, limit: int, *, newest_first: bool) -> list[WantedMatch]:
    """Crimes to be matched now, of the batches that came first or of those that came last, in the order of their time.

    Near each other in time they share what is read; and taken from both ends in turn, a single crime does not wait
    for all of a large batch before it.
    """
    direction = "DESC" if newest_first else "ASC"
    cursor.execute(
        "SELECT crime_version_id, lat, lon, place_uncertainty_m, windows, cause, requested_by, requested_at,"  # noqa: S608  the literals above
        " is_current, wanted.xmin::text FROM matching_wanted wanted JOIN crime_versions USING (crime_version_id)"
        f" WHERE error IS NULL AND due_at <= service_clock() ORDER BY crime_batch_id {direction}, from_time LIMIT %s",
        (limit,),
    )
    found = [
        WantedMatch(scene_of(row[:5]), Cause(row[5]), row[6], to_microseconds(row[7]), *row[8:])
        for row in cursor.fetchall()
    ]
    return sorted(found, key=lambda one: one.scene.hull.from_us)


def finish_matches(cursor: Cursor, done: Sequence[tuple[WantedMatch, int | None]]) -> None:
    """Each is matched, and due once more at the moment beside it or never; what was asked for anew stays asked for."""
    cursor.execute(  # in one order, so that nobody who asks meanwhile blocks another for good
        "SELECT FROM matching_wanted WHERE crime_version_id = ANY(%s) ORDER BY crime_version_id FOR UPDATE",
        ([one.scene.scene_id for one, _ in done],),
    )
    insert_rows(
        cursor,
        "DELETE FROM matching_wanted wanted USING (VALUES %s) AS done (version, row_version)"
        " WHERE crime_version_id = version AND wanted.xmin = row_version::xid",
        [(one.scene.scene_id, one.row_version) for one, due_us in done if due_us is None],
    )
    insert_rows(
        cursor,
        "UPDATE matching_wanted wanted SET cause = 'settled', due_at = due::timestamptz"
        " FROM (VALUES %s) AS done (version, row_version, due)"
        " WHERE crime_version_id = version AND wanted.xmin = row_version::xid",
        [
            (one.scene.scene_id, one.row_version, from_microseconds(due_us))
            for one, due_us in done
            if due_us is not None
        ],
    )


def set_match_aside(cursor: Cursor, failed: WantedMatch, error: str) -> None:
    """It could not be matched: it stays there to be seen, and holds up nobody else's."""
    cursor.execute(
        "UPDATE matching_wanted SET error = %s WHERE crime_version_id = %s AND xmin = %s::xid",
        (error, failed.scene.scene_id, failed.row_version),
    )


def count_waiting(cursor: Cursor) -> dict[str, Waiting]:
    """Of crimes to be matched and of devices whose time is to be matched again; by ``crimes`` and ``devices``."""
    found = {}
    for kind, table, since, is_due in (
        ("crimes", "matching_wanted", "greatest(requested_at, due_at)", "due_at <= service_clock()"),
        ("devices", "rematches_wanted", "requested_at", "true"),
    ):
        cursor.execute(
            "SELECT count(*) FILTER (WHERE waits), count(error),"  # noqa: S608  the literals above
            " coalesce(extract(epoch FROM service_clock() - min(since) FILTER (WHERE waits)), 0)::float8"
            f" FROM (SELECT error, {since} AS since, error IS NULL AND {is_due} AS waits FROM {table}) asked"
        )
        found[kind] = Waiting(*fetch_one(cursor))
    return found


def scene_of(row: Sequence[Any]) -> Scene:
    """From (crime_version_id, lat, lon, place_uncertainty_m, windows)."""
    crime_version_id, lat, lon, place_uncertainty_m, windows = row
    return Scene(crime_version_id, lat, lon, place_uncertainty_m, read_windows(windows))
