"""Legal holds: stretches of a person's time whose data are kept until somebody releases them."""

from dataclasses import dataclass
from datetime import date, datetime

import psycopg2.errors

from ops.errors import InputError
from store.checks import checked_text
from store.database import Cursor, fetch_one
from store.locks import Lock, hold_until_commit

REASON_LENGTH = 500
_HOLD = "legal_hold_id, from_time, to_time, reason, placed_by, placed_at, review_at, evidence_id"


@dataclass(frozen=True, slots=True)
class LegalHold:
    legal_hold_id: int
    from_time: datetime
    to_time: datetime
    reason: str
    placed_by: str
    placed_at: datetime
    review_at: date | None  # when somebody asks whether it is still needed
    evidence_id: int | None  # of the bundle that it was placed for

    def __str__(self) -> str:
        return (
            f"hold {self.legal_hold_id} ({self.reason}) on {self.from_time.isoformat()} to {self.to_time.isoformat()}"
        )


@dataclass(frozen=True, slots=True)
class NewHold:
    """Both ends belong to it."""

    person_id: int
    from_time: datetime
    to_time: datetime
    reason: str
    review_at: date | None


def place_hold(cursor: Cursor, hold: NewHold, placed_by: str) -> int:
    """From its commit on nothing of that time is deleted. Raises InputError where its ends or its reason are wrong."""
    if hold.to_time < hold.from_time:
        raise InputError(f"a hold cannot end at {hold.to_time.isoformat()}, before it begins: give a later end")
    reason = checked_text("the reason", hold.reason, REASON_LENGTH)
    cursor.execute(
        "INSERT INTO legal_holds (person_id, from_time, to_time, reason, review_at, placed_by, placed_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, service_clock()) RETURNING legal_hold_id",
        (hold.person_id, hold.from_time, hold.to_time, reason, hold.review_at, placed_by),
    )
    return int(fetch_one(cursor)[0])


def keep_deletions_out(cursor: Cursor) -> None:
    """Before what is read that a hold is placed on in the same transaction: none of it is deleted in between."""
    hold_until_commit(cursor, Lock.RETENTION)


def keep_holds_out(cursor: Cursor) -> None:
    """First in each transaction that deletes: a hold is seen by it, or comes after its commit."""
    cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", (Lock.RETENTION,))


def holds_on(cursor: Cursor, person_id: int) -> list[LegalHold]:
    """Those in force: nothing of these times may be deleted, and none of their original bytes erased."""
    cursor.execute(
        f"SELECT {_HOLD} FROM legal_holds WHERE person_id = %s AND released_at IS NULL ORDER BY legal_hold_id",  # noqa: S608  names of this file
        (person_id,),
    )
    return [LegalHold(*row) for row in cursor.fetchall()]


def list_holds(cursor: Cursor) -> list[tuple[str, LegalHold]]:
    """Those in force, the oldest first, each with its person's CRN."""
    cursor.execute(
        f"SELECT crn, {_HOLD} FROM legal_holds JOIN people USING (person_id)"  # noqa: S608  names of this file
        " WHERE released_at IS NULL ORDER BY legal_hold_id"
    )
    return [(crn, LegalHold(*hold)) for crn, *hold in cursor.fetchall()]


def release_hold(cursor: Cursor, legal_hold_id: int, released_by: str, reason: str | None = None) -> int | None:
    """The person whose hold it was; None where there is none in force.

    Raises InputError for whoever placed it, and without a reason, unless it was placed for a bundle of evidence.
    """
    if reason is None and _was_placed(cursor, legal_hold_id):
        raise InputError(
            f"hold {legal_hold_id} is none of evidence: whoever releases it says why, with `cordon holds release`"
        )
    stated = None if reason is None else checked_text("the reason", reason, REASON_LENGTH)
    try:
        cursor.execute(
            "UPDATE legal_holds SET released_by = %s, released_at = service_clock(), release_reason = %s"
            " WHERE legal_hold_id = %s AND released_at IS NULL RETURNING person_id",
            (released_by, stated, legal_hold_id),
        )
    except psycopg2.errors.CheckViolation:
        raise InputError("whoever placed a hold does not release it: somebody else does") from None
    row = cursor.fetchone()
    return row[0] if row else None


def _was_placed(cursor: Cursor, legal_hold_id: int) -> bool:
    cursor.execute(
        "SELECT EXISTS (SELECT FROM legal_holds"
        " WHERE legal_hold_id = %s AND evidence_id IS NULL AND released_at IS NULL)",
        (legal_hold_id,),
    )
    return bool(fetch_one(cursor)[0])
