"""Exports about one person: asked for, prepared, reviewed by somebody else, released."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg2.errors
from psycopg2.extras import Json

from ops.errors import InputError
from store.checks import checked_text
from store.database import Cursor, fetch_one

Kind = Literal["subject", "court"]
Decision = Literal["released", "refused"]
PART_BYTES = 1_048_576
KEPT_DAYS = 30
LONGEST_REASON, LONGEST_NOTE = 500, 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """``from_time`` and ``to_time`` are of a court's export; a subject's has none, for it is of everything."""

    kind: Kind
    person_id: int
    reason: str
    from_time: datetime | None = None
    to_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Redaction:
    """What was left out or replaced, in words, and how often: for whoever reviews it."""

    what: str
    words: str
    count: int


@dataclass(frozen=True, slots=True)
class Archive:
    """What a preparation made."""

    sha256: bytes
    manifest_sha256: bytes
    key_fingerprint: str | None
    byte_count: int
    redactions: tuple[Redaction, ...]


@dataclass(frozen=True, slots=True)
class StoredExport:
    export_id: int
    kind: Kind
    person_id: int
    from_time: datetime | None
    to_time: datetime | None
    reason: str
    requested_by: str
    requested_at: datetime
    due_at: datetime | None
    state: str
    redactions: list[dict[str, Any]] | None
    byte_count: int | None
    sha256: str | None
    manifest_sha256: str | None
    key_fingerprint: str | None
    prepared_at: datetime | None
    expires_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    note: str | None


_EXPORTS = """
    SELECT export_id, kind, person_id, from_time, to_time, reason, requested_by, requested_at, due_at, state,
           redactions, byte_count, encode(sha256, 'hex'), encode(manifest_sha256, 'hex'), key_fingerprint, prepared_at,
           expires_at, decided_by, decided_at, note
    FROM exports
