"""Victims' addresses and the shapes that protect them, for the victim's own liaison officer.

The database's functions check whose victim it is, and record each use in the audit.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response

from access.audit import Action, Subject, record_refusal
from access.roles import Permission
from api.documentation import documented
from api.errors import ProblemError
from api.fields import ZoneReference
from api.routes.victims import VictimId, one_victim, zone_out
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from api.victim_schemas import (
    AddressesList,
    AddressIn,
    AddressOut,
    AddressSet,
    ShapeIn,
    ShapeOut,
    VictimZonesList,
    ZoneLinkIn,
)
from api.victim_shapes import check, propose
from api.zone_files import projection_of
from geofence.geojson import to_geojson
from geofence.protected_zones import Reveal
from geofence.validation import read_geometry
from model.enums import ZoneKind
from model.zones import Region
from ops.errors import InputError
from store.protected_addresses import end_address, link_zone, read_addresses, set_address, unlink_zone, zone_to_link
from store.victims import find_victim, list_victim_zones

router = APIRouter(tags=["victims"])
REMEDY = "are lat and lon exchanged?"
AddressId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The address's id", examples=[9])]

_ADDRESS = {
    "address_id": 9,
    "kind": "home",
    "address": "1 Example Street, London",
    "lat": 51.5014,
    "lon": -0.1419,
    "margin_m": 300.0,
    "set_by": "officer.liaison",
    "set_at": "2026-11-20T10:10:00Z",
}
_RING = [[-0.16, 51.49], [-0.12, 51.488], [-0.11, 51.51], [-0.15, 51.514], [-0.16, 51.49]]
_SHAPE = {"geometry": {"type": "Polygon", "coordinates": [_RING]}}
_ZONES = {
    "zones": [
        {
            "zone": "EZ-1042",
            "address_id": 9,
            "linked_at": "2026-11-20T10:20:00Z",
            "state": None,
            "reasons": [],
            "since": None,
            "looked_at": None,
        }
    ]
}


def _check_region(region: Region, wanted: AddressIn) -> None:
    """A slip in the coordinates protects another place; the answer repeats none of them."""
    lat_min, lon_min, lat_max, lon_max = region
    faults = [
        {
            "where": f"body.{name}",
            "problem": f"it is not from {least:g} to {most:g}, where wearers are watched: {REMEDY}",
        }
        for name, value, least, most in (
            ("lat", wanted.lat, lat_min, lat_max),
            ("lon", wanted.lon, lon_min, lon_max),
        )
        if not least <= value <= most
    ]
    if faults:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "The address lies outside the region.", errors=faults)


@router.get(
    "/v1/victims/{victim_id}/addresses",
    **documented(Permission.VICTIM_ADDRESSES_READ, {"addresses": [_ADDRESS]}, HTTPStatus.NOT_FOUND),
)
def read_victim_addresses(
    caller: Annotated[Caller, Depends(Requires(Permission.VICTIM_ADDRESSES_READ, Action.VICTIM_ADDRESS_READ))],
    services: CurrentServices,
    victim_id: VictimId,
) -> AddressesList:
    """The addresses themselves: the one route that answers with any, and each answer stands in the audit."""
    with one_victim(services, caller, Action.VICTIM_ADDRESS_READ, victim_id) as (transaction, _):
        found = read_addresses(transaction, victim_id)
    return AddressesList(addresses=[AddressOut.model_validate(one) for one in found])


@router.post(
    "/v1/victims/{victim_id}/addresses",
    **documented(Permission.VICTIM_ADDRESSES_WRITE, {"address_id": 9}, HTTPStatus.NOT_FOUND),
)
def write_victim_address(
    caller: Annotated[Caller, Depends(Requires(Permission.VICTIM_ADDRESSES_WRITE, Action.VICTIM_ADDRESS_SET))],
    services: CurrentServices,
    response: Response,
    victim_id: VictimId,
    wanted: AddressIn,
) -> AddressSet:
    """Set the victim's address of this kind. An earlier one is erased; its zones are weakened until linked anew."""
    _check_region(services.settings.region, wanted)
    with services.pool.transaction(caller.identity) as transaction:
        victim = find_victim(transaction, victim_id)
        address_id = (
            None
            if victim is None
            else set_address(
                transaction, victim_id, wanted.kind.value, wanted.address, wanted.lat, wanted.lon, wanted.margin_m
            )
        )
    if address_id is None:
        raise _unseen(services, caller, Action.VICTIM_ADDRESS_SET, victim_id, "victim")
    response.status_code = HTTPStatus.CREATED
    return AddressSet(address_id=address_id)


