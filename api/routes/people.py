"""People of the caller's caseload, and their visits to zones."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.cursors import decode_number, decode_visit_key, encode_number, encode_visit_key, next_link
from api.documentation import documented
from api.fields import CursorText, Limit, PersonId
from api.schemas import PeoplePage, PersonOut, VisitOut, VisitsPage
from api.security import Caller, Requires, refuse_unseen
from api.services import CurrentServices
from store.people import list_people, list_visits, person_is_visible

router = APIRouter(tags=["people"])

_PEOPLE = {"people": [{"person_id": 17, "crn": "X123456", "name": "Sam Example"}], "next": None}
_VISITS = {
    "visits": [
        {
            "visit_id": "6f0d7d0e-9f64-5a0e-8a38-0d5a3a3b8c11",
            "zone_reference": "EZ-1042",
            "zone_name": "Market Square",
            "zone_kind": "exclusion",
            "zone_version": 2,
            "aspect": "zone",
            "regime": "in_force",
            "state": "ended",
            "inferred": False,
            "entered_at": "2026-11-22T09:58:12Z",
            "confirmed_at": "2026-11-22T09:59:12Z",
            "last_inside_at": "2026-11-22T10:04:12Z",
            "left_at": "2026-11-22T10:05:12Z",
            "end_reason": "left",
            "positions_inside": 7,
            "merged_into": None,
        }
    ],
    "next": None,
}


@router.get("/v1/people", **documented(Permission.PEOPLE_READ, _PEOPLE))
def read_people(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.PEOPLE_READ, Action.PEOPLE_LIST))],
    services: CurrentServices,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> PeoplePage:
    """The people the caller may see: their own, their team's, and those they cover or are on duty for."""
    after = decode_number(cursor) or 0
    with services.pool.transaction(caller.identity) as transaction:
        found = list_people(transaction, after, limit + 1)
        page = found[:limit]
        about = Subject(row_count=len(page), person_ids=[person.person_id for person in page])
        record_allowed(transaction, caller.identity, Action.PEOPLE_LIST, about)
    more = next_link(request.url.path, {"limit": limit}, encode_number(page[-1].person_id)) if found[limit:] else None
    return PeoplePage(people=[PersonOut.model_validate(person) for person in page], next=more)


@router.get("/v1/people/{person_id}/visits", **documented(Permission.VISITS_READ, _VISITS, HTTPStatus.NOT_FOUND))
def read_visits(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.VISITS_READ, Action.VISITS_READ))],
    services: CurrentServices,
    person_id: PersonId,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> VisitsPage:
    """The person's stays in zones, newest first: those that last, those that were, and those taken back (`state`)."""
    before = decode_visit_key(cursor)
    with services.pool.transaction(caller.identity) as transaction:
        visible = person_is_visible(transaction, person_id)
        found = list_visits(transaction, person_id, before, limit + 1) if visible else []
        page = found[:limit]
        if visible:
            about = Subject(person_id=person_id, row_count=len(page))
            record_allowed(transaction, caller.identity, Action.VISITS_READ, about)
    if not visible:
        raise refuse_unseen(services, caller, Action.VISITS_READ, Subject(person_id=person_id), "person")
    last = encode_visit_key(page[-1].entered_at, page[-1].visit_id) if found[limit:] else None
    more = next_link(request.url.path, {"limit": limit}, last)
    return VisitsPage(visits=[VisitOut.model_validate(visit) for visit in page], next=more)
