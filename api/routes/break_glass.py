"""Breaking the glass: a person who is not the caller's, at once, for a stated reason, and reviewed afterwards."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.cover_schemas import BreakGlassIn, BreakGlassOut, BreakGlassPage, BreakGlassReviewIn
from api.cursors import decode_number, encode_number, next_link
from api.documentation import also_answers, documented
from api.fields import CursorText, Limit
from api.people_access import refusals_recorded
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from store.break_glass import list_glass, open_glass, review_glass

router = APIRouter(tags=["people"])

_OPENED = {
    "break_glass_id": 3,
    "person_id": 17,
    "crn": "X123456",
    "reason": "the police rang: he is at his mother's door, and nobody of his team answers",
    "opened_by": "officer.noor",
    "opened_role": "practitioner",
    "opened_at": "2026-11-26T22:10:00Z",
    "ends_at": "2026-11-27T02:10:00Z",
    "reviewed_by": None,
    "reviewed_at": None,
    "is_justified": None,
    "review_note": None,
}
_REVIEWED = _OPENED | {
    "reviewed_by": "manager.mina",
    "reviewed_at": "2026-11-27T09:00:00Z",
    "is_justified": True,
    "review_note": "spoke with the police",
}
_OPEN_ROUTE = documented(Permission.BREAK_GLASS_OPEN, _OPENED, HTTPStatus.NOT_FOUND)
also_answers(_OPEN_ROUTE, 201, BreakGlassOut, "Opened", _OPENED)
GlassId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="Its id", examples=[3])]


@router.post("/v1/break-glass", **_OPEN_ROUTE)
def break_the_glass(
    caller: Annotated[Caller, Depends(Requires(Permission.BREAK_GLASS_OPEN, Action.BREAK_GLASS_OPEN))],
    services: CurrentServices,
    response: Response,
    given: BreakGlassIn,
) -> BreakGlassOut:
    """See one person as if they were the caller's, for 4 hours.

    Their managers are told at once, and one who is somebody else reviews it. Guesses are on the record too.
    """
    about = Subject(detail={"crn": given.crn})
    with (
        refusals_recorded(services, caller, Action.BREAK_GLASS_OPEN, about),
        services.pool.transaction(caller.identity) as transaction,
    ):
        opened = open_glass(transaction, given.crn, given.reason)
    if opened is None:
        raise refuse_unseen(services, caller, Action.BREAK_GLASS_OPEN, about, "person")
    response.status_code = HTTPStatus.CREATED
    return BreakGlassOut.model_validate(opened)


@router.get("/v1/break-glass", **documented(Permission.BREAK_GLASS_READ, {"break_glass": [_REVIEWED], "next": None}))
def read_broken_glass(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.BREAK_GLASS_READ, Action.BREAK_GLASS_LIST))],
    services: CurrentServices,
    unreviewed: Annotated[bool, Query(description="Those alone that wait for a review")] = False,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> BreakGlassPage:
    """The newest first: for a manager those of their people and their own, for the auditor all."""
    before = decode_number(cursor)
    with services.pool.transaction(caller.identity) as transaction:
        found = list_glass(transaction, before, limit + 1, only_unreviewed=unreviewed)
        page = found[:limit]
        about = Subject(row_count=len(page), person_ids=[one.person_id for one in page])
        record_allowed(transaction, caller.identity, Action.BREAK_GLASS_LIST, about)
    last = encode_number(page[-1].break_glass_id) if found[limit:] else None
    more = next_link(request.url.path, {"unreviewed": str(unreviewed).lower(), "limit": limit}, last)
    return BreakGlassPage(break_glass=[BreakGlassOut.model_validate(one) for one in page], next=more)


@router.post(
    "/v1/break-glass/{break_glass_id}/review",
    **documented(Permission.BREAK_GLASS_REVIEW, _REVIEWED, HTTPStatus.NOT_FOUND),
)
def review_one(
    caller: Annotated[Caller, Depends(Requires(Permission.BREAK_GLASS_REVIEW, Action.BREAK_GLASS_REVIEW))],
    services: CurrentServices,
    break_glass_id: GlassId,
    given: BreakGlassReviewIn,
) -> BreakGlassOut:
    """Say whether it was justified: by a manager of the person who is not its opener. What was not ends at once.

    404 too where it was reviewed.
    """
    about = Subject(detail={"break_glass_id": break_glass_id, "is_justified": given.is_justified})
    with (
        refusals_recorded(services, caller, Action.BREAK_GLASS_REVIEW, about),
        services.pool.transaction(caller.identity) as transaction,
    ):
        subject = caller.identity.subject
        reviewed = review_glass(transaction, break_glass_id, subject, is_justified=given.is_justified, note=given.note)
        if reviewed is not None:
            about = Subject(person_id=reviewed.person_id, detail=about.detail)
            record_allowed(transaction, caller.identity, Action.BREAK_GLASS_REVIEW, about)
    if reviewed is None:
        raise refuse_unseen(services, caller, Action.BREAK_GLASS_REVIEW, about, "broken glass")
    return BreakGlassOut.model_validate(reviewed)
