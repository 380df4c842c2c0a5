"""Versions of zones, from their rows."""

from collections.abc import Sequence
from typing import Any

from geofence import schedule_documents
from geofence.geojson import from_stored
from model.enums import ZoneKind
from model.policies import policy_of
from model.times import microseconds_or_none, to_microseconds
from model.zones import ZoneVersion

ZONE_VERSION = (
    "version.zone_id, version.version, zone.reference, version.name, version.kind, zone.person_id,"
    " version.geometry, version.schedule, version.preset, version.policy, version.is_disclosed,"
    " version.valid_from, version.valid_to, version.active_from, version.active_to"
)
"""The columns of ``ZONE_VERSIONS`` that ``zone_version`` takes."""

ZONE_VERSIONS = "zones zone JOIN zone_versions version USING (zone_id)"


def zone_version(row: Sequence[Any]) -> ZoneVersion:
    zone_id, version, reference, name, kind, person_id, geometry, schedule, preset, policy, is_disclosed, *times = row
    valid_from, valid_to, active_from, active_to = times
    return ZoneVersion(
        zone_id=zone_id,
        version=version,
        reference=reference,
        name=name,
        kind=ZoneKind(kind),
        person_id=person_id,
        geometry=from_stored(geometry),
        valid_from_us=to_microseconds(valid_from),
        valid_to_us=microseconds_or_none(valid_to),
        active_from_us=microseconds_or_none(active_from),
        active_to_us=microseconds_or_none(active_to),
        schedule=schedule_documents.from_stored(schedule),
        policy=policy_of(preset, policy),
        is_disclosed=is_disclosed,
    )
