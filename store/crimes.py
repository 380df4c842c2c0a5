"""Crimes as police read them: row security shows each caller those of their own force."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from model.review import CrimeState
from store.database import Cursor


@dataclass(frozen=True, slots=True)
class StoredRun:
    """The newest matching of a crime version; the four counts are of everyone who wore a tag then."""

    run_id: int
    cause: str
    requested_by: str
    run_at: datetime
    algorithm_version: int
    software_version: str
    settings: dict[str, Any]
    present: int
    possible: int
    absent: int
    cannot_say: int


@dataclass(frozen=True, slots=True)
class StoredCrime:
    """A crime by its newest version. ``due_at``: when it is matched again, where that is known to come."""

    crime_id: int
    force: str
    reference: str
    version: int
    crime_version_id: int
    crime_batch_id: int
    crime_type: str
    description: str
    from_time: datetime
    to_time: datetime
    state: CrimeState
    due_at: datetime | None
    run: StoredRun | None


@dataclass(frozen=True, slots=True)
class StoredCrimeVersion:
    """One version. ``windows`` are pairs of microseconds since 1970 UTC; ``given`` is the row of the file."""

    version: int
    crime_batch_id: int
    row_number: int
    crime_type: str
    description: str
    lat: float
    lon: float
    place_uncertainty_m: float
    windows: list[tuple[int, int]]
    notes: list[str]
    given: dict[str, Any]
    changed_fields: list[str]
    is_current: bool
    created_at: datetime


_RUN_COLUMNS = (
    "run.run_id, run.cause, run.requested_by, run.run_at, run.algorithm_version, run.software_version, run.settings,"
    " run.present, run.possible, run.absent, run.cannot_say"
)
_CRIMES = f"""
    SELECT crime.crime_id, crime.force, crime.reference, version.version, version.crime_version_id,
           version.crime_batch_id, version.crime_type, version.description, version.from_time, version.to_time,
           CASE WHEN waiting.error IS NOT NULL THEN 'set_aside'
                WHEN waiting.due_at <= service_clock() THEN 'waiting'
                ELSE 'matched' END,
           CASE WHEN waiting.error IS NULL AND waiting.due_at > service_clock() THEN waiting.due_at END,
           {_RUN_COLUMNS}
    FROM crimes crime
    JOIN crime_versions version ON version.crime_id = crime.crime_id AND version.is_current
    LEFT JOIN LATERAL (
      SELECT * FROM matching_runs one WHERE one.crime_version_id = version.crime_version_id
      ORDER BY one.run_id DESC LIMIT 1) run ON true
    LEFT JOIN matching_wanted waiting ON waiting.crime_version_id = version.crime_version_id
    WHERE crime.crime_id = ANY (%s) ORDER BY crime.crime_id DESC
"""  # noqa: S608  literals
_WAITING_CRIMES = (
    "(SELECT version.crime_id FROM matching_wanted waiting JOIN crime_versions version USING (crime_version_id)"
    " WHERE version.is_current AND {})"
)
_IN_STATE = {
    None: "",
    CrimeState.WAITING: " AND crime_id IN "
    + _WAITING_CRIMES.format("waiting.error IS NULL AND waiting.due_at <= service_clock()"),
    CrimeState.SET_ASIDE: " AND crime_id IN " + _WAITING_CRIMES.format("waiting.error IS NOT NULL"),
    CrimeState.MATCHED: " AND crime_id NOT IN "
    + _WAITING_CRIMES.format("(waiting.error IS NOT NULL OR waiting.due_at <= service_clock())"),
}


def list_crimes(
    cursor: Cursor, crime_batch_id: int | None, state: CrimeState | None, before: int | None, limit: int
) -> list[StoredCrime]:
    """The newest first, from behind the one with the id ``before``; of one batch's file and in one state, or all."""
    cursor.execute(
        "SELECT crime_id FROM crimes WHERE (%(before)s::bigint IS NULL OR crime_id < %(before)s)"  # noqa: S608  literals
        " AND (%(batch)s::bigint IS NULL OR crime_id IN ("
        "   SELECT version.crime_id FROM crime_versions version WHERE version.crime_batch_id = %(batch)s))"
        f"{_IN_STATE[state]} ORDER BY crime_id DESC LIMIT %(limit)s",
        {"before": before, "batch": crime_batch_id, "limit": limit},
    )
    return _read_crimes(cursor, [crime_id for (crime_id,) in cursor.fetchall()])


def find_crime(cursor: Cursor, crime_id: int) -> StoredCrime | None:
    return next(iter(_read_crimes(cursor, [crime_id])), None)


def _read_crimes(cursor: Cursor, crime_ids: list[int]) -> list[StoredCrime]:
    """Those that the caller may see, the newest first: the rows of a page are chosen before all of it is read."""
    cursor.execute(_CRIMES, (crime_ids,))
    return [_crime(row) for row in cursor.fetchall()]


def list_crime_versions(cursor: Cursor, crime_id: int) -> list[StoredCrimeVersion]:
    """Every version of a crime, the newest first."""
    cursor.execute(
        "SELECT version, crime_batch_id, row_number, crime_type, description, lat, lon, place_uncertainty_m, windows,"
        " notes, given, changed_fields, is_current, created_at"
        " FROM crime_versions WHERE crime_id = %s ORDER BY version DESC",
        (crime_id,),
    )
    return [StoredCrimeVersion(*row) for row in cursor.fetchall()]


def count_cannot_say_reasons(cursor: Cursor, crime_version_id: int) -> dict[str, int]:
    """Of the wearers who cannot be placed: how many have a gap for each reason. One wearer can have several."""
    cursor.execute("SELECT reason, wearers FROM cannot_say_reasons(%s)", (crime_version_id,))
    return dict(cursor.fetchall())


def _crime(row: tuple[Any, ...]) -> StoredCrime:
    values: list[Any] = list(row[:12])
    values[10] = CrimeState(values[10])
    values.append(StoredRun(*row[12:]) if row[12] is not None else None)
    return StoredCrime(*values)
