"""Rule this person out: police name one person and one crime; the answer says whether the track rules them out."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.cursors import decode_number, encode_number, next_link
from api.documentation import also_answers, documented
from api.errors import ProblemError
from api.fields import CursorText, Limit
from api.police_refusals import answered_refusals
from api.police_request_schemas import EliminationIn, EliminationOut, EliminationsPage
from api.routes.crimes import CrimeId
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from model.review import IdentifierKind
from store.checks import checked_text
from store.crimes import find_crime
from store.eliminations import find_elimination, list_eliminations, request_elimination
from store.police_matches import UnseenError
from store.police_questions import counted_questions

router = APIRouter(tags=["eliminations"])

LONGEST_REASON = 500
LONGEST_IDENTIFIER = 32

_REQUESTED = {
    "elimination_id": 31,
    "crime_id": 5,
    "crime_version": 1,
    "is_current_version": True,
    "identifier_kind": "crn",
    "identifier": "X123456",
    "reason": "named by a witness",
    "requested_by": "a.analyst",
    "requested_at": "2026-11-23T11:00:00Z",
    "state": "requested",
    "answered_at": None,
    "ruled_out": None,
    "is_withdrawn": False,
    "reasons": [],
    "nearest": None,
    "confirmed_result_id": None,
}
_ANSWERED = _REQUESTED | {
    "state": "answered",
    "answered_at": "2026-11-23T11:00:01Z",
    "ruled_out": True,
    "reasons": ["The track is unbroken, and never nearer than 4.1 km."],
    "nearest": "1_to_5_km",
}
_REQUEST_ROUTE = documented(
    Permission.ELIMINATIONS_WRITE, _REQUESTED, HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS
)
also_answers(_REQUEST_ROUTE, 202, EliminationOut, "Asked for", _REQUESTED)
EliminationId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The elimination's id", examples=[31])]


@router.post("/v1/crimes/{crime_id}/eliminations", **_REQUEST_ROUTE)
def ask_elimination(
    caller: Annotated[Caller, Depends(Requires(Permission.ELIMINATIONS_WRITE, Action.ELIMINATION_REQUEST))],
    services: CurrentServices,
    response: Response,
    crime_id: CrimeId,
    wanted: EliminationIn,
) -> EliminationOut:
    """Ask whether the track rules one named person out. Answered within a second or two; read it by its id.

    The request is recorded with the name, whether or not the person is known here.
    """
    kind, identifier = _identifier(wanted)
    reason = checked_text("the reason", wanted.reason, LONGEST_REASON)
    about = Subject(detail={"crime_id": crime_id})
    with (
        answered_refusals(services, caller, Action.ELIMINATION_REQUEST, about, "crime"),
        services.pool.transaction(caller.identity) as transaction,
    ):
        with counted_questions(transaction, services.settings.police_questions_max):
            number = request_elimination(transaction, crime_id, kind, identifier, reason)
        asked = find_elimination(transaction, number)
        if asked is None:
            raise UnseenError
        about = Subject(detail={"crime_id": crime_id, "elimination_id": number})
        record_allowed(transaction, caller.identity, Action.ELIMINATION_REQUEST, about)
    response.status_code = HTTPStatus.ACCEPTED
    return EliminationOut.of(asked)


@router.get(
    "/v1/crimes/{crime_id}/eliminations",
    **documented(Permission.ELIMINATIONS_READ, {"eliminations": [_ANSWERED], "next": None}, HTTPStatus.NOT_FOUND),
)
def read_eliminations(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.ELIMINATIONS_READ, Action.ELIMINATIONS_LIST))],
    services: CurrentServices,
    crime_id: CrimeId,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> EliminationsPage:
    """Whom police asked to rule out of the crime, newest first, with the answers as they hold now."""
    before = decode_number(cursor)
    with services.pool.transaction(caller.identity) as transaction:
        crime = find_crime(transaction, crime_id)
        if crime is not None:
            page = list_eliminations(transaction, crime_id, before, limit)
            about = Subject(row_count=len(page.items), detail={"crime_id": crime_id})
            record_allowed(transaction, caller.identity, Action.ELIMINATIONS_LIST, about)
    if crime is None:
        raise refuse_unseen(services, caller, Action.ELIMINATIONS_LIST, Subject(detail={"crime_id": crime_id}), "crime")
    last = encode_number(page.items[-1].elimination_id) if page.goes_on else None
    more = next_link(request.url.path, {"limit": limit}, last)
    return EliminationsPage(eliminations=[EliminationOut.of(one) for one in page.items], next=more)


@router.get(
    "/v1/eliminations/{elimination_id}",
    **documented(Permission.ELIMINATIONS_READ, _ANSWERED, HTTPStatus.NOT_FOUND),
)
def read_elimination(
    caller: Annotated[Caller, Depends(Requires(Permission.ELIMINATIONS_READ, Action.ELIMINATION_READ))],
    services: CurrentServices,
    elimination_id: EliminationId,
) -> EliminationOut:
    """One elimination with its answer as it holds now."""
    with services.pool.transaction(caller.identity) as transaction:
        found = find_elimination(transaction, elimination_id)
    if found is None:
        about = Subject(detail={"elimination_id": elimination_id})
        raise refuse_unseen(services, caller, Action.ELIMINATION_READ, about, "elimination")
    return EliminationOut.of(found)


def _identifier(wanted: EliminationIn) -> tuple[IdentifierKind, str]:
    """Raises ProblemError unless exactly one is given, InputError where it is no plain text."""
    given = [(kind, value) for kind in IdentifierKind if (value := getattr(wanted, kind)) is not None]
    if len(given) != 1:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "Name the person by exactly one of crn and pnc_id.",
            errors=[
                {"where": f"body.{kind}", "problem": "give exactly one of crn and pnc_id"} for kind in IdentifierKind
            ],
        )
    kind, value = given[0]
    return kind, checked_text(f"the {kind}", value, LONGEST_IDENTIFIER)
