"""A trail that a manager of probation authorised, for who asked for it, while that holds."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from access.audit import Action
from access.roles import Permission
from api.cursors import decode_moment, encode_moment, next_link
from api.documentation import documented
from api.fields import CursorText, Limit
from api.police_refusals import answered_refusals
from api.routes.trail_requests import TrailRequestId, about_request, found_request
from api.security import Caller, Requires
from api.services import CurrentServices
from api.trail_examples import TRAIL
from api.trail_schemas import TrailOut, TrailPositionOut
from store.trail_requests import read_police_trail

router = APIRouter(tags=["trail requests"])


@router.get(
    "/v1/trail-requests/{trail_request_id}/trail",
    **documented(Permission.TRAILS_READ, TRAIL, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def read_trail(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.TRAILS_READ, Action.TRAIL_READ))],
    services: CurrentServices,
    trail_request_id: TrailRequestId,
    cursor: CursorText = None,
    limit: Limit = 500,
) -> TrailOut:
    """What was authorised, for who asked for it: positions in the window and the area, in order of fix time.

    Each page is a read of its own in the audit, and is given only while the authorisation holds. A page goes on to the
    last position of its last time.
    """
    after = decode_moment(cursor)
    about = about_request(trail_request_id)
    with (
        answered_refusals(services, caller, Action.TRAIL_READ, about, "request"),
        services.pool.transaction(caller.identity) as transaction,
    ):
        page = read_police_trail(transaction, trail_request_id, after, limit)
        authorised = found_request(transaction, trail_request_id)
    last = encode_moment(page.items[-1].fix_time) if page.goes_on else None
    return TrailOut(
        trail_request_id=trail_request_id,
        expires_at=authorised.expires_at,
        positions=[TrailPositionOut.of(one) for one in page.items],
        next=next_link(request.url.path, {"limit": limit}, last),
    )
