"""What one police file changes, in one transaction: nothing of it is there until all of it is.

All of it is written before the registry's lock is asked for, so that batches of positions wait for a moment only. One
file of a force at a time; of two files that report the same crime, the one received last is right.
"""

from dataclasses import dataclass

import psycopg2.errors

from crimes.files.versions import PLACE_DEG, UNCERTAINTY_M
from ops.errors import UnavailableError
from store.crime_batches import CrimeFormat, StoredBatch, Way, batch_of_content, find_batch
from store.crime_staging import CrimeStaging
from store.database import Cursor, fetch_one
from store.locks import LockClass, hold_named_until_commit, limit_lock_wait
from store.registry import lock_registry_for_edit, next_revision, read_revision

FORCE_WAIT_MS = 120_000  # for another file of the same force
STATEMENT_MS = 600_000  # a pool's own limit is meant for requests that somebody waits for
REGISTRY_TRIES = 5


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """What is known of a file as a whole."""

    force: str
    reference: str
    content_hash: bytes  # SHA-256
    format: CrimeFormat | None
    row_count: int
    is_refused: bool  # as a whole: none of its rows is taken


def import_crimes(
    cursor: Cursor, header: BatchHeader, staging: CrimeStaging, way: Way, imported_by: str, lock_timeout_ms: int
) -> tuple[StoredBatch, bool]:
    """The batch that was made, and whether it was there already: then nothing changes.

    Raises UnavailableError when another file of the force or the registry's lock takes too long: nothing is written.
    """
    cursor.execute("SELECT set_config('statement_timeout', %s, true)", (str(STATEMENT_MS),))
    _wait_for_force(cursor, header.force)
    known = batch_of_content(cursor, header.content_hash, header.force)
    if known is not None:
        return known, True
    staging.copy(cursor)
    _decide(cursor, header)
    batch_id = _insert_batch(cursor, header, way, imported_by)
    revision = read_revision(cursor) + 1
    if _insert_versions(cursor, header.force, batch_id, revision, imported_by):
        _publish(cursor, batch_id, revision, lock_timeout_ms)
    stored = find_batch(cursor, batch_id)
    if stored is None:
        raise LookupError("the batch just written cannot be read")
    return stored, False


def _wait_for_force(cursor: Cursor, force: str) -> None:
    try:
        limit_lock_wait(cursor, FORCE_WAIT_MS)
        hold_named_until_commit(cursor, LockClass.CRIME_FORCE, force)
    except psycopg2.errors.LockNotAvailable:
        raise UnavailableError(f"another file of {force} is still being imported: try again in some minutes") from None


def _decide(cursor: Cursor, header: BatchHeader) -> None:
    """The temporary table ``decided``: each crime beside its current version, and what differs.

    What differs is named as by ``crimes.files.versions.changed_fields``, of which this is the form for many at once.
    """
    cursor.execute(
        """
        CREATE TEMPORARY TABLE decided ON COMMIT DROP AS
        SELECT staged.*, crime.crime_id, current.crime_version_id AS previous_id, current.version,
               compared.changed_fields,
               CASE WHEN current.crime_version_id IS NULL THEN 'new'
                    WHEN compared.changed_fields = '{}' THEN 'unchanged' ELSE 'changed' END AS outcome
        FROM staged_crimes staged
        LEFT JOIN crimes crime ON crime.force = %(force)s AND crime.reference = staged.reference
        LEFT JOIN crime_versions current ON current.crime_id = crime.crime_id AND current.is_current
        CROSS JOIN LATERAL (SELECT array_remove(ARRAY[
          CASE WHEN staged.crime_type <> current.crime_type THEN 'crime_type' END,
          CASE WHEN staged.description <> current.description THEN 'description' END,
          CASE WHEN abs(staged.lat - current.lat) > %(place_deg)s THEN 'lat' END,
          CASE WHEN abs(staged.lon - current.lon) > %(place_deg)s THEN 'lon' END,
          CASE WHEN abs(staged.place_uncertainty_m - current.place_uncertainty_m) > %(uncertainty_m)s
            THEN 'place_uncertainty_m' END,
          CASE WHEN staged.windows <> current.windows THEN 'windows' END], NULL) AS changed_fields) compared
        WHERE NOT %(refused)s
        """,
        {
            "force": header.force,
            "refused": header.is_refused,
            "place_deg": PLACE_DEG,
            "uncertainty_m": UNCERTAINTY_M,
        },
    )
    cursor.execute("ANALYZE decided")


