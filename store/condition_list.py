"""Licence conditions and their versions, as far as row security shows them to the caller."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from model.conditions import ZONE_KINDS_OF_CONDITIONS, ConditionKind, ConditionStatus, TrailMonitoring
from store.database import Cursor


@dataclass(frozen=True, slots=True)
class StoredCondition:
    condition_id: int
    person_id: int
    crn: str
    kind: ConditionKind
    reference: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ConditionVersion:
    """A version as its row. Geometry, schedule and policy are documents, as those of a zone's version."""

    version: int
    status: ConditionStatus
    edition: int
    name: str
    wording: str
    starts_at: datetime
    ends_at: datetime | None
    geometry: dict[str, Any] | None
    schedule: dict[str, Any] | None
    preset: str | None
    policy: dict[str, Any] | None
    is_disclosed: bool
    drafters: list[str]
    drafted_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    zone_version: int | None
    closed_by: str | None
    closed_at: datetime | None
    ended_at: datetime | None

    @property
    def tag(self) -> str:
        """What a reader of it has read: another one after any change."""
        return f'"{self.version}.{self.edition}.{self.status}"'


@dataclass(frozen=True, slots=True)
class ConditionSummary:
    """A condition with the latest of its versions, and the live one's number."""

    condition_id: int
    person_id: int
    crn: str
    kind: ConditionKind
    reference: str
    version: int
    status: ConditionStatus
    name: str
    starts_at: datetime
    ends_at: datetime | None
    ended_at: datetime | None
    drafters: list[str]
    live_version: int | None


@dataclass(frozen=True, slots=True)
class UnwordedZone:
    """A person's zone that no approved condition stands behind: it was there before conditions were recorded."""

    zone_id: int
    reference: str
    person_id: int
    crn: str
    name: str
    kind: str
    valid_from: datetime
    created_by: str
    condition_id: int | None  # of a condition that is being drafted for it


@dataclass(frozen=True, slots=True)
class DraftChange:
    """What somebody changed of a draft, and the edition that it led to."""

    edition: int
    fields: list[str]
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Rehearsed:
    at: datetime
    by: str
    weeks: int | None


_CONDITION = """
    SELECT condition.condition_id, condition.person_id, person.crn, condition.kind, condition.reference,
           condition.created_at
    FROM licence_conditions condition JOIN people person USING (person_id)
"""
_VERSION = ", ".join(field.name for field in fields(ConditionVersion))


def list_conditions(
    cursor: Cursor, person_id: int | None, status: ConditionStatus | None, after: int, limit: int
) -> list[ConditionSummary]:
    """Those behind the one with the id ``after``; of one person, or of all; only those with a version so, or any."""
    cursor.execute(
        """
        SELECT condition.condition_id, condition.person_id, person.crn, condition.kind, condition.reference,
               latest.version, latest.status, latest.name, latest.starts_at, latest.ends_at, latest.ended_at,
               latest.drafters,
               (SELECT live.version FROM condition_versions live
                WHERE live.condition_id = condition.condition_id AND live.status = 'live')
        FROM licence_conditions condition
        JOIN people person USING (person_id)
        CROSS JOIN LATERAL (
          SELECT * FROM condition_versions version WHERE version.condition_id = condition.condition_id
          ORDER BY version.version DESC LIMIT 1
        ) latest
        WHERE condition.condition_id > %(after)s
          AND (%(person)s::bigint IS NULL OR condition.person_id = %(person)s)
          AND (%(status)s::text IS NULL OR EXISTS (
            SELECT FROM condition_versions version
            WHERE version.condition_id = condition.condition_id AND version.status = %(status)s))
        ORDER BY condition.condition_id LIMIT %(limit)s
        """,
        {"after": after, "person": person_id, "status": status and status.value, "limit": limit},
    )
    return [
        ConditionSummary(number, person, crn, ConditionKind(kind), reference, version, ConditionStatus(found), *rest)
        for number, person, crn, kind, reference, version, found, *rest in cursor.fetchall()
    ]


def find_condition(cursor: Cursor, condition_id: int) -> tuple[StoredCondition, list[ConditionVersion]] | None:
    """A condition and all its versions, oldest first."""
    return _find(cursor, "condition.condition_id = %s", condition_id)


def find_condition_named(cursor: Cursor, reference: str) -> tuple[StoredCondition, list[ConditionVersion]] | None:
    """The same by its reference, which is its zone's too."""
    return _find(cursor, "condition.reference = %s", reference)


def crn_of(cursor: Cursor, person_id: int) -> str | None:
    """None where there is no such person, or row security hides them."""
    cursor.execute("SELECT crn FROM people WHERE person_id = %s", (person_id,))
    row = cursor.fetchone()
    return None if row is None else str(row[0])


def current_version(versions: Sequence[ConditionVersion]) -> ConditionVersion:
    """The one to look at: a draft that waits, else the live one, else the latest."""
    latest = versions[-1]
    return latest if latest.status is ConditionStatus.DRAFT else live_version(versions) or latest


