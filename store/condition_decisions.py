"""What is decided about a condition's draft, by a second person, and its end. A zone is published with its approval."""

from dataclasses import dataclass, replace
from datetime import datetime

from geofence import schedule_documents
from geofence.condition_drafts import ConditionDraft
from geofence.drafts import ZoneDraft
from geofence.geojson import from_stored
from model.conditions import ConditionStatus
from model.policies import policy_of
from ops.errors import InputError
from store.checks import checked_text
from store.clock import service_now
from store.condition_list import ConditionVersion, StoredCondition, find_condition, live_version
from store.conditions import (
    ConditionConflictError,
    ConditionRefusal,
    ConditionsRefusedError,
    expected_draft,
    lock_condition,
    refusals_of,
)
from store.database import Cursor, fetch_one
from store.registry import lock_registry_for_edit
from store.zone_list import current_zones
from store.zones import end_zone, publish_zones

LONGEST_REASON = 1000


class SamePersonError(InputError):
    """Whoever wrote of a draft does not decide on it."""

    def __init__(self, subject: str) -> None:
        super().__init__(f"{subject} wrote of this draft: a second person approves or refuses it")


@dataclass(frozen=True, slots=True)
class EndedCondition:
    condition: StoredCondition
    ended_at: datetime


def approve(
    cursor: Cursor, condition_id: int, expected: str, approved_by: str, lock_timeout_ms: int
) -> tuple[StoredCondition, ConditionVersion]:
    """Let the draft that was read with the tag ``expected`` be live from now on, and publish its zone with it.

    It holds from its start, and never before this moment: nobody is judged by what no second person had approved. The
    version before is superseded. Raises SamePersonError, ConditionConflictError, ConditionsRefusedError and what
    ``publish_zones`` does.
    """
    held_at = lock_registry_for_edit(cursor, lock_timeout_ms)  # first: as whoever ends a person
    condition, versions = lock_condition(cursor, condition_id)
    draft = expected_draft(cursor, condition, versions, expected)
    _refuse_same_person(cursor, approved_by, draft)
    zone = _zone_draft(condition, draft)
    refusals = refusals_of(cursor, [_as_given(condition, draft, zone)])
    if refusals:
        raise ConditionsRefusedError(refusals)
    live = live_version(versions)
    if live is not None:
        _close(cursor, condition, live, ConditionStatus.SUPERSEDED, approved_by)
    _decide(cursor, condition, draft, ConditionStatus.LIVE, approved_by)
    if zone is not None:
        _publish(cursor, condition, draft, zone, approved_by, held_at, lock_timeout_ms)
    return _as_decided(cursor, condition, draft)


def refuse(
    cursor: Cursor, condition_id: int, expected: str, refused_by: str, reason: str
) -> tuple[StoredCondition, ConditionVersion]:
    """Say no to the draft, and why. Raises SamePersonError: whoever wrote it withdraws it."""
    condition, versions = lock_condition(cursor, condition_id)
    draft = expected_draft(cursor, condition, versions, expected)
    _refuse_same_person(cursor, refused_by, draft)
    _decide(cursor, condition, draft, ConditionStatus.REFUSED, refused_by, checked_reason(reason))
    return _as_decided(cursor, condition, draft)


def withdraw(
    cursor: Cursor, condition_id: int, expected: str, withdrawn_by: str
) -> tuple[StoredCondition, ConditionVersion]:
    """Take the draft back; what is live stays."""
    condition, versions = lock_condition(cursor, condition_id)
    draft = expected_draft(cursor, condition, versions, expected)
    _decide(cursor, condition, draft, ConditionStatus.WITHDRAWN, withdrawn_by)
    return _as_decided(cursor, condition, draft)


def end_condition(
    cursor: Cursor, condition_id: int, at: datetime | None, reason: str, ended_by: str, lock_timeout_ms: int
) -> EndedCondition:
    """End the live version and its zone at ``at``, now where left out; a draft that waits is withdrawn with it.

    Where it lies in the past, what was judged since is judged anew. Raises ConditionConflictError where nothing is
    live, and InputError for an end that is later than the condition's own, or before its zone held.
    """
    lock_registry_for_edit(cursor, lock_timeout_ms)
    condition, versions = lock_condition(cursor, condition_id)
    reason, live = checked_reason(reason), live_version(versions)
    if live is None:
        detail = f"version {versions[-1].version} is {versions[-1].status}: there is nothing live to end"
        raise ConditionConflictError(detail, versions[-1])
    at = at or service_now(cursor)
    if live.ends_at is not None and at >= live.ends_at:
        raise InputError(f"the condition ends at {live.ends_at.isoformat()} by itself: give an earlier time")
    if live.geometry is not None:
        _end_zone(cursor, condition, at, lock_timeout_ms)
    if versions[-1].status is ConditionStatus.DRAFT:
        _decide(cursor, condition, versions[-1], ConditionStatus.WITHDRAWN, ended_by)
    _close(cursor, condition, live, ConditionStatus.ENDED, ended_by, at, reason)
    return EndedCondition(condition, at)


