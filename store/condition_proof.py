"""The answer to "is this zone live?" for a condition that has no zone, or whose zone has ended: how far it has come."""

from datetime import datetime

from model.times import in_words
from model.zone_proof import NotLive, NotLiveReason, ZoneProof
from store.condition_list import ConditionVersion, StoredCondition, find_condition_named
from store.database import Cursor


def proof_without_zone(cursor: Cursor, reference: str, now: datetime) -> ZoneProof | None:
    """What the condition of this reference waits for; None where the caller sees no such condition."""
    found = find_condition_named(cursor, reference)
    if found is None:
        return None
    condition, versions = found
    reason = _reason(condition, versions[-1])
    return ZoneProof(
        zone_id=None,
        reference=reference,
        person_id=condition.person_id,
        asked_at=now,
        is_live=False,
        words=f"No: zone {reference} is not live: {reason.words}.",
        reasons=(reason,),
        holds=None,
        coming=None,
        in_force=False,
        changes_at=None,
        revision=None,
        revised_at=None,
        partitions=(),
        tags=(),
        last_judged_at=None,
    )


def who_ended(cursor: Cursor, reference: str) -> str | None:
    """Who ended the condition behind a zone, when and why; None where nobody did, or the caller sees no condition."""
    found = find_condition_named(cursor, reference)
    for one in found[1] if found is not None else ():
        if one.ended_at is not None:
            return f"{one.closed_by} ended its condition from {in_words(one.ended_at)} on: {one.reason}"
    return None


def _reason(condition: StoredCondition, latest: ConditionVersion) -> NotLive:
    if condition.kind.zone_kind is None:
        return NotLive(NotLiveReason.NO_PLACE, "its condition has no place to watch")
    if latest.decided_at is None:
        drafted = f"drafted by {latest.drafters[-1]} on {in_words(latest.drafted_at)}"
        return NotLive(NotLiveReason.NOT_APPROVED, f"{drafted}, it waits for a second person's approval")
    why = f": {latest.reason}" if latest.reason else ""
    words = f"its draft was {latest.status} by {latest.decided_by} on {in_words(latest.decided_at)}{why}"
    return NotLive(NotLiveReason(latest.status.value), words)
