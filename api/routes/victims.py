"""Victims, for their own liaison officer: choices, and whether their zones are watched."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.documentation import documented
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices, Services
from api.victim_schemas import (
    ChoiceIn,
    ChoiceOut,
    ChoicesList,
    ReasonOut,
    VictimOut,
    VictimsList,
    VictimZoneOut,
    VictimZonesList,
)
from model.victims import VictimChoice
from store.clock import service_now
from store.database import Cursor
from store.victims import (
    VictimZone,
    add_choice,
    add_victim,
    find_victim,
    list_choices,
    list_victim_zones,
    list_victims,
)

router = APIRouter(tags=["victims"])
VictimId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The victim's id here", examples=[4])]
KNOWN_FOR = timedelta(minutes=2)

_VICTIM = {
    "victim_id": 4,
    "reference": "V-3F0A91C27E",
    "liaison": "officer.liaison",
    "created_at": "2026-11-20T10:00:00Z",
}
_CHOICE = {
    "version": 1,
    "kinds": ["breach", "retraction"],
    "method": "phone",
    "breach_when": "reviewed",
    "hours_from": "09:00:00",
    "hours_to": "18:00:00",
    "at_night": False,
    "chosen_at": "2026-11-20T10:05:00Z",
}
_ZONE = {
    "zone": "EZ-1042",
    "address_id": 9,
    "linked_at": "2026-11-20T10:20:00Z",
    "state": "weakened",
    "reasons": [{"code": "silent", "since": "2026-11-22T21:14:00Z"}],
    "since": "2026-11-22T21:24:01Z",
    "looked_at": "2026-11-22T21:30:00Z",
}


@router.get("/v1/victims", **documented(Permission.VICTIMS_READ, {"victims": [_VICTIM]}))
def read_victims(
    caller: Annotated[Caller, Depends(Requires(Permission.VICTIMS_READ, Action.VICTIMS_LIST))],
    services: CurrentServices,
) -> VictimsList:
    """The caller's own victims, by reference: neither names nor addresses."""
    with services.pool.transaction(caller.identity) as transaction:
        found = list_victims(transaction)
        record_allowed(transaction, caller.identity, Action.VICTIMS_LIST, Subject(row_count=len(found)))
    return VictimsList(victims=[VictimOut.model_validate(one) for one in found])


@router.post("/v1/victims", **documented(Permission.VICTIMS_WRITE, _VICTIM))
def create_victim(
    caller: Annotated[Caller, Depends(Requires(Permission.VICTIMS_WRITE, Action.VICTIM_ADD))],
    services: CurrentServices,
    response: Response,
) -> VictimOut:
    """A new victim of the caller's, under a reference that says nothing: no name is kept here."""
    with services.pool.transaction(caller.identity) as transaction:
        added = add_victim(transaction, caller.identity.subject)
        record_allowed(transaction, caller.identity, Action.VICTIM_ADD, Subject(detail={"victim_id": added.victim_id}))
    response.status_code = HTTPStatus.CREATED
    return VictimOut.model_validate(added)


@router.get(
    "/v1/victims/{victim_id}/zones",
    **documented(Permission.VICTIMS_READ, {"zones": [_ZONE]}, HTTPStatus.NOT_FOUND),
)
def read_victim_zones(
    caller: Annotated[Caller, Depends(Requires(Permission.VICTIMS_READ, Action.VICTIM_READ))],
    services: CurrentServices,
    victim_id: VictimId,
) -> VictimZonesList:
    """The victim's zones: watched, weakened or not watched, since when and why."""
    with one_victim(services, caller, Action.VICTIM_READ, victim_id) as (transaction, about):
        now = service_now(transaction)
        zones = [
            zone_out(one, one.looked_at is not None and now - one.looked_at <= KNOWN_FOR)
            for one in list_victim_zones(transaction, victim_id)
        ]
        record_allowed(transaction, caller.identity, Action.VICTIM_READ, about)
    return VictimZonesList(zones=zones)


@router.get(
    "/v1/victims/{victim_id}/choices",
    **documented(Permission.VICTIMS_READ, {"choices": [_CHOICE]}, HTTPStatus.NOT_FOUND),
)
def read_choices(
    caller: Annotated[Caller, Depends(Requires(Permission.VICTIMS_READ, Action.VICTIM_READ))],
    services: CurrentServices,
    victim_id: VictimId,
) -> ChoicesList:
    """What the victim wants to be told, how and when: the choice that holds first, then the earlier ones."""
    with one_victim(services, caller, Action.VICTIM_READ, victim_id) as (transaction, about):
        found = list_choices(transaction, victim_id)
        record_allowed(transaction, caller.identity, Action.VICTIM_READ, about)
    return ChoicesList(choices=[choice_out(one) for one in found])


@router.put(
    "/v1/victims/{victim_id}/choices",
    **documented(Permission.VICTIMS_WRITE, _CHOICE, HTTPStatus.NOT_FOUND),
)
def record_choice(
    caller: Annotated[Caller, Depends(Requires(Permission.VICTIMS_WRITE, Action.VICTIM_CHOICE_RECORD))],
    services: CurrentServices,
    victim_id: VictimId,
    chosen: ChoiceIn,
) -> ChoiceOut:
    """Record what the victim chose; it holds from now on, and the earlier choices are kept.

    There is nothing to choose of batteries, silence, approaches or what is only possible: none of that is told.
    """
    values = chosen.model_dump() | {
        "kinds": sorted(one.value for one in chosen.kinds),
        "method": chosen.method.value,
        "breach_when": chosen.breach_when.value,
    }
    with one_victim(services, caller, Action.VICTIM_CHOICE_RECORD, victim_id) as (transaction, about):
        recorded = add_choice(transaction, victim_id, values, caller.identity.subject)
        record_allowed(transaction, caller.identity, Action.VICTIM_CHOICE_RECORD, about)
    return choice_out(recorded)


@contextmanager
def one_victim(services: Services, caller: Caller, action: Action, victim_id: int) -> Iterator[tuple[Cursor, Subject]]:
    """A transaction about a victim of the caller's, and what the audit says that it is about. Raises ProblemError with
    404, which is recorded, where there is none for the caller.
    """
    about = Subject(detail={"victim_id": victim_id})
    with services.pool.transaction(caller.identity) as transaction:
        is_theirs = find_victim(transaction, victim_id) is not None
        if is_theirs:
            yield transaction, about
    if not is_theirs:
        raise refuse_unseen(services, caller, action, about, "victim")


def zone_out(zone: VictimZone, is_known: bool) -> VictimZoneOut:
    """A state that nobody has looked after lately is not told as one."""
    watch = zone.watch if is_known else None
    return VictimZoneOut(
        zone=zone.reference,
        address_id=zone.address_id,
        linked_at=zone.linked_at,
        state=None if watch is None else watch.state,
        reasons=[] if watch is None else [ReasonOut.model_validate(one) for one in watch.reasons],
        since=None if watch is None else zone.since,
        looked_at=zone.looked_at,
    )


def choice_out(choice: VictimChoice) -> ChoiceOut:
    return ChoiceOut.model_validate(
        {name: getattr(choice, name) for name in ChoiceOut.model_fields} | {"kinds": sorted(choice.kinds)}
    )