@router.delete(
    "/v1/victims/{victim_id}/addresses/{address_id}",
    **documented(Permission.VICTIM_ADDRESSES_WRITE, {"address_id": 9}, HTTPStatus.NOT_FOUND),
)
def erase_victim_address(
    caller: Annotated[Caller, Depends(Requires(Permission.VICTIM_ADDRESSES_WRITE, Action.VICTIM_ADDRESS_END))],
    services: CurrentServices,
    victim_id: VictimId,
    address_id: AddressId,
) -> AddressSet:
    """Erase an address. Zones that protect it stay as they are, and are shown as weakened."""
    with services.pool.transaction(caller.identity) as transaction:
        ended = find_victim(transaction, victim_id) is not None and end_address(transaction, address_id)
    if not ended:
        raise _unseen(services, caller, Action.VICTIM_ADDRESS_END, victim_id, "address")
    return AddressSet(address_id=address_id)


@router.post(
    "/v1/victims/{victim_id}/addresses/{address_id}/proposal",
    **documented(Permission.VICTIM_ADDRESSES_WRITE, _SHAPE, HTTPStatus.NOT_FOUND),
)
def propose_victim_shape(
    caller: Annotated[Caller, Depends(Requires(Permission.VICTIM_ADDRESSES_WRITE, Action.VICTIM_SHAPE_CHECK))],
    services: CurrentServices,
    victim_id: VictimId,
    address_id: AddressId,
) -> ShapeOut:
    """A shape that protects the address and gives it away by nothing: for whoever drafts the condition.

    The same address always gets the same shape, for several wearers too: two shapes tell more than one.
    """
    try:
        with services.pool.transaction(caller.identity) as transaction:
            geometry = propose(transaction, projection_of(services.settings), victim_id, address_id)
    except InputError:
        about = Subject(detail={"victim_id": victim_id, "refused": "shape"})
        record_refusal(services.pool, caller.identity, Action.VICTIM_SHAPE_CHECK, about)
        raise
    if geometry is None:
        raise _unseen(services, caller, Action.VICTIM_SHAPE_CHECK, victim_id, "address")
    return ShapeOut(geometry=geometry)


@router.post(
    "/v1/victims/{victim_id}/addresses/{address_id}/shapes",
    **documented(Permission.VICTIM_ADDRESSES_WRITE, _SHAPE, HTTPStatus.NOT_FOUND),
)
def check_victim_shape(
    caller: Annotated[Caller, Depends(Requires(Permission.VICTIM_ADDRESSES_WRITE, Action.VICTIM_SHAPE_CHECK))],
    services: CurrentServices,
    victim_id: VictimId,
    address_id: AddressId,
    wanted: ShapeIn,
) -> ShapeOut:
    """Check a shape that was drawn by hand. Where it protects the address, zones linked to it take it from now on.

    Until then a new version of such a zone with that shape is refused, whoever publishes it.
    """
    settings = services.settings
    geometry, problems = read_geometry(
        wanted.geometry, radius_m=wanted.geometry.get("radius_m"), region=settings.region
    )
    if geometry is None:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"This is no geometry of a zone: {len(problems)} problem(s), each in errors.",
            errors=[{"where": "geometry", "problem": f"{one.value}; {one.remedy}"} for one in problems],
        )
    document = to_geojson(geometry)
    with services.pool.transaction(caller.identity) as transaction:
        found = check(transaction, projection_of(settings), victim_id, address_id, [document])
    if found is None:
        raise _unseen(services, caller, Action.VICTIM_SHAPE_CHECK, victim_id, "address")
    if found:
        raise _revealing(services, caller, Action.VICTIM_SHAPE_CHECK, victim_id, found)
    return ShapeOut(geometry=document)


