"""Zones are published in versions. A batch of positions sees an edit whole or not at all: both hold the registry lock.

What is published is never changed: an edit closes the version before and adds one. A fix is judged by the version that
was valid at its time, so an edit says from when it holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import psycopg2.errors
from psycopg2.extras import Json, execute_values

from geofence.drafts import ZoneDraft
from geofence.geojson import to_geojson
from ops.errors import InputError, UnavailableError
from store.database import Cursor
from store.locks import limit_lock_wait
from store.registry import lock_registry_exclusive, next_revision

LOCK_TIMEOUT_MS = 3000
LONGEST_REFERENCE = 100
LONGEST_NAME = 200


class Outcome(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class PublishedZone:
    reference: str
    version: int
    outcome: Outcome
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class ZoneRefusal:
    """Why a zone whose own content is right cannot be published here."""

    reference: str
    value: str
    remedy: str

    def __str__(self) -> str:
        return f"zone {self.reference}: {self.value}; {self.remedy}"


class ZonesRefusedError(InputError):
    """Nothing was published; ``refusals`` holds every reason."""

    def __init__(self, refusals: Sequence[ZoneRefusal]) -> None:
        super().__init__("\n".join(map(str, refusals)))
        self.refusals = tuple(refusals)


@dataclass(frozen=True, slots=True)
class _Current:
    """A zone's latest version, as it is stored."""

    zone_id: int
    person_id: int | None
    version: int
    name: str
    kind: str
    geometry: dict[str, Any]
    valid_from: datetime
    valid_to: datetime | None
    active_from: datetime | None
    active_to: datetime | None


@dataclass(frozen=True, slots=True)
class _Decision:
    draft: ZoneDraft
    current: _Current | None
    owner: int | None
    outcome: Outcome
    valid_from: datetime
    valid_to: datetime | None = None
    closes_current: bool = False

    @property
    def version(self) -> int:
        before = self.current.version if self.current else 0
        return before if self.outcome is Outcome.UNCHANGED else before + 1


def publish_zones(
    cursor: Cursor, drafts: Sequence[ZoneDraft], created_by: str, now: datetime, lock_timeout_ms: int = LOCK_TIMEOUT_MS
) -> list[PublishedZone]:
    """Publish all of ``drafts``, or nothing; what is there already stays as it is.

    Raises ZonesRefusedError with every reason, and UnavailableError when the registry's lock is not had in time.
    """
    _lock(cursor, lock_timeout_ms)
    owners = _owners(cursor, sorted({draft.crn for draft in drafts if draft.crn is not None}))
    current = _current_versions(cursor, [draft.reference for draft in drafts])
    judged = [_judge(draft, owners, current.get(draft.reference), now) for draft in drafts]
    refusals = [one for one in judged if isinstance(one, ZoneRefusal)]
    if refusals:
        raise ZonesRefusedError(refusals)
    decisions = [one for one in judged if isinstance(one, _Decision)]
    _write(cursor, [one for one in decisions if one.outcome is not Outcome.UNCHANGED], created_by)
    return [PublishedZone(one.draft.reference, one.version, one.outcome, one.valid_from) for one in decisions]


def end_zone(
    cursor: Cursor, reference: str, at: datetime, lock_timeout_ms: int = LOCK_TIMEOUT_MS
) -> tuple[PublishedZone, bool]:
    """Let a zone's latest version end at ``at``; whether that changed anything.

    Raises InputError for an unknown zone, one that ends at another time already, or an end before its start.
    """
    _lock(cursor, lock_timeout_ms)
    current = _current_versions(cursor, [reference]).get(reference)
    if current is None:
        raise InputError(f"there is no zone {reference}: `cordon zones list` shows them")
    if current.valid_to is not None and current.valid_to != at:
        raise InputError(f"zone {reference} ends at {current.valid_to.isoformat()} already: that stays as it is")
    if at < current.valid_from:
        raise InputError(f"zone {reference} holds from {current.valid_from.isoformat()}: it cannot end before that")
    changes = current.valid_to is None
    if changes:
        cursor.execute(
            "UPDATE zone_versions SET valid_to = %s, revision = %s WHERE zone_id = %s AND version = %s",
            (at, next_revision(cursor), current.zone_id, current.version),
        )
    outcome = Outcome.CHANGED if changes else Outcome.UNCHANGED
    return PublishedZone(reference, current.version, outcome, current.valid_from), changes


def _lock(cursor: Cursor, timeout_ms: int) -> None:
    try:
        limit_lock_wait(cursor, timeout_ms)
        lock_registry_exclusive(cursor)
    except psycopg2.errors.LockNotAvailable:
        raise UnavailableError("the registry is busy: nothing was changed, try again in a moment") from None


