"""Legal holds: what of a person is kept beyond its time. Who places one does not release it."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.documentation import also_answers, documented
from api.fields import PersonId
from api.hold_schemas import HoldIn, HoldOut, HoldsOut, ReleaseIn, hold_out
from api.people_access import one_person
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from ops.errors import InputError
from store.legal_holds import NewHold, holds_on, place_hold, release_hold

router = APIRouter(tags=["people"])

_HOLD = {
    "legal_hold_id": 3,
    "from": "2026-03-01T00:00:00Z",
    "to": "2026-03-31T23:59:00Z",
    "reason": "complaint 77",
    "placed_by": "the.manager",
    "placed_at": "2026-11-26T10:00:00Z",
    "review_at": "2027-03-01",
    "evidence_id": None,
}
_PLACE_ROUTE = documented(Permission.HOLDS_WRITE, _HOLD, HTTPStatus.NOT_FOUND)
also_answers(_PLACE_ROUTE, 201, HoldOut, "In force", _HOLD)
HoldId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The hold's id", examples=[3])]


@router.get(
    "/v1/people/{person_id}/holds", **documented(Permission.HOLDS_READ, {"holds": [_HOLD]}, HTTPStatus.NOT_FOUND)
)
def read_holds(
    caller: Annotated[Caller, Depends(Requires(Permission.HOLDS_READ, Action.LEGAL_HOLDS_LIST))],
    services: CurrentServices,
    person_id: PersonId,
) -> HoldsOut:
    """The holds in force on the person, the oldest first: nothing of their times is let go."""
    with one_person(services, caller, Action.LEGAL_HOLDS_LIST, person_id) as (cursor, _):
        found = holds_on(cursor, person_id)
        about = Subject(person_id=person_id, row_count=len(found))
        record_allowed(cursor, caller.identity, Action.LEGAL_HOLDS_LIST, about)
    return HoldsOut(holds=[hold_out(one) for one in found])


@router.post("/v1/people/{person_id}/holds", **_PLACE_ROUTE)
def place_one(
    caller: Annotated[Caller, Depends(Requires(Permission.HOLDS_WRITE, Action.LEGAL_HOLD_PLACE))],
    services: CurrentServices,
    response: Response,
    person_id: PersonId,
    wanted: HoldIn,
) -> HoldOut:
    """Keep everything of the person in a time, whatever the rules of retention say, until somebody else releases it."""
    with one_person(services, caller, Action.LEGAL_HOLD_PLACE, person_id) as (cursor, _):
        hold = NewHold(person_id, wanted.begins_at, wanted.ends_at, wanted.reason, wanted.review_at)
        hold_id = place_hold(cursor, hold, caller.identity.subject)
        about = Subject(person_id, hold.from_time, hold.to_time, detail={"legal_hold_id": hold_id})
        record_allowed(cursor, caller.identity, Action.LEGAL_HOLD_PLACE, about)
        placed = next(one for one in holds_on(cursor, person_id) if one.legal_hold_id == hold_id)
    response.status_code = HTTPStatus.CREATED
    return hold_out(placed)


@router.post(
    "/v1/people/{person_id}/holds/{hold_id}/release",
    **documented(Permission.HOLDS_WRITE, {"holds": []}, HTTPStatus.NOT_FOUND),
)
def release_one(
    caller: Annotated[Caller, Depends(Requires(Permission.HOLDS_WRITE, Action.LEGAL_HOLD_RELEASE))],
    services: CurrentServices,
    person_id: PersonId,
    hold_id: HoldId,
    given: ReleaseIn,
) -> HoldsOut:
    """Release a hold that somebody else has placed: what it kept goes when its rule says. Answers with those left."""
    about = Subject(person_id=person_id, detail={"legal_hold_id": hold_id})
    with one_person(services, caller, Action.LEGAL_HOLD_RELEASE, person_id) as (cursor, _):
        found = next((one for one in holds_on(cursor, person_id) if one.legal_hold_id == hold_id), None)
        if found is not None and found.evidence_id is not None:
            raise InputError("it was placed for a bundle of evidence: the owner releases it, once the case is over")
        if found is not None:
            release_hold(cursor, hold_id, caller.identity.subject, given.reason)
            record_allowed(cursor, caller.identity, Action.LEGAL_HOLD_RELEASE, about)
        left = holds_on(cursor, person_id)
    if found is None:
        raise refuse_unseen(services, caller, Action.LEGAL_HOLD_RELEASE, about, "hold")
    return HoldsOut(holds=[hold_out(one) for one in left])
