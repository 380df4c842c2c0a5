"""Cover: who sees a colleague's people, and until when."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.cover_schemas import CoverIn, CoverOut, CoversOut
from api.documentation import also_answers, documented
from api.people_access import refusals_recorded
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from store.covers import NewCover, end_cover, grant_cover, list_covers

router = APIRouter(tags=["rota"])

_COVER = {
    "cover_id": 7,
    "covered": "officer.jones",
    "covered_by": "officer.noor",
    "from": "2026-12-21T00:00:00Z",
    "to": "2027-01-04T00:00:00Z",
    "reason": "leave",
    "granted_by": "manager.mina",
    "granted_at": "2026-11-26T10:00:00Z",
    "ended_at": None,
    "ended_by": None,
}
_GRANT_ROUTE = documented(Permission.COVER_WRITE, _COVER)
also_answers(_GRANT_ROUTE, 201, CoverOut, "Granted", _COVER)
CoverId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The cover's id", examples=[7])]
CanWrite = Annotated[Caller, Depends(Requires(Permission.COVER_WRITE, Action.COVER_CHANGE))]


@router.get("/v1/cover", **documented(Permission.COVER_READ, {"covers": [_COVER]}))
def read_covers(
    caller: Annotated[Caller, Depends(Requires(Permission.COVER_READ, Action.COVER_LIST))],
    services: CurrentServices,
    past: Annotated[bool, Query(description="Those that are over too")] = False,
) -> CoversOut:
    """Cover of and by the caller and, for a manager, of their staff, in the order of the beginning."""
    with services.pool.transaction(caller.identity) as transaction:
        found = list_covers(transaction, with_past=past)
        record_allowed(transaction, caller.identity, Action.COVER_LIST, Subject(row_count=len(found)))
    return CoversOut(covers=[CoverOut.model_validate(one) for one in found])


@router.post("/v1/cover", **_GRANT_ROUTE)
def grant_one(caller: CanWrite, services: CurrentServices, response: Response, given: CoverIn) -> CoverOut:
    """Let somebody see a colleague's people for a time, and be told of their alerts first.

    By a manager of whoever is covered, and never by who gets it.
    """
    about = Subject(
        window_from=given.starts_at,
        window_to=given.ends_at,
        detail={"change": "grant", "covered": given.covered, "covered_by": given.covered_by},
    )
    wanted = NewCover(given.covered, given.covered_by, given.starts_at, given.ends_at, given.reason)
    with (
        refusals_recorded(services, caller, Action.COVER_CHANGE, about),
        services.pool.transaction(caller.identity) as transaction,
    ):
        granted = grant_cover(transaction, wanted, caller.identity.subject)
        record_allowed(transaction, caller.identity, Action.COVER_CHANGE, about)
    response.status_code = HTTPStatus.CREATED
    return CoverOut.model_validate(granted)


@router.post(
    "/v1/cover/{cover_id}/end",
    **documented(
        Permission.COVER_WRITE,
        _COVER | {"ended_at": "2026-12-22T09:00:00Z", "ended_by": "manager.mina"},
        HTTPStatus.NOT_FOUND,
    ),
)
def end_one(caller: CanWrite, services: CurrentServices, cover_id: CoverId) -> CoverOut:
    """Take it back now. Alerts that are on whoever covered, and that they see no more, go to somebody who does.

    404 too where it is over.
    """
    about = Subject(detail={"change": "end", "cover_id": cover_id})
    with services.pool.transaction(caller.identity) as transaction:
        ended = end_cover(transaction, cover_id, caller.identity.subject)
        if ended is not None:
            record_allowed(transaction, caller.identity, Action.COVER_CHANGE, about)
    if ended is None:
        raise refuse_unseen(services, caller, Action.COVER_CHANGE, about, "cover")
    return CoverOut.model_validate(ended)