@router.post(
    "/v1/victims/{victim_id}/zones",
    **documented(Permission.VICTIM_ADDRESSES_WRITE, _ZONES, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def link_victim_zone(
    caller: Annotated[Caller, Depends(Requires(Permission.VICTIM_ADDRESSES_WRITE, Action.VICTIM_ZONE_LINK))],
    services: CurrentServices,
    victim_id: VictimId,
    wanted: ZoneLinkIn,
) -> VictimZonesList:
    """Say that a zone protects this address. Every shape that the zone ever had is checked.

    From then on it takes no new shape that was not checked, and its state is watched.
    """
    with services.pool.transaction(caller.identity) as transaction:
        zone = zone_to_link(transaction, wanted.zone) if find_victim(transaction, victim_id) else None
        if zone is None or zone.person_id is None or zone.kind != ZoneKind.EXCLUSION:
            found = None
        else:
            projection = projection_of(services.settings)
            found = check(transaction, projection, victim_id, wanted.address_id, zone.geometries)
        linked = zone is not None and found == () and link_zone(transaction, victim_id, wanted.address_id, zone.zone_id)
        zones = list_victim_zones(transaction, victim_id)
    if found is None:
        raise _unseen(
            services, caller, Action.VICTIM_ZONE_LINK, victim_id, "victim, address or wearer's exclusion zone"
        )
    if found:
        raise _revealing(services, caller, Action.VICTIM_ZONE_LINK, victim_id, found)
    if not linked:
        raise ProblemError(HTTPStatus.CONFLICT, "The zone got another shape meanwhile: look at it and link it again.")
    return VictimZonesList(zones=[zone_out(one, is_known=False) for one in zones])


@router.post(
    "/v1/victims/{victim_id}/zones/{reference:path}/unlink",
    **documented(Permission.VICTIM_ADDRESSES_WRITE, {"zones": []}, HTTPStatus.NOT_FOUND),
)
def unlink_victim_zone(
    caller: Annotated[Caller, Depends(Requires(Permission.VICTIM_ADDRESSES_WRITE, Action.VICTIM_ZONE_UNLINK))],
    services: CurrentServices,
    victim_id: VictimId,
    reference: ZoneReference,
) -> VictimZonesList:
    """The zone is the victim's no longer: its state is not watched, and its shape is free."""
    with services.pool.transaction(caller.identity) as transaction:
        unlinked = unlink_zone(transaction, victim_id, reference)
        zones = list_victim_zones(transaction, victim_id)
    if not unlinked:
        raise _unseen(services, caller, Action.VICTIM_ZONE_UNLINK, victim_id, "zone of this victim")
    return VictimZonesList(zones=[zone_out(one, is_known=False) for one in zones])


def _unseen(services: CurrentServices, caller: Caller, action: Action, victim_id: int, what: str) -> ProblemError:
    return refuse_unseen(services, caller, action, Subject(detail={"victim_id": victim_id}), what)


def _revealing(
    services: CurrentServices, caller: Caller, action: Action, victim_id: int, found: Sequence[Reveal]
) -> ProblemError:
    """Only to the victim's own officer, who knows the address; the audit keeps no figure of it."""
    about = Subject(row_count=len(found), detail={"victim_id": victim_id, "refused": "shape"})
    record_refusal(services.pool, caller.identity, action, about)
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The shape gives the address away; errors says by what. Move or enlarge it, or take the proposed one.",
        errors=[_document(one) for one in found],
    )


def _document(one: Reveal) -> dict[str, Any]:
    return {"where": "geometry", "problem": one.what, "found": round(one.value), "least": round(one.least)}
