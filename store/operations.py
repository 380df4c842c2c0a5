"""Authorities to stop and search: opened, extended and closed by an officer, each with its shared zone.

The zone and its authority are written in one transaction. It shows police nobody: entries inform who supervises.
"""

from collections.abc import Sequence
from datetime import datetime

from geofence.drafts import ZoneDraft
from geofence.geojson import from_stored, to_geojson
from geofence.validation import read_geometry
from geofence.wards import WardShape, union_of
from model.enums import ZoneKind
from model.operations import (
    LIMITS,
    Authority,
    AuthorityRecord,
    AuthorityRequest,
    ExtensionRequest,
    OperationState,
    Power,
)
from model.policies import AREA
from model.zones import Geometry
from ops.errors import InputError
from store.checks import FieldProblem, FieldsRefusedError
from store.clock import service_now
from store.condition_list import references_taken
from store.database import Cursor, fetch_one
from store.operations_checks import checked_extension, checked_opening
from store.registry import lock_registry_for_edit
from store.wards import find_ward_shapes
from store.zone_decisions import LONGEST_NAME
from store.zone_list import current_zones
from store.zones import end_zone, publish_zones

_AUTHORITIES = "SELECT authority_id, reference, power, wards, closed_at, closed_by FROM authorities"


def open_authority(cursor: Cursor, wanted: AuthorityRequest, opened_by: str, lock_timeout_ms: int) -> Authority:
    """Publish the union of the wards for the authority's hours, and record who authorised it.

    It may have begun: what was judged since is judged anew. Raises FieldsRefusedError with every reason,
    UnavailableError when the registry's lock is not had in time.
    """
    lock_registry_for_edit(cursor, lock_timeout_ms)
    now = service_now(cursor)
    shapes = find_ward_shapes(cursor, wanted.wards)
    taken = references_taken(cursor, [wanted.reference])
    checked, problems = checked_opening(wanted, now, shapes.keys(), is_taken=bool(taken))
    if problems:
        raise FieldsRefusedError(problems)
    geometry = _area([shapes[code] for code in checked.wards])
    name = f"{LIMITS[Power(checked.power)].words}: {', '.join(shapes[code].name for code in checked.wards)}"
    cursor.execute(
        "INSERT INTO authorities (reference, power, wards) VALUES (%s, %s, %s) RETURNING authority_id",
        (checked.reference, checked.power, list(checked.wards)),
    )
    (authority_id,) = fetch_one(cursor)
    draft = _draft(checked.reference, name, geometry, checked.begins_at, checked.ends_at, checked.begins_at)
    publish_zones(cursor, [draft], opened_by, now, lock_timeout_ms)  # row security asks for the record first
    period = AuthorityRecord(
        checked.begins_at, checked.ends_at, checked.officer, checked.rank, checked.reason, opened_by, now
    )
    _insert_record(cursor, authority_id, 1, period)
    return _known(cursor, checked.reference)


def extend_authority(
    cursor: Cursor, reference: str, wanted: ExtensionRequest, recorded_by: str, lock_timeout_ms: int
) -> Authority | None:
    """Let it go on from its end, once; None where there is none to see. A wearer's stay goes on with it.

    Raises FieldsRefusedError with every reason, UnavailableError when the registry's lock is not had in time.
    """
    lock_registry_for_edit(cursor, lock_timeout_ms)
    now = service_now(cursor)
    found = find_authority(cursor, reference)
    if found is None:
        return None
    checked, problems = checked_extension(found, wanted, now)
    if problems:
        raise FieldsRefusedError(problems)
    latest = current_zones(cursor, [reference])[reference].latest
    geometry = from_stored(latest.geometry)
    draft = _draft(reference, latest.name, geometry, found.begins_at, checked.ends_at, None)
    publish_zones(cursor, [draft], recorded_by, now, lock_timeout_ms)
    period = AuthorityRecord(
        found.ends_at, checked.ends_at, checked.officer, checked.rank, checked.reason, recorded_by, now
    )
    _insert_record(cursor, found.authority_id, 2, period)
    return _known(cursor, reference)