def _insert_batch(cursor: Cursor, header: BatchHeader, way: Way, imported_by: str) -> int:
    cursor.execute(
        """
        WITH counted AS (
          SELECT count(*) FILTER (WHERE outcome = 'new') AS new, count(*) FILTER (WHERE outcome = 'changed') AS changed,
                 count(*) FILTER (WHERE outcome = 'unchanged') AS unchanged
          FROM decided),
        wrong AS (SELECT count(DISTINCT row_number) AS rows, count(*) AS errors FROM staged_errors)
        INSERT INTO crime_batches (force, reference, content_hash, format, received_by, imported_by, state,
                                   row_count, new_count, changed_count, unchanged_count, error_count)
        SELECT %s, %s, %s, %s, %s, %s,
               CASE WHEN new + changed + unchanged = 0 THEN 'refused'
                    WHEN errors > 0 THEN 'partial' ELSE 'accepted' END,
               %s, new, changed, unchanged, rows
        FROM counted, wrong
        RETURNING crime_batch_id
        """,
        (header.force, header.reference, header.content_hash, header.format, way, imported_by, header.row_count),
    )
    batch_id: int = fetch_one(cursor)[0]
    cursor.execute(
        "INSERT INTO crime_batch_errors (crime_batch_id, place, row_number, field, value, problem, remedy)"
        " SELECT %s, row_number() OVER (ORDER BY row_number NULLS FIRST, place), row_number, field, value, problem,"
        " remedy FROM staged_errors",
        (batch_id,),
    )
    return batch_id


def _insert_versions(cursor: Cursor, force: str, batch_id: int, revision: int, imported_by: str) -> bool:
    """Whether anything is new or changed; each such version waits to be matched."""
    cursor.execute(
        "INSERT INTO crimes (force, reference)"
        " SELECT %s, reference FROM decided WHERE crime_id IS NULL ORDER BY row_number",
        (force,),
    )
    cursor.execute(
        "UPDATE crime_versions SET is_current = false FROM decided"
        " WHERE crime_version_id = decided.previous_id AND decided.outcome = 'changed'"
    )
    cursor.execute(
        """
        INSERT INTO crime_versions (crime_id, version, crime_batch_id, row_number, crime_type, description, lat, lon,
                                    place_uncertainty_m, from_time, to_time, windows, notes, given, changed_fields,
                                    revision)
        SELECT crime.crime_id, coalesce(decided.version, 0) + 1, %s, row_number, crime_type, description, lat, lon,
               place_uncertainty_m, from_time, to_time, windows, notes, given, changed_fields, %s
        FROM decided JOIN crimes crime ON crime.force = %s AND crime.reference = decided.reference
        WHERE outcome <> 'unchanged'
        ORDER BY row_number
        """,
        (batch_id, revision, force),
    )
    if cursor.rowcount == 0:
        return False
    cursor.execute(
        "INSERT INTO matching_wanted (crime_version_id, cause, requested_by)"
        " SELECT crime_version_id, 'imported', %s FROM crime_versions WHERE crime_batch_id = %s",
        (imported_by, batch_id),
    )
    return True


def _publish(cursor: Cursor, batch_id: int, revision: int, lock_timeout_ms: int) -> None:
    """Take the registry's lock, last of all, and with it the revision that the versions carry already.

    Where another edit took that number meanwhile, the lock is given back while the versions are given the next one.
    """
    for _ in range(REGISTRY_TRIES):
        cursor.execute("SAVEPOINT before_lock")
        following = _following_revision(cursor, lock_timeout_ms)
        if following == revision:
            next_revision(cursor)
            return
        cursor.execute("ROLLBACK TO SAVEPOINT before_lock")
        if following is not None:
            revision = following
            cursor.execute("UPDATE crime_versions SET revision = %s WHERE crime_batch_id = %s", (revision, batch_id))
    raise UnavailableError("the registry is busy: nothing was imported, try again in a moment")


def _following_revision(cursor: Cursor, lock_timeout_ms: int) -> int | None:
    """Under the lock; None where it is not had in time."""
    try:
        lock_registry_for_edit(cursor, lock_timeout_ms)
    except UnavailableError:
        return None
    return read_revision(cursor) + 1