def _judge(
    draft: ZoneDraft, owners: dict[str, int], current: _Current | None, now: datetime
) -> _Decision | ZoneRefusal:
    """What publishing the draft means, given what is there."""
    for field, value, longest in (
        ("reference", draft.reference, LONGEST_REFERENCE),
        ("name", draft.name, LONGEST_NAME),
    ):
        if len(value) > longest:
            found = f"the {field} has {len(value)} characters"
            return ZoneRefusal(draft.reference[:LONGEST_REFERENCE], found, f"give at most {longest}")
    owner = None if draft.crn is None else owners.get(draft.crn)
    if draft.crn is not None and owner is None:
        return ZoneRefusal(draft.reference, f"nobody has the CRN {draft.crn}", "correct it, or add the person first")
    if current is None:
        first = draft.valid_from or draft.active_from or now
        return _Decision(draft, None, owner, Outcome.CREATED, first)
    if owner != current.person_id:
        return ZoneRefusal(
            draft.reference, "the zone belongs to someone else", "a zone keeps its owner: choose another reference"
        )
    if draft.valid_from is not None and draft.valid_from < current.valid_from:
        return ZoneRefusal(
            draft.reference,
            f"valid_from {draft.valid_from.isoformat()} is before the current version's",
            f"give {current.valid_from.isoformat()} or later, or leave it out",
        )
    return _judge_edit(draft, owner, current, now)


def _judge_edit(draft: ZoneDraft, owner: int | None, current: _Current, now: datetime) -> _Decision | ZoneRefusal:
    ended = current.valid_to is not None and current.valid_to <= (draft.valid_from or now)
    reopens = ended and draft.valid_from is not None
    if _content_of(draft) == _stored_content(current) and not reopens:
        return _Decision(draft, current, owner, Outcome.UNCHANGED, current.valid_from)
    if ended and not reopens:
        return ZoneRefusal(draft.reference, "the zone has ended", "give valid_from to open it again from then")
    return _Decision(
        draft,
        current,
        owner,
        Outcome.CHANGED,
        draft.valid_from or max(now, current.valid_from),
        valid_to=None if ended else current.valid_to,  # an end that was set stays set
        closes_current=not ended,
    )


def _content_of(draft: ZoneDraft) -> tuple[object, ...]:
    return draft.name, draft.kind.value, to_geojson(draft.geometry), draft.active_from, draft.active_to


def _stored_content(current: _Current) -> tuple[object, ...]:
    return current.name, current.kind, current.geometry, current.active_from, current.active_to


def _owners(cursor: Cursor, crns: list[str]) -> dict[str, int]:
    cursor.execute("SELECT crn, person_id_of_crn(crn) FROM unnest(%s::text[]) AS crn", (crns,))
    return {crn: person_id for crn, person_id in cursor.fetchall() if person_id is not None}


def _current_versions(cursor: Cursor, references: Sequence[str]) -> dict[str, _Current]:
    cursor.execute(
        """
        SELECT DISTINCT ON (zone.zone_id) zone.reference, zone.zone_id, zone.person_id, version.version, version.name,
               version.kind, version.geometry, version.valid_from, version.valid_to, version.active_from,
               version.active_to
        FROM zones zone JOIN zone_versions version USING (zone_id)
        WHERE zone.reference = ANY (%s)
        ORDER BY zone.zone_id, version.version DESC
        """,
        (list(references),),
    )
    return {row[0]: _Current(*row[1:]) for row in cursor.fetchall()}


def _write(cursor: Cursor, decisions: Sequence[_Decision], created_by: str) -> None:
    if not decisions:
        return
    revision = next_revision(cursor)
    created = _insert_zones(cursor, [one for one in decisions if one.current is None])
    _close_versions(cursor, [one for one in decisions if one.closes_current], revision)
    execute_values(
        cursor,
        "INSERT INTO zone_versions (zone_id, version, name, kind, geometry, valid_from, valid_to, active_from,"
        " active_to, revision, created_by) VALUES %s",
        [
            (
                one.current.zone_id if one.current else created[one.draft.reference],
                one.version,
                one.draft.name,
                one.draft.kind.value,
                Json(to_geojson(one.draft.geometry)),
                one.valid_from,
                one.valid_to,
                one.draft.active_from,
                one.draft.active_to,
                revision,
                created_by,
            )
            for one in decisions
        ],
    )


def _insert_zones(cursor: Cursor, decisions: Sequence[_Decision]) -> dict[str, int]:
    """The identifiers of new zones by their references."""
    if not decisions:
        return {}
    rows = execute_values(
        cursor,
        "INSERT INTO zones (reference, person_id) VALUES %s RETURNING reference, zone_id",
        [(one.draft.reference, one.owner) for one in decisions],
        template="(%s, %s::bigint)",
        fetch=True,
    )
    return dict(rows)


def _close_versions(cursor: Cursor, decisions: Sequence[_Decision], revision: int) -> None:
    execute_values(
        cursor,
        "UPDATE zone_versions SET valid_to = closing.valid_to, revision = closing.revision"
        " FROM (VALUES %s) AS closing (zone_id, version, valid_to, revision)"
        " WHERE zone_versions.zone_id = closing.zone_id AND zone_versions.version = closing.version",
        [(one.current.zone_id, one.current.version, one.valid_from, revision) for one in decisions if one.current],
        template="(%s::bigint, %s::integer, %s::timestamptz, %s::bigint)",
    )
