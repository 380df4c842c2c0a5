"""Police ask for a trail; a manager of probation who sees the person decides; it is read while that holds."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from access.audit import Action, Subject, record_allowed, record_refusal
from access.roles import Permission
from api.cursors import decode_number, encode_number, next_link
from api.documentation import also_answers, documented
from api.errors import ProblemError
from api.fields import CursorText, Limit
from api.police_refusals import answered_refusals
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from api.trail_areas import TOO_LARGE, read_area
from api.trail_asking import LONGEST_REASON, problems_of, trail_wanted
from api.trail_examples import DECIDED, REQUESTED
from api.trail_schemas import TrailDecisionIn, TrailRequestIn, TrailRequestOut, TrailRequestsPage
from store.checks import checked_text
from store.clock import read_service_clock
from store.database import Cursor
from store.police_matches import UnseenError
from store.police_questions import counted_questions
from store.scene_searches import find_crime_by_reference
from store.trail_requests import (
    AreaTooLargeError,
    StoredTrailRequest,
    ask_trail,
    decide_trail,
    find_trail_request,
    list_trail_requests,
)

router = APIRouter(tags=["trail requests"])

_ASK_ROUTE = documented(
    Permission.TRAIL_REQUESTS_WRITE, REQUESTED, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS
)
also_answers(_ASK_ROUTE, 201, TrailRequestOut, "Asked for", REQUESTED)
TrailRequestId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The request's id", examples=[12])]


@router.post("/v1/trail-requests", **_ASK_ROUTE)
def ask(
    caller: Annotated[Caller, Depends(Requires(Permission.TRAIL_REQUESTS_WRITE, Action.TRAIL_REQUEST_MAKE))],
    services: CurrentServices,
    response: Response,
    wanted: TrailRequestIn,
) -> TrailRequestOut:
    """Ask for where one person was, bound in time and area. A manager of probation who sees the person decides.

    It is taken and recorded whether or not the person is known here.
    """
    about = Subject(window_from=wanted.begins_at, window_to=wanted.ends_at)
    area, problems = read_area(wanted.area, services.settings.region)
    problems += problems_of(wanted, read_service_clock(services.pool))
    asked: StoredTrailRequest | None = None
    try:
        with (
            answered_refusals(services, caller, Action.TRAIL_REQUEST_MAKE, about, "match"),
            services.pool.transaction(caller.identity) as transaction,
        ):
            crime_id = None if wanted.crime is None else find_crime_by_reference(transaction, wanted.crime)
            if wanted.crime is not None and crime_id is None:
                problems.append(("body.crime", "give the reference of a crime of your own force"))
            if area is not None and not problems:
                with counted_questions(transaction, services.settings.police_questions_max):
                    number = ask_trail(transaction, trail_wanted(wanted, crime_id, area))
                asked = find_trail_request(transaction, number)
    except AreaTooLargeError:
        problems.append(("body.area", TOO_LARGE))
    if asked is None:
        record_refusal(services.pool, caller.identity, Action.TRAIL_REQUEST_MAKE, about)
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"Nothing was asked for: {len(problems)} problem(s), each with its place in errors.",
            errors=[{"where": where, "problem": problem} for where, problem in problems],
        )
    response.status_code = HTTPStatus.CREATED
    return TrailRequestOut.of(asked)


@router.get(
    "/v1/trail-requests", **documented(Permission.TRAIL_REQUESTS_READ, {"trail_requests": [DECIDED], "next": None})
)
def read_requests(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.TRAIL_REQUESTS_READ, Action.TRAIL_REQUESTS_LIST))],
    services: CurrentServices,
    waiting: Annotated[bool, Query(description="Only those that wait for a decision")] = False,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> TrailRequestsPage:
    """Newest first: an analyst's own requests, or, for a manager, those for people whom they see."""
    before = decode_number(cursor)
    with services.pool.transaction(caller.identity) as transaction:
        page = list_trail_requests(transaction, before, limit, only_waiting=waiting)
        record_allowed(transaction, caller.identity, Action.TRAIL_REQUESTS_LIST, Subject(row_count=len(page.items)))
    last = encode_number(page.items[-1].trail_request_id) if page.goes_on else None
    filters: dict[str, str | int | None] = {"limit": limit, "waiting": "true" if waiting else None}
    more = next_link(request.url.path, filters, last)
    return TrailRequestsPage(trail_requests=[TrailRequestOut.of(one) for one in page.items], next=more)


@router.get(
    "/v1/trail-requests/{trail_request_id}",
    **documented(Permission.TRAIL_REQUESTS_READ, DECIDED, HTTPStatus.NOT_FOUND),
)
def read_request(
    caller: Annotated[Caller, Depends(Requires(Permission.TRAIL_REQUESTS_READ, Action.TRAIL_REQUEST_READ))],
    services: CurrentServices,
    trail_request_id: TrailRequestId,
) -> TrailRequestOut:
    """One request with what was decided, as far as its reader may know it."""
    with services.pool.transaction(caller.identity) as transaction:
        found = find_trail_request(transaction, trail_request_id)
    if found is None:
        raise refuse_unseen(services, caller, Action.TRAIL_REQUEST_READ, about_request(trail_request_id), "request")
    return TrailRequestOut.of(found)


@router.post(
    "/v1/trail-requests/{trail_request_id}/decisions",
    **documented(Permission.TRAIL_REQUESTS_DECIDE, DECIDED, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def decide(
    caller: Annotated[Caller, Depends(Requires(Permission.TRAIL_REQUESTS_DECIDE, Action.TRAIL_REQUEST_DECIDE))],
    services: CurrentServices,
    trail_request_id: TrailRequestId,
    wanted: TrailDecisionIn,
) -> TrailRequestOut:
    """Authorise, refuse, extend or revoke. Nobody decides on what they asked for, and one refused stays refused.

    An extension counts from now too, and ends 7 days after the authorisation at the latest.
    """
    reason = checked_text("the reason", wanted.reason, LONGEST_REASON)
    if (wanted.valid_h is not None) != wanted.decision.has_an_end:
        where = {"where": "body.valid_h", "problem": "give it with authorised and extended, and with nothing else"}
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "The decision does not say until when.", errors=[where])
    about = about_request(trail_request_id)
    with (
        answered_refusals(services, caller, Action.TRAIL_REQUEST_DECIDE, about, "request"),
        services.pool.transaction(caller.identity) as transaction,
    ):
        decide_trail(transaction, trail_request_id, wanted.decision, reason, wanted.valid_h)
        decided = found_request(transaction, trail_request_id)
    return TrailRequestOut.of(decided)


def found_request(transaction: Cursor, trail_request_id: int) -> StoredTrailRequest:
    found = find_trail_request(transaction, trail_request_id)
    if found is None:
        raise UnseenError
    return found


def about_request(trail_request_id: int) -> Subject:
    return Subject(detail={"trail_request_id": trail_request_id})