def live_version(versions: Sequence[ConditionVersion]) -> ConditionVersion | None:
    return next((one for one in versions if one.status is ConditionStatus.LIVE), None)


def draft_changes(cursor: Cursor, condition_id: int, version: int) -> list[DraftChange]:
    cursor.execute(
        "SELECT edition, fields, changed_by, changed_at FROM condition_draft_changes"
        " WHERE condition_id = %s AND version = %s ORDER BY edition",
        (condition_id, version),
    )
    return [DraftChange(*row) for row in cursor.fetchall()]


def find_rehearsal(cursor: Cursor, condition: StoredCondition) -> Rehearsed | None:
    """The last time that a zone of the condition's reference was rehearsed over its wearer."""
    cursor.execute("SELECT * FROM last_rehearsal(%s, %s)", (condition.person_id, condition.reference))
    row = cursor.fetchone()
    return None if row is None else Rehearsed(*row)


def list_unworded_zones(cursor: Cursor, after: int, limit: int) -> list[UnwordedZone]:
    """People's zones that hold, or will, without an approved condition."""
    cursor.execute(
        """
        SELECT zone.zone_id, zone.reference, zone.person_id, person.crn, latest.name, latest.kind, latest.valid_from,
               latest.created_by, condition.condition_id
        FROM zones zone
        JOIN people person USING (person_id)
        CROSS JOIN LATERAL (
          SELECT * FROM zone_versions version WHERE version.zone_id = zone.zone_id ORDER BY version.version DESC LIMIT 1
        ) latest
        LEFT JOIN licence_conditions condition ON condition.reference = zone.reference
        WHERE zone.zone_id > %s AND latest.kind = ANY (%s)
          AND (latest.valid_to IS NULL OR latest.valid_to > service_clock())
          AND NOT EXISTS (
            SELECT FROM condition_versions version
            WHERE version.condition_id = condition.condition_id AND version.decided_at IS NOT NULL
              AND version.status NOT IN ('refused', 'withdrawn'))
        ORDER BY zone.zone_id LIMIT %s
        """,
        (after, [kind.value for kind in ZONE_KINDS_OF_CONDITIONS], limit),
    )
    return [UnwordedZone(*row) for row in cursor.fetchall()]


def references_of_conditions(cursor: Cursor, references: Collection[str], *, with_drafts: bool) -> set[str]:
    """Those of ``references`` that name a condition that was approved, or waits for it; whoever may see it."""
    cursor.execute("SELECT references_of_conditions(%s, %s)", (list(references), with_drafts))
    return {reference for (reference,) in cursor.fetchall()}


def references_taken(cursor: Cursor, references: Collection[str]) -> list[str]:
    """Those of ``references`` that a zone or a condition has, whoever may see it."""
    cursor.execute("SELECT taken_references(%s)", (list(references),))
    return [reference for (reference,) in cursor.fetchall()]


def trail_monitoring_of(cursor: Cursor, person_id: int) -> list[TrailMonitoring]:
    """When the person's trail may be looked at, by approved conditions and their wording, in order of their beginning.

    Each version holds from its start until its end, the condition's early end, or the start of the version approved
    after it; times of different conditions may overlap.
    """
    cursor.execute(
        "SELECT condition.reference, version.version, version.wording, version.starts_at,"
        " least(version.ends_at, version.ended_at,"
        " min(version.starts_at) OVER (PARTITION BY condition.condition_id ORDER BY version.version"
        " ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING))"
        " FROM licence_conditions condition JOIN condition_versions version USING (condition_id)"
        " WHERE condition.person_id = %s AND condition.kind = 'trail_monitoring'"
        " AND version.status IN ('live', 'superseded', 'ended')"
        " ORDER BY version.starts_at, condition.condition_id, version.version",
        (person_id,),
    )
    found = [TrailMonitoring(*row) for row in cursor.fetchall()]
    return [one for one in found if one.ends_at is None or one.starts_at < one.ends_at]


def _find(cursor: Cursor, condition: str, value: object) -> tuple[StoredCondition, list[ConditionVersion]] | None:
    cursor.execute(f"{_CONDITION} WHERE {condition}", (value,))
    row = cursor.fetchone()
    if row is None:
        return None
    condition_id, person_id, crn, kind, reference, created_at = row
    cursor.execute(
        f"SELECT {_VERSION} FROM condition_versions WHERE condition_id = %s ORDER BY version",  # noqa: S608  field names
        (condition_id,),
    )
    versions = [
        ConditionVersion(version, ConditionStatus(status), *rest) for version, status, *rest in cursor.fetchall()
    ]
    return StoredCondition(condition_id, person_id, crn, ConditionKind(kind), reference, created_at), versions


def people_of_conditions(cursor: Cursor, condition_ids: Collection[int]) -> list[int]:
    """Whose the conditions are: for the audit."""
    cursor.execute(
        "SELECT DISTINCT person_id FROM licence_conditions WHERE condition_id = ANY (%s)", (list(condition_ids),)
    )
    return [person_id for (person_id,) in cursor.fetchall()]