def checked_reason(reason: str) -> str:
    """Raises InputError unless it is a line of plain text."""
    return checked_text("the reason", reason, LONGEST_REASON)


def _refuse_same_person(cursor: Cursor, subject: str, draft: ConditionVersion) -> None:
    """As the table's own constraint compares: however it is written."""
    cursor.execute("SELECT is_among_subjects(%s, %s)", (subject, draft.drafters))
    if fetch_one(cursor)[0]:
        raise SamePersonError(subject)


def _zone_draft(condition: StoredCondition, version: ConditionVersion) -> ZoneDraft | None:
    kind = condition.kind.zone_kind
    if kind is None or version.geometry is None or version.preset is None or version.policy is None:
        return None
    return ZoneDraft(
        reference=condition.reference,
        name=version.name,
        kind=kind,
        crn=condition.crn,
        geometry=from_stored(version.geometry),
        valid_from=None,
        active_from=version.starts_at,
        active_to=version.ends_at,
        schedule=schedule_documents.from_stored(version.schedule),
        preset=version.preset,
        policy=policy_of(version.preset, version.policy),
        is_disclosed=version.is_disclosed,
    )


def _as_given(condition: StoredCondition, version: ConditionVersion, zone: ZoneDraft | None) -> ConditionDraft:
    return ConditionDraft(
        reference=condition.reference,
        name=version.name,
        kind=condition.kind,
        crn=condition.crn,
        wording=version.wording,
        starts=version.starts_at,
        ends=version.ends_at,
        is_disclosed=version.is_disclosed,
        zone=zone,
    )


def _publish(
    cursor: Cursor,
    condition: StoredCondition,
    version: ConditionVersion,
    zone: ZoneDraft,
    approved_by: str,
    held_at: datetime,
    lock_timeout_ms: int,
) -> None:
    """The approved version's zone, from its start on and never before now."""
    current = current_zones(cursor, [condition.reference]).get(condition.reference)
    begins_at = max(held_at, version.starts_at)
    if current is not None and current.latest.valid_to is not None and current.latest.valid_to <= begins_at:
        remedy = "withdraw this draft and draft a new condition"
        raise ConditionsRefusedError([ConditionRefusal(condition.reference, "zone", "its zone has ended", remedy)])
    if current is not None:
        begins_at = max(begins_at, current.latest.valid_from)
    draft = replace(zone, valid_from=begins_at)
    (published,) = publish_zones(cursor, [draft], approved_by, held_at, lock_timeout_ms)
    cursor.execute(
        "UPDATE condition_versions SET zone_version = %s WHERE condition_id = %s AND version = %s",
        (published.version, condition.condition_id, version.version),
    )


def _end_zone(cursor: Cursor, condition: StoredCondition, at: datetime, lock_timeout_ms: int) -> None:
    """Unless the back office has ended it before."""
    current = current_zones(cursor, [condition.reference])[condition.reference]
    if current.latest.valid_to is None or current.latest.valid_to > at:
        end_zone(cursor, condition.reference, at, lock_timeout_ms)


def _decide(
    cursor: Cursor,
    condition: StoredCondition,
    version: ConditionVersion,
    status: ConditionStatus,
    decided_by: str,
    reason: str | None = None,
) -> None:
    cursor.execute(
        "UPDATE condition_versions SET status = %s, decided_by = %s, decided_at = service_clock(), reason = %s"
        " WHERE condition_id = %s AND version = %s",
        (status.value, decided_by, reason, condition.condition_id, version.version),
    )


def _close(
    cursor: Cursor,
    condition: StoredCondition,
    version: ConditionVersion,
    status: ConditionStatus,
    closed_by: str,
    ended_at: datetime | None = None,
    reason: str | None = None,
) -> None:
    cursor.execute(
        "UPDATE condition_versions SET status = %s, closed_by = %s, closed_at = service_clock(), ended_at = %s,"
        " reason = %s WHERE condition_id = %s AND version = %s",
        (status.value, closed_by, ended_at, reason, condition.condition_id, version.version),
    )


def _as_decided(
    cursor: Cursor, condition: StoredCondition, version: ConditionVersion
) -> tuple[StoredCondition, ConditionVersion]:
    found = find_condition(cursor, condition.condition_id)
    if found is None:
        raise LookupError("a condition that was decided on is not there")
    return condition, found[1][version.version - 1]
