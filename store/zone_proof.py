"""The proof that a zone is live, from what the registry holds and what workers say of themselves.

A worker that says a revision can judge by no older one: each batch holds the registry's lock while it is written, and
is decided again where the registry has moved on (``store.registry``). So the notes prove what will be done with the
next position, and what was received after a zone's revision has been judged by it.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from geofence.schedule_words import words
from geofence.schedules import ScheduleClock
from geofence.zone_proof import (
    Versions,
    next_change_us,
    out_of_force,
    partitions_concerned,
    unwatched,
    versions_at,
)
from model.schedules import Schedule
from model.times import from_microseconds, moment_or_none, to_microseconds
from model.zone_proof import (
    Carrier,
    HeldPartition,
    NotLive,
    NotLiveReason,
    PartitionHolder,
    Unwatched,
    VersionFacts,
    ZoneProof,
)
from model.zones import ZoneVersion
from store.clock import service_now
from store.condition_proof import proof_without_zone, who_ended
from store.database import Cursor, fetch_one
from store.worker_registries import find_holders, held_since
from store.zone_versions import ZONE_VERSION, ZONE_VERSIONS, zone_version

GEOMETRY = 6  # its place in ZONE_VERSION


@dataclass(frozen=True, slots=True)
class _Zone:
    """One zone's versions with what the proof needs besides, each by its version's number."""

    versions: list[ZoneVersion]
    documents: dict[int, dict[str, Any]]
    revision: int
    revised_at: datetime


def zone_proof(cursor: Cursor, reference: str) -> ZoneProof | None:
    """Whether the zone is live now, with every reason where it is not; None where the caller sees no such zone.

    A condition whose draft has not been approved answers by its reference, as the zone would.
    """
    now = service_now(cursor)
    zones = _load(cursor, "zone.reference = %s", reference)
    if not zones:
        return proof_without_zone(cursor, reference, now)
    ((zone_id, zone),) = zones.items()
    carriers = _carriers(cursor, [zone_id]).get(zone_id, [])
    holders = _holders(cursor)
    anybody_worn, last_fix_at = _tags_worn(cursor)
    person_id = zone.versions[0].person_id
    found = versions_at(zone.versions, to_microseconds(now))
    closed = out_of_force(found, to_microseconds(now), {})
    ended_by = who_ended(cursor, reference) if any(one.reason is NotLiveReason.ENDED for one in closed) else None
    if ended_by is not None:
        closed = [NotLive(NotLiveReason.ENDED, f"it has ended; {ended_by}")]
    reasons = closed + unwatched(
        zone.revision, carriers, holders, anybody=anybody_worn if person_id is None else bool(carriers)
    )
    return ZoneProof(
        zone_id=zone_id,
        reference=reference,
        person_id=person_id,
        asked_at=now,
        is_live=not reasons,
        words=_answer(reference, found, reasons),
        reasons=tuple(reasons),
        holds=_facts(found.holds, zone),
        coming=_facts(found.coming, zone),
        in_force=not closed,
        changes_at=moment_or_none(next_change_us(zone.versions, to_microseconds(now))),
        revision=zone.revision,
        revised_at=zone.revised_at,
        partitions=_held(cursor, zone, carriers, holders),
        tags=tuple(carriers),
        last_judged_at=_last_judged_at(zone, found, carriers, last_fix_at if person_id is None else None),
    )


def zones_unwatched(cursor: Cursor, zone_ids: Collection[int]) -> Unwatched:
    """Those of ``zone_ids`` that are not live, with every reason. Zones that the caller does not see are left out."""
    now_us = to_microseconds(service_now(cursor))
    zones = _load(cursor, "zone.zone_id = ANY (%s)", list(zone_ids))
    carriers, holders = _carriers(cursor, list(zones)), _holders(cursor)
    anybody_worn, _ = _tags_worn(cursor)
    clocks: dict[Schedule | None, ScheduleClock] = {}
    found: dict[int, tuple[NotLive, ...]] = {}
    for zone_id, zone in zones.items():
        own = carriers.get(zone_id, [])
        anybody = anybody_worn if zone.versions[0].person_id is None else bool(own)
        closed = out_of_force(versions_at(zone.versions, now_us), now_us, clocks)
        reasons = closed + unwatched(zone.revision, own, holders, anybody=anybody)
        if reasons:
            found[zone_id] = tuple(reasons)
    return found


def geometry_sha256(geometry: Mapping[str, Any]) -> str:
    """Of a GeoJSON geometry: keys sorted, no blanks, UTF-8; in hexadecimal digits."""
    return hashlib.sha256(json.dumps(geometry, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _load(cursor: Cursor, condition: str, value: object) -> dict[int, _Zone]:
    cursor.execute(
        f"SELECT version.revision, version.revised_at, {ZONE_VERSION} FROM {ZONE_VERSIONS}"  # noqa: S608  literals
        f" WHERE {condition} ORDER BY version.zone_id, version.version",
        (value,),
    )
    zones: dict[int, _Zone] = {}
    for revision, revised_at, *row in cursor.fetchall():
        version = zone_version(row)
        before = zones.get(version.zone_id, _Zone([], {}, revision, revised_at))
        zones[version.zone_id] = _Zone(
            [*before.versions, version],
            {**before.documents, version.version: row[GEOMETRY]},
            max(before.revision, revision),
            max(before.revised_at, revised_at),
        )
    return zones


def _carriers(cursor: Cursor, zone_ids: Sequence[int]) -> dict[int, list[Carrier]]:
    cursor.execute(
        "SELECT zone_id, partition, activation_revision, serial, fix_time, received_at FROM zone_carriers(%s)"
        " ORDER BY zone_id, serial",
        (list(zone_ids),),
    )
    found: dict[int, list[Carrier]] = {}
    for zone_id, *carrier in cursor.fetchall():
        found.setdefault(zone_id, []).append(Carrier(*carrier))
    return found


def _holders(cursor: Cursor) -> dict[int, PartitionHolder]:
    return {one.partition: one for one in find_holders(cursor)}


def _tags_worn(cursor: Cursor) -> tuple[bool, datetime | None]:
    cursor.execute("SELECT worn, last_fix_at FROM tags_worn()")
    worn, last_fix_at = fetch_one(cursor)
    return worn, last_fix_at


def _held(
    cursor: Cursor, zone: _Zone, carriers: Sequence[Carrier], holders: Mapping[int, PartitionHolder]
) -> tuple[HeldPartition, ...]:
    concerned = [holders[one] for one in partitions_concerned(carriers, holders) if one in holders]
    needed = max([zone.revision, *(one.activation_revision for one in carriers)])
    since = held_since(cursor, {one.worker for one in concerned if one.worker is not None}, needed)
    held = []
    for one in concerned:
        has = one.worker is not None and one.revision is not None and one.revision >= needed
        began = since.get(one.worker) if has and one.worker is not None else None
        delay_s = None if began is None else max(0.0, (began - zone.revised_at).total_seconds())
        held.append(HeldPartition(one.partition, one.worker, one.revision, one.silent_s, began, delay_s))
    return tuple(held)


def _last_judged_at(
    zone: _Zone, found: Versions, carriers: Sequence[Carrier], last_fix_at: datetime | None
) -> datetime | None:
    """Of a shared zone that of the newest fix of anybody, which workers note now and then."""
    if found.holds is None:
        return None
    from_time = from_microseconds(found.holds.valid_from_us)
    if last_fix_at is not None:
        return last_fix_at if last_fix_at >= max(from_time, zone.revised_at) else None
    judged = [
        one.fix_time
        for one in carriers
        if one.fix_time is not None and one.received_at is not None
        if one.fix_time >= from_time and one.received_at >= zone.revised_at
    ]
    return max(judged, default=None)


def _facts(version: ZoneVersion | None, zone: _Zone) -> VersionFacts | None:
    if version is None:
        return None
    return VersionFacts(
        version.version,
        from_microseconds(version.valid_from_us),
        moment_or_none(version.valid_to_us),
        geometry_sha256(zone.documents[version.version]),
        words(version.schedule),
    )


def _answer(reference: str, found: Versions, reasons: Sequence[NotLive]) -> str:
    if not reasons and found.holds is not None:
        return f"Yes: zone {reference} is live, by its version {found.holds.version}."
    return f"No: zone {reference} is not live: {'; '.join(one.words for one in reasons)}."
