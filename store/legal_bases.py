"""Legal bases: drafted by one person, decided by another, ended. What they open is the database's (migration 0038)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from model.legal_bases import LegalBasisKind, LegalBasisStatus
from model.plain_text import misleads
from model.times import EARLIEST, LATEST
from ops.errors import InputError
from store.checks import checked_text
from store.clock import service_now
from store.condition_decisions import SamePersonError, checked_reason
from store.database import Cursor, fetch_one

LONGEST_REFERENCE = 100
LONGEST_WORDING = 10_000
MOST = 1000
"""Of one person."""


class LegalBasisConflictError(InputError):
    """It is no longer what the caller took it for."""


@dataclass(frozen=True, slots=True)
class LegalBasisDraft:
    """What somebody wants to be a basis, for ``[starts_at, ends_at)``."""

    kind: LegalBasisKind
    reference: str
    wording: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class StoredLegalBasis:
    legal_basis_id: int
    person_id: int
    crn: str
    kind: LegalBasisKind
    reference: str
    wording: str
    starts_at: datetime
    ends_at: datetime
    status: LegalBasisStatus
    drafted_by: str
    drafted_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    ended_by: str | None
    ended_at: datetime | None
    closed_at: datetime | None


_BASES = (
    "SELECT legal_basis_id, basis.person_id, crn, kind, basis.reference, wording, lower(during), upper(during), status,"
    " drafted_by, drafted_at, decided_by, decided_at, reason, ended_by, basis.ended_at, closed_at"
    " FROM legal_bases basis JOIN people person USING (person_id)"
)


def list_legal_bases(cursor: Cursor, person_id: int | None = None) -> list[StoredLegalBasis]:
    """Of one person or of everybody whom the caller sees, the newest MOST first."""
    cursor.execute(
        f"{_BASES} WHERE %(person)s::bigint IS NULL OR basis.person_id = %(person)s"
        " ORDER BY legal_basis_id DESC LIMIT %(most)s",
        {"person": person_id, "most": MOST},
    )
    return [_basis(row) for row in cursor.fetchall()]


def find_legal_basis(cursor: Cursor, legal_basis_id: int) -> StoredLegalBasis | None:
    cursor.execute(f"{_BASES} WHERE legal_basis_id = %s", (legal_basis_id,))
    row = cursor.fetchone()
    return None if row is None else _basis(row)


def draft_legal_basis(cursor: Cursor, person_id: int, draft: LegalBasisDraft, drafted_by: str) -> StoredLegalBasis:
    """It opens nothing until it is approved. Raises InputError where a field is wrong."""
    reference = checked_text("the reference", draft.reference, LONGEST_REFERENCE)
    wording = draft.wording.strip()
    if not 1 <= len(wording) <= LONGEST_WORDING or misleads(wording, kept="\n\t"):
        raise InputError(f"the wording is empty, longer than {LONGEST_WORDING} characters, or holds signs not shown")
    if not EARLIEST <= draft.starts_at < draft.ends_at <= LATEST:
        raise InputError("a legal basis has a start and an end after it: give times between 1970 and 2200")
    cursor.execute(
        "INSERT INTO legal_bases (person_id, kind, reference, wording, during, drafted_by)"
        " VALUES (%s, %s, %s, %s, tstzrange(%s, %s), %s) RETURNING legal_basis_id",
        (person_id, draft.kind.value, reference, wording, draft.starts_at, draft.ends_at, drafted_by),
    )
    return _there(cursor, fetch_one(cursor)[0])


def approve_legal_basis(cursor: Cursor, legal_basis_id: int, approved_by: str) -> StoredLegalBasis:
    """Let the times of the basis be looked at, past ones too: crimes of them are matched anew.

    Raises SamePersonError and LegalBasisConflictError.
    """
    _lock_draft(cursor, legal_basis_id, approved_by)
    return _decide(cursor, legal_basis_id, LegalBasisStatus.LIVE, approved_by, None)


def refuse_legal_basis(cursor: Cursor, legal_basis_id: int, refused_by: str, reason: str) -> StoredLegalBasis:
    """Say no, and why. Raises SamePersonError (whoever drafted it withdraws it) and LegalBasisConflictError."""
    reason = checked_reason(reason)
    _lock_draft(cursor, legal_basis_id, refused_by)
    return _decide(cursor, legal_basis_id, LegalBasisStatus.REFUSED, refused_by, reason)


def withdraw_legal_basis(cursor: Cursor, legal_basis_id: int, withdrawn_by: str) -> StoredLegalBasis:
    """Take the draft back. Raises LegalBasisConflictError."""
    _lock_draft(cursor, legal_basis_id, None)
    return _decide(cursor, legal_basis_id, LegalBasisStatus.WITHDRAWN, withdrawn_by, None)


def end_legal_basis(
    cursor: Cursor, legal_basis_id: int, at: datetime | None, reason: str, ended_by: str
) -> StoredLegalBasis:
    """Let it hold no longer from ``at`` on, now where left out; an earlier end than the one before is taken, too.

    Where it lies in the past, crimes of the time since are matched anew. Raises LegalBasisConflictError where it is not
    live, and InputError for an end that is no earlier than its own.
    """
    reason = checked_reason(reason)
    basis = _locked(cursor, legal_basis_id)
    if basis.status not in {LegalBasisStatus.LIVE, LegalBasisStatus.ENDED}:
        raise LegalBasisConflictError(f"legal basis {legal_basis_id} is {basis.status}: there is nothing live to end")
    at = max(at or service_now(cursor), basis.starts_at)
    ends_at = basis.ended_at or basis.ends_at
    if at >= ends_at:
        raise InputError(f"it ends at {ends_at.isoformat()} already: give an earlier time")
    cursor.execute(
        "UPDATE legal_bases SET status = 'ended', ended_by = %s, ended_at = %s, closed_at = service_clock(),"
        " reason = %s WHERE legal_basis_id = %s",
        (ended_by, at, reason, legal_basis_id),
    )
    return _there(cursor, legal_basis_id)


def _lock_draft(cursor: Cursor, legal_basis_id: int, decider: str | None) -> None:
    """Raises SamePersonError where the decider wrote it, however they are written; None may be anybody."""
    basis = _locked(cursor, legal_basis_id)
    if basis.status is not LegalBasisStatus.DRAFT:
        raise LegalBasisConflictError(f"legal basis {legal_basis_id} is {basis.status}: it was decided on before")
    cursor.execute("SELECT same_subject(%s, %s)", (decider, basis.drafted_by))
    if fetch_one(cursor)[0]:
        raise SamePersonError(decider or "")


def _decide(
    cursor: Cursor, legal_basis_id: int, status: LegalBasisStatus, decided_by: str, reason: str | None
) -> StoredLegalBasis:
    cursor.execute(
        "UPDATE legal_bases SET status = %s, decided_by = %s, decided_at = service_clock(), reason = %s"
        " WHERE legal_basis_id = %s",
        (status.value, decided_by, reason, legal_basis_id),
    )
    return _there(cursor, legal_basis_id)


def _locked(cursor: Cursor, legal_basis_id: int) -> StoredLegalBasis:
    cursor.execute("SELECT FROM legal_bases WHERE legal_basis_id = %s FOR UPDATE", (legal_basis_id,))
    return _there(cursor, legal_basis_id)


def _there(cursor: Cursor, legal_basis_id: int) -> StoredLegalBasis:
    found = find_legal_basis(cursor, legal_basis_id)
    if found is None:
        raise InputError(f"there is no legal basis {legal_basis_id}")
    return found


def _basis(row: Sequence[Any]) -> StoredLegalBasis:
    number, person_id, crn, kind, reference, wording, starts_at, ends_at, status, *rest = row
    return StoredLegalBasis(
        number,
        person_id,
        crn,
        LegalBasisKind(kind),
        reference,
        wording,
        starts_at,
        ends_at,
        LegalBasisStatus(status),
        *rest,
    )
