"""Drafts of licence conditions. A draft watches nothing until a second person approves it (condition_decisions.py)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg2.extras import Json, execute_values

from geofence.applicability import never_applies
from geofence.condition_drafts import ConditionDraft
from model.conditions import ConditionStatus
from ops.errors import InputError
from store.clock import service_now
from store.condition_list import (
    ConditionVersion,
    DraftChange,
    StoredCondition,
    current_version,
    draft_changes,
    find_condition,
    find_condition_named,
    references_taken,
)
from store.database import Cursor
from store.zone_decisions import LONGEST_NAME, LONGEST_REFERENCE, content_of

DOCUMENTS = ("geometry", "schedule", "policy")  # columns of JSON
CONTENT = ("name", "wording", "starts_at", "ends_at", "geometry", "schedule", "preset", "policy", "is_disclosed")
"""The columns of a version that its draft decides."""

ROWS_OF_A_STATEMENT = 1000


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose condition it is, and when that person's monitoring ended."""

    person_id: int
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConditionRefusal:
    """Why a condition whose own content is right cannot be drafted or approved."""

    reference: str
    field: str
    value: str
    remedy: str

    def __str__(self) -> str:
        return f"condition {self.reference}: {self.field}: {self.value}; {self.remedy}"


class ConditionsRefusedError(InputError):
    """Nothing was changed; ``refusals`` holds every reason."""

    def __init__(self, refusals: Sequence[ConditionRefusal]) -> None:
        super().__init__("\n".join(map(str, refusals)))
        self.refusals = tuple(refusals)


class ConditionConflictError(InputError):
    """What was read is no longer what is there. ``changes`` are those of the draft since, where it still is one."""

    def __init__(self, detail: str, current: ConditionVersion, changes: Sequence[DraftChange] = ()) -> None:
        super().__init__(detail)
        self.current = current
        self.changes = tuple(changes)


def draft_conditions(cursor: Cursor, drafts: Sequence[ConditionDraft], drafted_by: str) -> list[int]:
    """Record new conditions as drafts, all or none; their ids in order. Raises ConditionsRefusedError."""
    refusals = [*refusals_of(cursor, drafts), *_taken(cursor, drafts)]
    if refusals:
        raise ConditionsRefusedError(refusals)
    return _insert(cursor, drafts, drafted_by)


def adopt_zone(cursor: Cursor, draft: ConditionDraft, drafted_by: str) -> int:
    """Record the draft of a condition for a zone that the person has already, which keeps its reference and history."""
    refusals = refusals_of(cursor, [draft])
    if find_condition_named(cursor, draft.reference) is not None:
        remedy = "change the condition instead"
        refusals.append(ConditionRefusal(draft.reference, "reference", "a condition is there for this zone", remedy))
    if refusals:
        raise ConditionsRefusedError(refusals)
    return _insert(cursor, [draft], drafted_by)[0]


def change_draft(
    cursor: Cursor, condition_id: int, expected: str, draft: ConditionDraft, changed_by: str
) -> ConditionVersion:
    """Change the draft or, where there is none, begin the next version's; ``expected`` is the tag of what was read.

    Raises ConditionConflictError where something else is there, and ConditionsRefusedError.
    """
    condition, versions = lock_condition(cursor, condition_id)
    current = _expected_version(cursor, condition, versions, expected)
    refusals = refusals_of(cursor, [draft])
    for field, given, stands in (
        ("reference", draft.reference, condition.reference),
        ("kind", draft.kind.value, condition.kind.value),
    ):
        if given != stands:
            remedy = f"a condition keeps its {field}, {stands}: draft another condition"
            refusals.append(ConditionRefusal(condition.reference, field, given, remedy))
    if any(one.status is ConditionStatus.ENDED for one in versions):
        remedy = "draft a new condition"
        refusals.append(ConditionRefusal(condition.reference, "status", "the condition was ended", remedy))
    if refusals:
        raise ConditionsRefusedError(refusals)
    content = _content(draft)
    if current.status is ConditionStatus.DRAFT:
        _change(cursor, condition, current, content, changed_by)
    else:
        _insert_versions(cursor, [(condition.condition_id, versions[-1].version + 1, content)], changed_by)
    return current_version(lock_condition(cursor, condition_id)[1])


def lock_condition(cursor: Cursor, condition_id: int) -> tuple[StoredCondition, list[ConditionVersion]]:
    """A condition that is there, which nobody else changes until the end of the transaction."""
    cursor.execute("SELECT FROM condition_versions WHERE condition_id = %s FOR UPDATE", (condition_id,))
    found = find_condition(cursor, condition_id)
    if found is None:
        raise LookupError("a condition that was found is not there")
    return found


def expected_draft(
    cursor: Cursor, condition: StoredCondition, versions: Sequence[ConditionVersion], expected: str
) -> ConditionVersion:
    """The draft, as the caller has read it. Raises ConditionConflictError where there is none, or it was changed."""
    current = _expected_version(cursor, condition, versions, expected)
    if current.status is not ConditionStatus.DRAFT:
        detail = f"version {current.version} is {current.status}: there is no draft to decide on"
        raise ConditionConflictError(detail, current)
    return current


def _expected_version(
    cursor: Cursor, condition: StoredCondition, versions: Sequence[ConditionVersion], expected: str
) -> ConditionVersion:
    current = current_version(versions)
    if expected == current.tag:
        return current
    if current.status is not ConditionStatus.DRAFT:
        by = f" by {current.closed_by or current.decided_by}"
        raise ConditionConflictError(f"version {current.version} is {current.status}{by}: read it again", current)
    changes = draft_changes(cursor, condition.condition_id, current.version)
    read = [one for one in range(1, current.edition + 1) if expected == f'"{current.version}.{one}.draft"']
    since = [one for one in changes if one.edition > (read[0] if read else 0)]
    detail = "the draft is not the one that was read: look at what changed, and read it again"
    raise ConditionConflictError(detail, current, since)


