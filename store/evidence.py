"""Evidence as police see it: asked for, issued, taken away, followed by notices. Row security shows the own force's."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg2.errors

from ops.errors import InputError
from store.checks import checked_text
from store.database import Cursor, fetch_one
from store.police_matches import refusals

LONGEST = {"purpose": 500, "basis": 500, "maker": 200, "exhibit": 100}

_REMEDIES = {
    "evidence_is_confirmed": "no reviewer has confirmed this match: have it reviewed first",
    "evidence_needs_another_reviewer": "you reviewed this match yourself: somebody else has to ask for its evidence",
    "evidence_is_current": "later data changed this match: have the current one reviewed, and ask for its evidence",
}


@dataclass(frozen=True, slots=True)
class EvidenceWanted:
    """What a request states; it is printed in the bundle."""

    result_id: int
    purpose: str
    basis: str
    maker: str
    exhibit: str


@dataclass(frozen=True, slots=True)
class StoredEvidence:
    """A request and, once it is issued, its bundle; without the bundle's bytes."""

    evidence_id: int
    result_id: int
    force: str
    requested_by: str
    requested_at: datetime
    purpose: str
    basis: str
    maker: str
    exhibit: str
    state: str
    problem: str | None
    issued_at: datetime | None
    manifest_sha256: str | None
    key_fingerprint: str | None


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """Something changed of what an issued bundle says, for one who has it."""

    notice_id: int
    evidence_id: int
    cause: str
    changes: list[str]
    recipient: str
    noticed_at: datetime
    told_at: datetime | None


_EVIDENCE = """
    SELECT evidence_id, asked.result_id, asked.force, asked.requested_by, asked.requested_at, asked.purpose,
           asked.basis, asked.maker, asked.exhibit, asked.state, asked.problem, bundle.issued_at,
           encode(bundle.manifest_hash, 'hex'), bundle.key_fingerprint
    FROM evidence_requests asked LEFT JOIN evidence_bundles bundle USING (evidence_id)
"""
_NOTICES = "SELECT notice_id, evidence_id, cause, changes, recipient, noticed_at, told_at FROM evidence_notices"


def request_evidence(cursor: Cursor, wanted: EvidenceWanted) -> StoredEvidence | None:
    """Ask for a bundle, and record it; None where there is no such match for the caller.

    Raises InputError where the match is not confirmed by somebody else, or later data changed it.
    """
    given = {name: checked_text(f"the {name}", getattr(wanted, name), longest) for name, longest in LONGEST.items()}
    try:
        cursor.execute(
            "SELECT request_evidence(%s, %s, %s, %s, %s)",
            (wanted.result_id, given["purpose"], given["basis"], given["maker"], given["exhibit"]),
        )
    except psycopg2.errors.CheckViolation as error:
        raise InputError(_REMEDIES.get(error.diag.constraint_name or "", "the request is wrong")) from None
    evidence_id = fetch_one(cursor)[0]
    return None if evidence_id is None else find_evidence(cursor, evidence_id)


def find_evidence(cursor: Cursor, evidence_id: int) -> StoredEvidence | None:
    cursor.execute(f"{_EVIDENCE} WHERE evidence_id = %s", (evidence_id,))
    row = cursor.fetchone()
    return StoredEvidence(*row) if row else None


def list_evidence(cursor: Cursor, before: int | None, limit: int) -> list[StoredEvidence]:
    """The newest first, from behind the one with the id ``before``."""
    cursor.execute(
        f"{_EVIDENCE} WHERE (%(before)s::bigint IS NULL OR evidence_id < %(before)s)"
        " ORDER BY evidence_id DESC LIMIT %(limit)s",
        {"before": before, "limit": limit},
    )
    return [StoredEvidence(*row) for row in cursor.fetchall()]


def person_of_evidence(cursor: Cursor, evidence_id: int) -> int | None:
    """Whom the caller's evidence is about: for the audit."""
    cursor.execute("SELECT evidence_person(%s)", (evidence_id,))
    person_id: int | None = fetch_one(cursor)[0]
    return person_id


def take_bundle(cursor: Cursor, evidence_id: int) -> bytes | None:
    """The bundle's bytes, for police, with the receipt and the record; None where none is issued, or not theirs.

    Raises WrongStateError where the caller does not have it yet and the match no longer stands confirmed.
    """
    with refusals():
        cursor.execute("SELECT take_evidence(%s)", (evidence_id,))
    content = fetch_one(cursor)[0]
    return None if content is None else bytes(content)


def read_bundle(cursor: Cursor, evidence_id: int) -> bytes | None:
    """The bundle's bytes, for the owner; None where none is issued."""
    cursor.execute("SELECT content FROM evidence_bundles WHERE evidence_id = %s", (evidence_id,))
    row = cursor.fetchone()
    return bytes(row[0]) if row else None


def record_receipt(cursor: Cursor, evidence_id: int, recipient: str) -> None:
    """Whoever takes a bundle away is told when later data change what it says."""
    cursor.execute(
        "INSERT INTO evidence_receipts (evidence_id, recipient) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (evidence_id, recipient),
    )


def notices_of(cursor: Cursor, evidence_id: int) -> list[StoredNotice]:
    """What changed since the bundle was issued, the first change first."""
    cursor.execute(f"{_NOTICES} WHERE evidence_id = %s ORDER BY notice_id", (evidence_id,))
    return [StoredNotice(*row) for row in cursor.fetchall()]


def list_notices(cursor: Cursor, recipient: str, before: int | None, limit: int) -> list[StoredNotice]:
    """The recipient's notices, the newest first, from behind the one with the id ``before``."""
    cursor.execute(
        f"{_NOTICES} WHERE recipient = %(recipient)s AND (%(before)s::bigint IS NULL OR notice_id < %(before)s)"
        " ORDER BY notice_id DESC LIMIT %(limit)s",
        {"recipient": recipient, "before": before, "limit": limit},
    )
    return [StoredNotice(*row) for row in cursor.fetchall()]


def mark_told(cursor: Cursor, notices: Sequence[StoredNotice]) -> None:
    """The recipient reads them now."""
    cursor.execute(
        "UPDATE evidence_notices SET told_at = service_clock() WHERE notice_id = ANY (%s) AND told_at IS NULL",
        ([one.notice_id for one in notices],),
    )


def people_of_matches(cursor: Cursor, result_ids: Collection[int]) -> list[int]:
    """Whom the matches are about: the owner's, for the audit."""
    cursor.execute(
        "SELECT DISTINCT person_id FROM matching_results WHERE result_id = ANY (%s::bigint[])", (list(result_ids),)
    )
    return [person_id for (person_id,) in cursor.fetchall()]
