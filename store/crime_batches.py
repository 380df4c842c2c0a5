"""Police files that came in, with their errors, as far as row security shows them to the caller."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

from crimes.files.row_errors import RowError
from store.database import Cursor

ERRORS_AT_ONCE = 1000

CrimeFormat = Literal["police_csv", "csv", "geojson"]
Way = Literal["api", "command", "folder"]


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """One police file: of its ``row_count`` rows those that were new, changed, unchanged, and wrong.

    Refused, none of its rows was taken.
    """

    crime_batch_id: int
    force: str
    reference: str  # the force's own; empty where the file could not be read
    format: CrimeFormat | None  # None where the file could not be read
    received_by: Way
    imported_by: str
    imported_at: datetime
    state: Literal["accepted", "partial", "refused"]
    row_count: int
    new_count: int
    changed_count: int
    unchanged_count: int
    error_count: int


@dataclass(frozen=True, slots=True)
class StoredError:
    place: int  # in the list of the batch's errors, from 1
    error: RowError


_BATCH = f"SELECT {', '.join(one.name for one in fields(StoredBatch))} FROM crime_batches"  # noqa: S608  names of this file


def find_batch(cursor: Cursor, batch_id: int) -> StoredBatch | None:
    cursor.execute(f"{_BATCH} WHERE crime_batch_id = %s", (batch_id,))
    row = cursor.fetchone()
    return None if row is None else StoredBatch(*row)


def batch_of_content(cursor: Cursor, content_hash: bytes, force: str | None = None) -> StoredBatch | None:
    """The batch of a file with this SHA-256: the same bytes name the same force."""
    cursor.execute(
        f"{_BATCH} WHERE content_hash = %s AND (%s::text IS NULL OR force = %s) ORDER BY crime_batch_id LIMIT 1",
        (content_hash, force, force),
    )
    row = cursor.fetchone()
    return None if row is None else StoredBatch(*row)


def list_batches(cursor: Cursor, before: int | None, limit: int) -> list[StoredBatch]:
    """Newest first; those before the batch ``before``."""
    cursor.execute(
        f"{_BATCH} WHERE %s::bigint IS NULL OR crime_batch_id < %s ORDER BY crime_batch_id DESC LIMIT %s",
        (before, before, limit),
    )
    return [StoredBatch(*row) for row in cursor.fetchall()]


def list_errors(cursor: Cursor, batch_id: int, after: int, limit: int) -> list[StoredError]:
    """In the order of the rows; those after the place ``after``."""
    cursor.execute(
        "SELECT place, row_number, field, value, problem, remedy FROM crime_batch_errors"
        " WHERE crime_batch_id = %s AND place > %s ORDER BY place LIMIT %s",
        (batch_id, after, limit),
    )
    return [StoredError(place, RowError(*error)) for place, *error in cursor.fetchall()]


def all_errors(cursor: Cursor, batch_id: int) -> Iterator[RowError]:
    """Every error of the batch, some at a time."""
    page = list_errors(cursor, batch_id, 0, ERRORS_AT_ONCE)
    while page:
        yield from (one.error for one in page)
        page = list_errors(cursor, batch_id, page[-1].place, ERRORS_AT_ONCE)
