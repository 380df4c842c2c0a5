"""Tags, and who wears which of them when: put on, taken off, and swapped at one instant."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from alerts.tagging import put_on, swap_devices
from api.cursors import decode_text, encode_text, next_link
from api.documentation import also_answers, documented
from api.fields import CursorText, Limit, PersonId
from api.people_access import one_managed_person
from api.people_schemas import (
    ActivationOut,
    ActivationsOut,
    DeviceOffIn,
    DeviceOnIn,
    DeviceOut,
    DevicesPage,
    DeviceSwapIn,
    SwapOut,
)
from api.security import Caller, Requires
from api.services import CurrentServices, Services
from store.activations import Activation, deactivate, list_activations, list_devices
from store.database import Cursor
from store.registry import lock_registry_for_edit

router = APIRouter(tags=["people"])

_ACTIVATION = {
    "activation_id": 41,
    "person_id": 17,
    "crn": "X123456",
    "device_serial": "TAG-0004",
    "from": "2026-11-22T10:00:00Z",
    "to": None,
}
_ENDED = {**_ACTIVATION, "to": "2026-11-26T12:00:00Z"}
_AFTER = {**_ACTIVATION, "activation_id": 42, "device_serial": "TAG-0009", "from": "2026-11-26T12:00:00Z"}


def _creates(example: dict[str, Any], model: type[ActivationOut | SwapOut]) -> dict[str, Any]:
    route = documented(Permission.PEOPLE_WRITE, example, HTTPStatus.NOT_FOUND)
    also_answers(route, 201, model, "Recorded", example)
    return route


@router.get("/v1/devices", **documented(Permission.PEOPLE_WRITE, {"devices": [], "next": None}))
def read_devices(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.PEOPLE_WRITE, Action.DEVICES_LIST))],
    services: CurrentServices,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> DevicesPage:
    """Every tag in the order of the serials, with its latest activation."""
    after = decode_text(cursor) or ""
    with services.pool.transaction(caller.identity) as transaction:
        found = list_devices(transaction, after, limit + 1)
        page = found[:limit]
        about = Subject(row_count=len(page), person_ids=[one.last.person_id for one in page if one.last is not None])
        record_allowed(transaction, caller.identity, Action.DEVICES_LIST, about)
    last = encode_text(page[-1].serial) if found[limit:] else None
    more = next_link(request.url.path, {"limit": limit}, last)
    return DevicesPage(devices=[DeviceOut.of(one) for one in page], next=more)


@router.get(
    "/v1/people/{person_id}/activations",
    **documented(Permission.PEOPLE_WRITE, {"activations": [_ACTIVATION]}, HTTPStatus.NOT_FOUND),
)
def read_activations(
    caller: Annotated[Caller, Depends(Requires(Permission.PEOPLE_WRITE, Action.DEVICES_LIST))],
    services: CurrentServices,
    person_id: PersonId,
) -> ActivationsOut:
    """What the person wore when, the newest first."""
    with one_managed_person(services, caller, Action.DEVICES_LIST, person_id) as (cursor, _):
        found = list_activations(cursor, person_id)
        about = Subject(person_id=person_id, row_count=len(found))
        record_allowed(cursor, caller.identity, Action.DEVICES_LIST, about)
    return ActivationsOut(activations=[ActivationOut.of(one) for one in found])


@router.post("/v1/people/{person_id}/device-on", **_creates(_ACTIVATION, ActivationOut))
def put_device_on(
    caller: Annotated[Caller, Depends(Requires(Permission.PEOPLE_WRITE, Action.DEVICE_ACTIVATE))],
    services: CurrentServices,
    response: Response,
    person_id: PersonId,
    given: DeviceOnIn,
) -> ActivationOut:
    """Record that a tag was put on the person; one not seen before is registered.

    Refused with 422: a tag that is on somebody at any of that time, a person who is under 18 on that day or whose date
    of birth is not known, one without a decision that holds on that day, and a second tag that is not said to be meant.
    """
    with one_managed_person(services, caller, Action.DEVICE_ACTIVATE, person_id) as (cursor, person):
        _hold(cursor, services)
        made = put_on(
            cursor, given.serial, person.crn, given.begins_at, given.ends_at, beside_another=given.beside_another
        )
        _record(cursor, caller, Action.DEVICE_ACTIVATE, made)
    response.status_code = HTTPStatus.CREATED
    return ActivationOut.of(made)


@router.post("/v1/people/{person_id}/device-off", **documented(Permission.PEOPLE_WRITE, _ENDED, HTTPStatus.NOT_FOUND))
def take_device_off(
    caller: Annotated[Caller, Depends(Requires(Permission.PEOPLE_WRITE, Action.DEVICE_DEACTIVATE))],
    services: CurrentServices,
    person_id: PersonId,
    given: DeviceOffIn,
) -> ActivationOut:
    """Record that a tag came off the person. Refused with 422 where it was not on them, or put on no earlier."""
    with one_managed_person(services, caller, Action.DEVICE_DEACTIVATE, person_id) as (cursor, _):
        _hold(cursor, services)
        ended = deactivate(cursor, given.serial, given.at, person_id)
        _record(cursor, caller, Action.DEVICE_DEACTIVATE, ended)
    return ActivationOut.of(ended)


@router.post("/v1/people/{person_id}/device-swap", **_creates({"off": _ENDED, "on": _AFTER}, SwapOut))
def swap_device(
    caller: Annotated[Caller, Depends(Requires(Permission.PEOPLE_WRITE, Action.DEVICE_SWAP))],
    services: CurrentServices,
    response: Response,
    person_id: PersonId,
    given: DeviceSwapIn,
) -> SwapOut:
    """One tag off and another on at the same instant: the track goes over from the one to the other there, and what
    either reports on the other side of it is not this person's.
    """
    with one_managed_person(services, caller, Action.DEVICE_SWAP, person_id) as (cursor, person):
        _hold(cursor, services)
        swapped = swap_devices(cursor, person.crn, given.off, given.on, given.at)
        _record(cursor, caller, Action.DEVICE_SWAP, swapped.off)
        _record(cursor, caller, Action.DEVICE_SWAP, swapped.on)
    response.status_code = HTTPStatus.CREATED
    return SwapOut(off=ActivationOut.of(swapped.off), on=ActivationOut.of(swapped.on))


def _hold(cursor: Cursor, services: Services) -> None:
    """No batch is judged while who wears what is changed; a request does not wait for that for ever."""
    lock_registry_for_edit(cursor, services.settings.lock_timeout_ms)


def _record(cursor: Cursor, caller: Caller, action: Action, activation: Activation) -> None:
    about = Subject(
        person_id=activation.person_id,
        window_from=activation.began_at,
        window_to=activation.ended_at,
        detail={"activation_id": activation.activation_id},
    )
    record_allowed(cursor, caller.identity, action, about)
