"""Zones are published in versions. A batch of positions sees an edit whole or not at all: both hold the registry lock.

What is published is never changed: an edit closes the version before and adds one. A fix is judged by the version that
was valid at its time, so an edit says from when it holds. Where that lies in the past, what was judged is judged anew.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg2.extras import Json, execute_values

from geofence.drafts import ZoneDraft
from geofence.geojson import to_geojson
from ops.errors import InputError
from store.database import Cursor, fetch_one
from store.protected_addresses import shapes_not_allowed
from store.reevaluation_requests import reevaluate_zone, reevaluate_zones
from store.registry import lock_registry_for_edit, next_revision
from store.zone_decisions import CONTENT, Decision, Outcome, ZoneRefusal, ZonesRefusedError, content_of, judge
from store.zone_list import current_zones

LOCK_TIMEOUT_MS = 3000
DOCUMENTS = ("geometry", "schedule", "policy")  # columns of JSON


@dataclass(frozen=True, slots=True)
class PublishedZone:
    reference: str
    version: int
    outcome: Outcome
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class EndedZone:
    reference: str
    at: datetime
    changed: bool  # or it ended then already


def publish_zones(
    cursor: Cursor,
    drafts: Sequence[ZoneDraft],
    created_by: str,
    now: datetime | None = None,
    lock_timeout_ms: int = LOCK_TIMEOUT_MS,
    refused: Collection[ZoneRefusal] = (),
) -> list[PublishedZone]:
    """Publish all of ``drafts``, or nothing; what is there already stays as it is.

    A draft that does not say from when it holds does so from ``now`` on; left out, from the moment at which no batch
    is being judged. ``refused``: what speaks against some of them already. Raises ZonesRefusedError with every reason,
    and UnavailableError when the registry's lock is not had in time.
    """
    held_at = lock_registry_for_edit(cursor, lock_timeout_ms)
    owners = _owners(cursor, sorted({draft.crn for draft in drafts if draft.crn is not None}))
    current = current_zones(cursor, [draft.reference for draft in drafts])
    known = {one.reference: one for one in refused}
    judged = [
        known.get(draft.reference) or judge(draft, owners, current.get(draft.reference), now or held_at)
        for draft in drafts
    ]
    refusals = [one for one in judged if isinstance(one, ZoneRefusal)]
    refusals += _refusals_of_ended(cursor, judged) + _victims_refusals(cursor, judged)
    if refusals:
        raise ZonesRefusedError(refusals)
    decisions = [one for one in judged if isinstance(one, Decision)]
    _write(cursor, [one for one in decisions if one.outcome is not Outcome.UNCHANGED], created_by, held_at)
    return [PublishedZone(one.draft.reference, one.version, one.outcome, one.valid_from) for one in decisions]


def end_zone(
    cursor: Cursor, reference: str, at: datetime | None = None, lock_timeout_ms: int = LOCK_TIMEOUT_MS
) -> EndedZone:
    """Let a zone end at ``at``; left out, at the moment at which no batch is being judged.

    A version that has not begun by then never does.

    Raises InputError for an unknown zone, one that ends at another time already, or an end before its start.
    """
    held_at = lock_registry_for_edit(cursor, lock_timeout_ms)
    at = at or held_at
    current = current_zones(cursor, [reference]).get(reference)
    if current is None:
        raise InputError(f"there is no zone {reference}: `cordon zones list` shows them")
    latest = current.latest
    if latest.valid_to is not None and latest.valid_to != at:
        raise InputError(f"zone {reference} ends at {latest.valid_to.isoformat()} already: that stays as it is")
    if latest.valid_to is not None:
        return EndedZone(reference, at, changed=False)
    cursor.execute(
        "SELECT max(valid_from) FROM zone_versions WHERE zone_id = %s AND valid_from <= %s", (current.zone_id, held_at)
    )
    (began_at,) = fetch_one(cursor)
    if began_at is not None and at < began_at:
        raise InputError(f"zone {reference} holds from {began_at.isoformat()}: it cannot end before that")
    cursor.execute(
        "UPDATE zone_versions SET valid_to = greatest(valid_from, %(at)s), revision = %(revision)s"
        " WHERE zone_id = %(zone)s AND (valid_to IS NULL OR valid_to > %(at)s)",
        {"at": at, "revision": next_revision(cursor), "zone": current.zone_id},
    )
    if at < held_at:
        reevaluate_zone(cursor, current.zone_id, None, at)
    return EndedZone(reference, at, changed=True)


def _refusals_of_ended(cursor: Cursor, judged: Sequence[Decision | ZoneRefusal]) -> list[ZoneRefusal]:
    """Nobody whose monitoring ends is watched beyond that."""
    changes = [
        (one.owner, one.draft)
        for one in judged
        if isinstance(one, Decision) and one.owner is not None and one.outcome is not Outcome.UNCHANGED
    ]
    cursor.execute(
        "SELECT person_id, ended_at FROM people WHERE person_id = ANY (%s) AND ended_at IS NOT NULL",
        ([owner for owner, _ in changes],),
    )
    ended: dict[int, datetime] = dict(cursor.fetchall())
    return [
        ZoneRefusal(
            draft.reference,
            f"its owner's monitoring ends, or ended, at {ended[owner].isoformat()}",
            "leave it out, or give an active_to by then",
        )
        for owner, draft in changes
        if owner in ended and (draft.active_to is None or draft.active_to > ended[owner])
    ]


def _victims_refusals(cursor: Cursor, judged: Sequence[Decision | ZoneRefusal]) -> list[ZoneRefusal]:
    """A victim's zone takes no shape that their liaison officer has not allowed. It tells nobody why not."""
    changes = [
        (one.current.zone_id, one.draft)
        for one in judged
        if isinstance(one, Decision) and one.current is not None and one.outcome is Outcome.CHANGED
    ]
    refused = shapes_not_allowed(cursor, [(zone_id, to_geojson(draft.geometry)) for zone_id, draft in changes])
    return [
        ZoneRefusal(draft.reference, "its shape may not be changed so", "ask the victim liaison officer")
        for zone_id, draft in changes
        if zone_id in refused
    ]


