"""Zones and their versions, as far as row security shows them to the caller."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from store.database import Cursor


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version as its row: geometry, schedule and policy are documents."""

    version: int
    name: str
    kind: str
    geometry: dict[str, Any]
    schedule: dict[str, Any] | None
    preset: str
    policy: dict[str, Any]  # every value; what is missing is the preset's
    is_disclosed: bool
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


@dataclass(frozen=True, slots=True)
class CurrentZone:
    """A zone with its latest version."""

    zone_id: int
    person_id: int | None
    latest: StoredVersion


_ZONES = """
    SELECT zone.zone_id, zone.reference, zone.person_id, person.crn, latest.version, latest.name, latest.kind,
           latest.valid_from, latest.valid_to, latest.active_from, latest.active_to
    FROM zones zone
    LEFT JOIN people person ON person.person_id = zone.person_id
    CROSS JOIN LATERAL (
      SELECT * FROM zone_versions version WHERE version.zone_id = zone.zone_id ORDER BY version.version DESC LIMIT 1
    ) latest
"""
_VERSION = ", ".join(f"version.{field.name}" for field in fields(StoredVersion))


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
        f"SELECT {_VERSION} FROM zone_versions version WHERE zone_id = %s ORDER BY version",  # noqa: S608  field names
        (zone.zone_id,),
    )
    return zone, [StoredVersion(*version) for version in cursor.fetchall()]


def current_zones(cursor: Cursor, references: Sequence[str]) -> dict[str, CurrentZone]:
    """Those of ``references`` that are there, each with its latest version."""
    cursor.execute(
        f"SELECT DISTINCT ON (zone.zone_id) zone.reference, zone.zone_id, zone.person_id, {_VERSION}"  # noqa: S608  likewise
        " FROM zones zone JOIN zone_versions version USING (zone_id) WHERE zone.reference = ANY (%s)"
        " ORDER BY zone.zone_id, version.version DESC",
        (list(references),),
    )
    return {
        reference: CurrentZone(zone_id, person_id, StoredVersion(*version))
        for reference, zone_id, person_id, *version in cursor.fetchall()
    }
