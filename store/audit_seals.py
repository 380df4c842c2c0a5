"""The chain of seals over the audit, and the rows as they are sealed: the same text whatever a session's settings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg2 import Binary

from store.database import Cursor, fetch_one

SealedFields = tuple[str | None, ...]
"""A row's columns as text, its ``audit_id`` first; times are microseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Place:
    """The last row that a seal reached, in the order of sealing; the number of its transaction may exceed 63 bits."""

    timeline: int
    written_by: int
    audit_id: int


BEFORE_ALL = Place(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Seal:
    seal_id: int
    sealed_at: datetime
    previous_hash: bytes
    audit_ids: list[int]
    leaves: bytes  # 32 a row, in the order of audit_ids
    rows_before: int  # of the whole chain, what was pruned included
    newest_at: datetime
    reached: Place
    hash: bytes
    signature: bytes | None

    @property
    def rows_sealed(self) -> int:
        return self.rows_before + len(self.audit_ids)


@dataclass(frozen=True, slots=True)
class Pruning:
    """What retention took away: the chain up to a seal."""

    through_seal: int
    through_hash: bytes
    reached: Place
    rows_before: int
    pruned_at: datetime
    pruned_by: str
    is_recorded: bool  # whether the audit holds the record of it


@dataclass(frozen=True, slots=True)
class UnsealedRow:
    place: Place
    happened_at: datetime
    fields: SealedFields


_FIELDS = """
    audit_id::text, trunc(extract(epoch FROM happened_at) * 1000000)::text, subject, role, action, outcome, purpose,
    request_id, person_id::text, trunc(extract(epoch FROM window_from) * 1000000)::text,
    trunc(extract(epoch FROM window_to) * 1000000)::text, row_count::text, detail::text, person_ids::text
"""
_SEAL = """
    SELECT seal_id, sealed_at, previous_hash, audit_ids, leaves, rows_before, newest_at, timeline,
           last_written_by::text, last_audit_id, hash, signature
    FROM audit_seals
"""

_IN_NO_SEAL = """NOT EXISTS (
    SELECT FROM (SELECT unnest(audit_ids) AS sealed_id FROM audit_seals) sealed WHERE sealed_id = audit_log.audit_id)"""


def newest_seal(cursor: Cursor) -> Seal | None:
    cursor.execute(f"{_SEAL} ORDER BY seal_id DESC LIMIT 1")
    row = cursor.fetchone()
    return None if row is None else _seal(row)


def seals_after(cursor: Cursor, seal_id: int, limit: int) -> list[Seal]:
    cursor.execute(f"{_SEAL} WHERE seal_id > %s ORDER BY seal_id LIMIT %s", (seal_id, limit))
    return [_seal(row) for row in cursor.fetchall()]


def hashes_of(cursor: Cursor, seal_ids: Sequence[int]) -> dict[int, bytes]:
    """Those of the seals that are there."""
    cursor.execute("SELECT seal_id, hash FROM audit_seals WHERE seal_id = ANY (%s)", (list(seal_ids),))
    return {seal_id: bytes(found) for seal_id, found in cursor.fetchall()}


def insert_seal(cursor: Cursor, seal: Seal) -> None:
    cursor.execute(
        "INSERT INTO audit_seals VALUES (%s, %s, %s, %s::bigint[], %s, %s, %s, %s, %s::xid8, %s, %s, %s)",
        (
            seal.seal_id,
            seal.sealed_at,
            Binary(seal.previous_hash),
            seal.audit_ids,
            Binary(seal.leaves),
            seal.rows_before,
            seal.newest_at,
            seal.reached.timeline,
            str(seal.reached.written_by),
            seal.reached.audit_id,
            Binary(seal.hash),
            None if seal.signature is None else Binary(seal.signature),
        ),
    )


def rows_to_seal(cursor: Cursor, reached: Place, limit: int) -> list[UnsealedRow]:
    """In the order of sealing, behind ``reached``: rows of transactions before which nothing more can come.

    A visible row of a transaction that this server has not begun came with a database brought back from another one. To
    a timeline that is over nothing is added, whatever its transactions' numbers are here.
    """
    cursor.execute(
        f"SELECT timeline, written_by::text, happened_at, {_FIELDS} FROM audit_log"  # noqa: S608 -- columns of this file
        " WHERE (timeline, written_by, audit_id) > (%s::smallint, %s::xid8, %s)"
        " AND (written_by < pg_snapshot_xmin(pg_current_snapshot())"
        " OR written_by >= pg_snapshot_xmax(pg_current_snapshot())"
        " OR timeline < (SELECT max(timeline) FROM audit_log))"
        " ORDER BY audit_log.timeline, audit_log.written_by, audit_log.audit_id LIMIT %s",
        (reached.timeline, str(reached.written_by), reached.audit_id, limit),
    )
    return [_unsealed(row) for row in cursor.fetchall()]


def oldest_unsealed(cursor: Cursor, reached: Place) -> datetime | None:
    """When the first row happened that is not sealed, whether or not it can be yet."""
    cursor.execute(
        "SELECT happened_at FROM audit_log WHERE (timeline, written_by, audit_id) > (%s::smallint, %s::xid8, %s)"
        " ORDER BY audit_log.timeline, audit_log.written_by, audit_log.audit_id LIMIT 1",
        (reached.timeline, str(reached.written_by), reached.audit_id),
    )
    row = cursor.fetchone()
    return None if row is None else row[0]


def is_of_another_server(cursor: Cursor, reached: Place) -> bool:
    """Whether the last seal knows a transaction that this server has not come to yet."""
    cursor.execute("SELECT %s::xid8 >= pg_snapshot_xmax(pg_current_snapshot())", (str(reached.written_by),))
    return bool(fetch_one(cursor)[0])


def begin_timeline(cursor: Cursor) -> int:
    """Rows that are written from the commit on are of a new timeline; its number. Nobody writes until then."""
    cursor.execute("SELECT begin_audit_timeline()")
    begun: int = fetch_one(cursor)[0]
    return begun


def turn_timeline(cursor: Cursor) -> None:
    """For the owner, after a database took in another one's audit: what is written from now on comes behind it."""
    cursor.execute("SELECT turn_audit_timeline()")


def all_rows_in_no_seal(cursor: Cursor) -> list[UnsealedRow]:
    """Reads the whole audit: once after a database was brought back into another server."""
    cursor.execute(
        f"SELECT timeline, written_by::text, happened_at, {_FIELDS} FROM audit_log"  # noqa: S608 -- columns of this file
        f" WHERE {_IN_NO_SEAL}"
        " ORDER BY audit_log.timeline, audit_log.written_by, audit_log.audit_id"
    )
    return [_unsealed(row) for row in cursor.fetchall()]


def strays(cursor: Cursor, reached: Place, limit: int) -> list[int]:
    """Rows at or before the place that the chain has reached which are in no seal."""
    cursor.execute(
        "SELECT audit_id FROM audit_log WHERE (timeline, written_by, audit_id) <= (%s::smallint, %s::xid8, %s)"  # noqa: S608 -- a condition of this file
        f" AND {_IN_NO_SEAL} ORDER BY audit_id LIMIT %s",
        (reached.timeline, str(reached.written_by), reached.audit_id, limit),
    )
    return [audit_id for (audit_id,) in cursor.fetchall()]


def count_unsealed(cursor: Cursor, reached: Place) -> int:
    cursor.execute(
        "SELECT count(*) FROM audit_log WHERE (timeline, written_by, audit_id) > (%s::smallint, %s::xid8, %s)",
        (reached.timeline, str(reached.written_by), reached.audit_id),
    )
    count: int = fetch_one(cursor)[0]
    return count


def fields_of(cursor: Cursor, audit_ids: Sequence[int]) -> Iterator[SealedFields]:
    """Of the rows that are there, in no order."""
    cursor.execute(
        f"SELECT {_FIELDS} FROM audit_log WHERE audit_id = ANY (%s::bigint[])",  # noqa: S608 -- columns of this file
        (list(audit_ids),),
    )
    yield from cursor.fetchall()


def newest_pruning(cursor: Cursor) -> Pruning | None:
    cursor.execute(
        """
        SELECT through_seal, through_hash, timeline, last_written_by::text, last_audit_id, rows_before, pruned_at,
               pruned_by, EXISTS (
                 SELECT FROM audit_log record
                 WHERE record.audit_id = audit_prunings.audit_id AND action = 'audit.prune'
                   AND detail ->> 'through_hash' = encode(through_hash, 'hex'))
        FROM audit_prunings ORDER BY through_seal DESC LIMIT 1
        """
    )
    row = cursor.fetchone()
    if row is None:
        return None
    seal_id, found, timeline, written_by, audit_id, *rest = row
    return Pruning(seal_id, bytes(found), Place(timeline, int(written_by), audit_id), *rest)


def _seal(row: tuple[Any, ...]) -> Seal:
    seal_id, sealed_at, previous, audit_ids, leaves, before, newest, timeline, xid, last_id, found, signature = row
    return Seal(
        seal_id,
        sealed_at,
        bytes(previous),
        audit_ids,
        bytes(leaves),
        before,
        newest,
        Place(timeline, int(xid), last_id),
        bytes(found),
        None if signature is None else bytes(signature),
    )


def _unsealed(row: tuple[Any, ...]) -> UnsealedRow:
    timeline, written_by, happened_at, *fields = row
    return UnsealedRow(Place(timeline, int(written_by), int(fields[0])), happened_at, tuple(fields))