def _owners(cursor: Cursor, crns: list[str]) -> dict[str, int]:
    cursor.execute("SELECT crn, person_id_of_crn(crn) FROM unnest(%s::text[]) AS crn", (crns,))
    return {crn: person_id for crn, person_id in cursor.fetchall() if person_id is not None}


def _write(cursor: Cursor, decisions: Sequence[Decision], created_by: str, held_at: datetime) -> None:
    """What was decided, by zone; positions of before ``held_at`` may have been judged already."""
    if not decisions:
        return
    revision = next_revision(cursor)
    created = _insert_zones(cursor, [one for one in decisions if one.current is None])
    zone_ids = [one.current.zone_id if one.current else created[one.draft.reference] for one in decisions]
    _close_versions(cursor, [one for one in decisions if one.closes_current], revision)
    execute_values(
        cursor,
        f"INSERT INTO zone_versions (zone_id, version, {', '.join(CONTENT)}, valid_from, valid_to, revision,"  # noqa: S608
        " created_by) VALUES %s",
        [
            (zone_id, one.version, *_content(one.draft), one.valid_from, one.valid_to, revision, created_by)
            for zone_id, one in zip(zone_ids, decisions, strict=True)
        ],
    )
    since = [(zone_id, one.valid_from) for zone_id, one in zip(zone_ids, decisions, strict=True)]
    reevaluate_zones(cursor, [change for change in since if change[1] < held_at])


def _content(draft: ZoneDraft) -> list[object]:
    content = content_of(draft)
    return [
        Json(content[name]) if name in DOCUMENTS and content[name] is not None else content[name] for name in CONTENT
    ]


def _insert_zones(cursor: Cursor, decisions: Sequence[Decision]) -> dict[str, int]:
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


def _close_versions(cursor: Cursor, decisions: Sequence[Decision], revision: int) -> None:
    execute_values(
        cursor,
        "UPDATE zone_versions SET valid_to = closing.valid_to, revision = closing.revision"
        " FROM (VALUES %s) AS closing (zone_id, version, valid_to, revision)"
        " WHERE zone_versions.zone_id = closing.zone_id AND zone_versions.version = closing.version",
        [
            (one.current.zone_id, one.current.latest.version, one.valid_from, revision)
            for one in decisions
            if one.current
        ],
        template="(%s::bigint, %s::integer, %s::timestamptz, %s::bigint)",
    )