"""


def ask_export(cursor: Cursor, wanted: Wanted, asked_by: str) -> StoredExport:
    """Raises InputError where the times are not those of its kind, or the reason is no text."""
    reason = checked_text("the reason", wanted.reason, LONGEST_REASON)
    _check_window(wanted)
    try:
        cursor.execute(
            "INSERT INTO exports (kind, person_id, from_time, to_time, reason, requested_by, due_at)"
            " VALUES (%s, %s, %s, %s, %s, %s,"
            " CASE %s WHEN 'subject' THEN service_clock() + interval '1 month' END) RETURNING export_id",
            (
                wanted.kind,
                wanted.person_id,
                wanted.from_time,
                wanted.to_time,
                reason,
                asked_by,
                wanted.kind,
            ),
        )
    except psycopg2.errors.ForeignKeyViolation:
        raise InputError("there is no such person") from None
    asked = find_export(cursor, fetch_one(cursor)[0])
    if asked is None:
        raise LookupError("an export that was just asked for cannot be read")
    return asked


def find_export(cursor: Cursor, export_id: int) -> StoredExport | None:
    cursor.execute(f"{_EXPORTS} WHERE export_id = %s", (export_id,))
    row = cursor.fetchone()
    return StoredExport(*row) if row else None


def asked_by(cursor: Cursor, export_id: int, subject: str) -> bool:
    """Whether it was this subject, however they write themselves."""
    cursor.execute("SELECT same_subject(requested_by, %s) FROM exports WHERE export_id = %s", (subject, export_id))
    return bool(fetch_one(cursor)[0])


def list_exports(cursor: Cursor, before: int | None, limit: int) -> list[StoredExport]:
    """The newest first, from behind the one with the id ``before``."""
    cursor.execute(
        f"{_EXPORTS} WHERE (%(before)s::bigint IS NULL OR export_id < %(before)s)"
        " ORDER BY export_id DESC LIMIT %(limit)s",
        {"before": before, "limit": limit},
    )
    return [StoredExport(*row) for row in cursor.fetchall()]


def review_export(
    cursor: Cursor, export_id: int, decision: Decision, note: str, sha256: str, decided_by: str
) -> StoredExport | None:
    """Decide on exactly the archive that was looked at; None where there is no such export for the caller.

    Raises InputError where it is not prepared, is another archive, or was asked for by the one who decides.
    """
    note = checked_text("the note", note, LONGEST_NOTE)
    found = find_export(cursor, export_id)
    if found is None:
        return None
    _refuse_undecidable(found, sha256)
    try:
        cursor.execute(
            "UPDATE exports SET state = %s, decided_by = %s, decided_at = service_clock(), note = %s"
            " WHERE export_id = %s AND state = 'prepared' AND expires_at > service_clock()"
            " AND encode(sha256, 'hex') = %s",
            (decision, decided_by, note, export_id, sha256),
        )
    except psycopg2.errors.CheckViolation:
        raise InputError("you asked for this export yourself: somebody else has to review it") from None
    if cursor.rowcount != 1:
        raise InputError("its time is over, or somebody else decided meanwhile: ask for it anew")
    return find_export(cursor, export_id)


def _refuse_undecidable(found: StoredExport, sha256: str) -> None:
    if found.state != "prepared":
        raise InputError(f"this export is {found.state}: only a prepared one is decided on")
    if found.sha256 != sha256:
        raise InputError("this is not the archive that you looked at: read it again, and give its sha256")


def next_export(cursor: Cursor, export_id: int | None = None) -> StoredExport | None:
    """The one that has waited longest, or only that with the id, held until the transaction ends."""
    cursor.execute(
        f"{_EXPORTS} WHERE state = 'requested' AND (%(one)s::bigint IS NULL OR export_id = %(one)s)"
        " ORDER BY export_id LIMIT 1 FOR UPDATE SKIP LOCKED",
        {"one": export_id},
    )
    row = cursor.fetchone()
    return StoredExport(*row) if row else None


def add_part(cursor: Cursor, export_id: int, number: int, content: bytes) -> None:
    cursor.execute(
        "INSERT INTO export_parts (export_id, number, content) VALUES (%s, %s, %s)", (export_id, number, content)
    )


def note_prepared(cursor: Cursor, export_id: int, archive: Archive) -> None:
    cursor.execute(
        "UPDATE exports SET state = 'prepared', redactions = %s, byte_count = %s, sha256 = %s, manifest_sha256 = %s,"
        " key_fingerprint = %s, prepared_at = service_clock(), expires_at = service_clock() + %s * interval '1 day'"
        " WHERE export_id = %s",
        (
            Json([{"what": one.what, "words": one.words, "count": one.count} for one in archive.redactions]),
            archive.byte_count,
            archive.sha256,
            archive.manifest_sha256,
            archive.key_fingerprint,
            KEPT_DAYS,
            export_id,
        ),
    )


def delete_expired(cursor: Cursor) -> int:
    """Archives that were refused or whose time is over; how many parts they had."""
    cursor.execute(
        "DELETE FROM export_parts USING exports"
        " WHERE exports.export_id = export_parts.export_id"
        " AND (state = 'refused' OR expires_at <= service_clock())"
    )
    return cursor.rowcount


def open_archive(cursor: Cursor, export_id: int) -> int | None:
    """Record that the caller takes it; the number of its parts, or None where it is not theirs to read."""
    cursor.execute("SELECT open_export(%s)", (export_id,))
    parts: int | None = fetch_one(cursor)[0]
    return parts


def read_part(cursor: Cursor, export_id: int, number: int) -> bytes | None:
    cursor.execute("SELECT export_part(%s, %s)", (export_id, number))
    content = fetch_one(cursor)[0]
    return None if content is None else bytes(content)


def owner_parts(cursor: Cursor, export_id: int) -> Iterator[bytes]:
    """The parts in their order, one in memory at a time: for the owner."""
    number = 0
    while True:
        cursor.execute("SELECT content FROM export_parts WHERE export_id = %s AND number = %s", (export_id, number))
        row = cursor.fetchone()
        if row is None:
            return
        yield bytes(row[0])
        number += 1


def _check_window(wanted: Wanted) -> None:
    if wanted.kind == "subject":
        if wanted.from_time or wanted.to_time:
            raise InputError("a subject's request is of everything: leave from and to out")
        return
    if not wanted.from_time or not wanted.to_time or wanted.to_time <= wanted.from_time:
        raise InputError("a court's export needs from, and to after it")
