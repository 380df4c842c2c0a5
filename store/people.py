"""People and their visits, as far as row security shows them to the caller."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.database import Cursor


@dataclass(frozen=True, slots=True)
class StoredPerson:
    person_id: int
    crn: str
    name: str


@dataclass(frozen=True, slots=True)
class StoredVisit:
    visit_id: uuid.UUID
    merged_into: uuid.UUID | None
    zone_reference: str
    zone_name: str
    zone_kind: str
    zone_version: int
    aspect: str
    regime: str
    state: str
    inferred: bool
    entered_at: datetime
    confirmed_at: datetime | None
    last_inside_at: datetime
    left_at: datetime | None
    end_reason: str | None
    positions_inside: int


def list_people(cursor: Cursor, after: int, limit: int) -> list[StoredPerson]:
    cursor.execute(
        "SELECT person_id, crn, name FROM people WHERE person_id > %s ORDER BY person_id LIMIT %s", (after, limit)
    )
    return [StoredPerson(*row) for row in cursor.fetchall()]


def person_is_visible(cursor: Cursor, person_id: int) -> bool:
    cursor.execute("SELECT FROM people WHERE person_id = %s", (person_id,))
    return cursor.fetchone() is not None


def list_visits(
    cursor: Cursor, person_id: int, before: tuple[datetime, uuid.UUID] | None, limit: int
) -> list[StoredVisit]:
    """Newest first, from behind the visit ``before``; those never confirmed or taken back too, as their state says."""
    parameters: dict[str, Any] = {"person": person_id, "limit": limit}
    behind = ""
    if before is not None:
        behind = "AND (visit.entered_at, visit.visit_id) < (%(entered)s, %(visit)s::uuid)"
        parameters |= {"entered": before[0], "visit": str(before[1])}
    cursor.execute(
        f"""
        SELECT visit.visit_id::text, visit.merged_into::text, zone.reference, version.name, version.kind,
               visit.zone_version, visit.aspect, visit.regime, visit.state, visit.inferred,
               visit.entered_at, visit.confirmed_at, visit.last_inside_at, visit.left_at,
               visit.end_reason, visit.positions_inside
        FROM visits visit
        JOIN zones zone USING (zone_id)
        JOIN zone_versions version ON version.zone_id = visit.zone_id AND version.version = visit.zone_version
        WHERE visit.person_id = %(person)s {behind}
        ORDER BY visit.entered_at DESC, visit.visit_id DESC
        LIMIT %(limit)s
        """,  # noqa: S608 -- the condition is one of two literals above
        parameters,
    )
    return [
        StoredVisit(uuid.UUID(visit_id), None if merged_into is None else uuid.UUID(merged_into), *rest)
        for visit_id, merged_into, *rest in cursor.fetchall()
    ]
