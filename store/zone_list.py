"""Zones and their versions, as far as row security shows them to the caller."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.database import Cursor


@dataclass(frozen=True, slots=True)
class StoredVersion:
    version: int
    name: str
    kind: str
    geometry: dict[str, Any]
    valid_from: datetime
    valid_to: datetime | None
    active_from: datetime | None
    active_to: datetime | None
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredZone:
    """A zone with its latest version's dates. ``crn`` is None too where the caller may not see the person."""

    zone_id: int
    reference: str
    person_id: int | None
    crn: str | None
    version: int
    name: str
    kind: str
    valid_from: datetime
    valid_to: datetime | None
    active_from: datetime | None
    active_to: datetime | None


_ZONES = """
    SELECT zone.zone_id, zone.reference, zone.person_id, person.crn, latest.version, latest.name, latest.kind,
           latest.valid_from, latest.valid_to, latest.active_from, latest.active_to
    FROM zones zone
    LEFT JOIN people person ON person.person_id = zone.person_id
    CROSS JOIN LATERAL (
      SELECT * FROM zone_versions version WHERE version.zone_id = zone.zone_id ORDER BY version.version DESC LIMIT 1
    ) latest
"""


def list_zones(cursor: Cursor, after: int, limit: int) -> list[StoredZone]:
    cursor.execute(f"{_ZONES} WHERE zone.zone_id > %s ORDER BY zone.zone_id LIMIT %s", (after, limit))
    return [StoredZone(*row) for row in cursor.fetchall()]


def find_zone(cursor: Cursor, reference: str) -> tuple[StoredZone, list[StoredVersion]] | None:
    """A zone and all its versions, oldest first."""
    cursor.execute(f"{_ZONES} WHERE zone.reference = %s", (reference,))
    row = cursor.fetchone()
    if row is None:
        return None
    zone = StoredZone(*row)
    cursor.execute(
        "SELECT version, name, kind, geometry, valid_from, valid_to, active_from, active_to, created_by, created_at"
        " FROM zone_versions WHERE zone_id = %s ORDER BY version",
        (zone.zone_id,),
    )
    return zone, [StoredVersion(*version) for version in cursor.fetchall()]