def close_authority(cursor: Cursor, reference: str, closed_by: str, lock_timeout_ms: int) -> Authority | None:
    """End its zone now, or before it begins; None where there is none to see. One that is closed stays as it is.

    Raises InputError for one that is over, UnavailableError when the registry's lock is not had in time.
    """
    lock_registry_for_edit(cursor, lock_timeout_ms)
    now = service_now(cursor)
    found = find_authority(cursor, reference)
    if found is None or found.closed_at is not None:
        return found
    if found.state(now) is OperationState.OVER:
        raise InputError(
            f"the authority {reference} was over at {found.ends_at.isoformat()}: there is nothing to close"
        )
    latest = current_zones(cursor, [reference])[reference].latest
    if latest.valid_to is None:  # somebody may have ended the zone by itself
        end_zone(cursor, reference, max(now, latest.valid_from), lock_timeout_ms)
    cursor.execute(
        "UPDATE authorities SET closed_at = %s, closed_by = %s WHERE authority_id = %s",
        (now, closed_by, found.authority_id),
    )
    return _known(cursor, reference)


def find_authority(cursor: Cursor, reference: str) -> Authority | None:
    cursor.execute(f"{_AUTHORITIES} WHERE reference = %s", (reference,))
    found = _with_records(cursor, cursor.fetchall())
    return found[0] if found else None


def list_authorities(cursor: Cursor, before: int | None, limit: int) -> list[Authority]:
    """The newest first, from behind the one with the id ``before``."""
    cursor.execute(
        f"{_AUTHORITIES} WHERE %(before)s::bigint IS NULL OR authority_id < %(before)s"
        " ORDER BY authority_id DESC LIMIT %(limit)s",
        {"before": before, "limit": limit},
    )
    return _with_records(cursor, cursor.fetchall())


def _known(cursor: Cursor, reference: str) -> Authority:
    found = find_authority(cursor, reference)
    if found is None:
        raise LookupError("an authority that was written is not there")
    return found


def _with_records(
    cursor: Cursor, rows: Sequence[tuple[int, str, str, list[str], datetime | None, str | None]]
) -> list[Authority]:
    cursor.execute(
        "SELECT authority_id, lower(during), upper(during), officer, rank, reason, recorded_by, recorded_at"
        " FROM authority_records WHERE authority_id = ANY (%s) ORDER BY authority_id, number",
        ([row[0] for row in rows],),
    )
    records: dict[int, tuple[AuthorityRecord, ...]] = {}
    for authority_id, *record in cursor.fetchall():
        records[authority_id] = (*records.get(authority_id, ()), AuthorityRecord(*record))
    return [
        Authority(authority_id, reference, power, tuple(wards), closed_at, closed_by, records[authority_id])
        for authority_id, reference, power, wards, closed_at, closed_by in rows
    ]


def _insert_record(cursor: Cursor, authority_id: int, number: int, record: AuthorityRecord) -> None:
    cursor.execute(
        "INSERT INTO authority_records (authority_id, number, during, officer, rank, reason, recorded_by, recorded_at)"
        " VALUES (%s, %s, tstzrange(%s, %s), %s, %s, %s, %s, %s)",
        (
            authority_id,
            number,
            record.begins_at,
            record.ends_at,
            record.officer,
            record.rank,
            record.reason,
            record.recorded_by,
            record.recorded_at,
        ),
    )


def _area(wards: Sequence[WardShape]) -> Geometry:
    """Judged like every zone's geometry: what was drawn apart may make no valid area together."""
    geometry, problems = read_geometry(to_geojson(union_of([ward.geometry for ward in wards])))
    if geometry is None:
        raise FieldsRefusedError(
            [FieldProblem("wards", f"together they are no area: {one.value}", one.remedy) for one in problems]
        )
    return geometry


def _draft(
    reference: str,
    name: str,
    geometry: Geometry,
    begins_at: datetime,
    ends_at: datetime,
    valid_from: datetime | None,
) -> ZoneDraft:
    return ZoneDraft(
        reference=reference,
        name=name[:LONGEST_NAME],
        kind=ZoneKind.AUTHORITY_AREA,
        crn=None,
        geometry=geometry,
        valid_from=valid_from,
        active_from=begins_at,
        active_to=ends_at,
        preset="area",
        policy=AREA,
    )