def _owners(cursor: Cursor, crns: Collection[str]) -> dict[str, Owner]:
    """People whom the caller may see, by their CRNs."""
    cursor.execute("SELECT crn, person_id, ended_at FROM people WHERE crn = ANY (%s)", (list(crns),))
    return {crn: Owner(person_id, ended_at) for crn, person_id, ended_at in cursor.fetchall()}


def refusals_of(cursor: Cursor, drafts: Sequence[ConditionDraft]) -> list[ConditionRefusal]:
    """What speaks against each of them as things stand: whose it is, and whether it would ever hold from now on."""
    owners, now = _owners(cursor, {draft.crn for draft in drafts}), service_now(cursor)
    return [one for draft in drafts for one in _refusals(draft, owners.get(draft.crn), now)]


def _refusals(draft: ConditionDraft, owner: Owner | None, now: datetime) -> Iterator[ConditionRefusal]:
    reference = draft.reference[:LONGEST_REFERENCE]
    for field, value, longest in (
        ("reference", draft.reference, LONGEST_REFERENCE),
        ("name", draft.name, LONGEST_NAME),
    ):
        if len(value) > longest:
            yield ConditionRefusal(reference, field, f"{len(value)} characters", f"give at most {longest}")
    if owner is None:
        found = f"nobody whom you may see has the CRN {draft.crn}"
        yield ConditionRefusal(reference, "crn", found, "correct it, or add the person first")
    elif owner.ended_at is not None and (draft.ends is None or draft.ends > owner.ended_at):
        found = f"the person's monitoring ends, or ended, at {owner.ended_at.isoformat()}"
        yield ConditionRefusal(
            reference, "crn", found, "nothing is watched from then on: withdraw it, or end it by then"
        )
    schedule = None if draft.zone is None else draft.zone.schedule
    never = None if schedule is None else never_applies(schedule, max(draft.starts, now), draft.ends)
    if draft.ends is not None and draft.ends <= now:
        yield ConditionRefusal(reference, "ends", draft.ends.isoformat(), "give an end that is still to come")
    elif never is not None:
        yield ConditionRefusal(reference, "schedule", never.value, never.remedy)


def _taken(cursor: Cursor, drafts: Sequence[ConditionDraft]) -> list[ConditionRefusal]:
    """A zone that is the person's already is adopted instead: whoever may see it is told so."""
    taken = references_taken(cursor, [draft.reference for draft in drafts])
    remedy = "choose another; a person's zone that is there already is adopted (cordon conditions adopt)"
    return [ConditionRefusal(one, "reference", "it is taken", remedy) for one in taken]


def _insert(cursor: Cursor, drafts: Sequence[ConditionDraft], drafted_by: str) -> list[int]:
    owners = _owners(cursor, {draft.crn for draft in drafts})
    rows = execute_values(
        cursor,
        "INSERT INTO licence_conditions (person_id, kind, reference) VALUES %s ON CONFLICT (reference) DO NOTHING"
        " RETURNING reference, condition_id",
        [(owners[draft.crn].person_id, draft.kind.value, draft.reference) for draft in drafts],
        page_size=ROWS_OF_A_STATEMENT,
        fetch=True,
    )
    numbers: dict[str, int] = dict(rows)
    missing = [draft for draft in drafts if draft.reference not in numbers]
    if missing:  # taken by somebody in this very moment
        raise ConditionsRefusedError(
            [ConditionRefusal(draft.reference, "reference", "it is taken", "choose another") for draft in missing]
        )
    _insert_versions(cursor, [(numbers[draft.reference], 1, _content(draft)) for draft in drafts], drafted_by)
    return [numbers[draft.reference] for draft in drafts]


def _insert_versions(cursor: Cursor, rows: Sequence[tuple[int, int, dict[str, Any]]], drafted_by: str) -> None:
    execute_values(
        cursor,
        f"INSERT INTO condition_versions (condition_id, version, {', '.join(CONTENT)}, drafters) VALUES %s",  # noqa: S608
        [(number, version, *_values(content), [drafted_by]) for number, version, content in rows],
        page_size=ROWS_OF_A_STATEMENT,
    )


def _change(
    cursor: Cursor, condition: StoredCondition, current: ConditionVersion, content: dict[str, Any], changed_by: str
) -> None:
    changed = [name for name in CONTENT if content[name] != getattr(current, name)]
    if not changed:
        return
    key = condition.condition_id, current.version
    cursor.execute(
        f"UPDATE condition_versions SET {', '.join(f'{name} = %s' for name in CONTENT)}, edition = edition + 1,"  # noqa: S608
        " drafters = drafters || %s, drafted_at = service_clock()"
        " WHERE condition_id = %s AND version = %s",
        (*_values(content), [changed_by], *key),
    )
    cursor.execute(
        "INSERT INTO condition_draft_changes (condition_id, version, edition, fields, changed_by)"
        " VALUES (%s, %s, %s, %s, %s)",
        (*key, current.edition + 1, changed, changed_by),
    )


def _content(draft: ConditionDraft) -> dict[str, Any]:
    zone = {} if draft.zone is None else content_of(draft.zone)
    return {
        "name": draft.name,
        "wording": draft.wording,
        "starts_at": draft.starts,
        "ends_at": draft.ends,
        **{name: zone.get(name) for name in ("geometry", "schedule", "preset", "policy")},
        "is_disclosed": draft.is_disclosed,
    }


def _values(content: dict[str, Any]) -> list[object]:
    return [
        Json(content[name]) if name in DOCUMENTS and content[name] is not None else content[name] for name in CONTENT
    ]
