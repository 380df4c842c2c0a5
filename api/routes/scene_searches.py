"""Who was here then: one place and window, for a crime of the own force or on a recorded authority."""

import unicodedata
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from access.audit import Action, Subject, record_allowed, record_refusal
from access.roles import Permission
from api.cursors import decode_number, encode_number, next_link
from api.documentation import also_answers, documented
from api.errors import ProblemError
from api.fields import CursorText, Limit
from api.police_refusals import answered_refusals
from api.police_request_schemas import FoundWearer, SceneSearchIn, SceneSearchOut, SceneSearchWithResults
from api.routes.matches import POSITION_EXAMPLE
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from ops.settings import Settings
from store.checks import checked_text
from store.clock import read_service_clock
from store.database import Cursor
from store.police_questions import counted_questions
from store.scene_searches import (
    SearchRequest,
    StoredSearch,
    find_crime_by_reference,
    find_search,
    insert_search,
    list_search_results,
)

router = APIRouter(tags=["scene searches"])

LONGEST_AUTHORITY = 500
LONGEST_NAME = 200

_REQUESTED = {
    "scene_search_id": 8,
    "crime_id": 5,
    "authority": None,
    "authorised_by": None,
    "lat": 51.5014,
    "lon": -0.1419,
    "radius_m": 150.0,
    "from": "2026-11-22T20:30:00Z",
    "to": "2026-11-22T21:30:00Z",
    "requested_by": "a.analyst",
    "requested_at": "2026-11-23T11:00:00Z",
    "state": "requested",
    "answered_at": None,
    "algorithm_version": None,
    "settings": None,
    "counts": None,
}
_ANSWERED = _REQUESTED | {
    "state": "answered",
    "answered_at": "2026-11-23T11:00:01Z",
    "algorithm_version": 1,
    "settings": {"radius_m": 150.0, "padding_s": 0.0},
    "counts": {"present": 1, "possible": 0, "absent": 1490, "cannot_say": 9},
    "results": [
        {
            "label": "S1",
            "verdict": "present",
            "reasons": ["2 positions count."],
            "nearest": "up_to_100_m",
            "position_count": 60,
            "positions": [POSITION_EXAMPLE],
        }
    ],
    "next": None,
}
_REQUEST_ROUTE = documented(Permission.SCENE_SEARCHES_WRITE, _REQUESTED, HTTPStatus.TOO_MANY_REQUESTS)
also_answers(_REQUEST_ROUTE, 202, SceneSearchOut, "Asked for", _REQUESTED)
SearchId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The search's id", examples=[8])]


@router.post("/v1/scene-searches", **_REQUEST_ROUTE)
def ask_search(
    caller: Annotated[Caller, Depends(Requires(Permission.SCENE_SEARCHES_WRITE, Action.SCENE_SEARCH_REQUEST))],
    services: CurrentServices,
    response: Response,
    wanted: SceneSearchIn,
) -> SceneSearchOut:
    """Ask who wore a tag within a radius of a place in a window. Answered within a second or two; read it by its id.

    It needs a crime of the own force, or an authority: a reason, and somebody else who authorised it.
    """
    problems = _problems(wanted, caller, services.settings, read_service_clock(services.pool))
    asked: StoredSearch | None = None
    about = Subject(window_from=wanted.begins_at, window_to=wanted.ends_at)
    with (
        answered_refusals(services, caller, Action.SCENE_SEARCH_REQUEST, about, "search"),
        services.pool.transaction(caller.identity) as transaction,
    ):
        crime_id = None
        if wanted.crime is not None:
            crime_id = find_crime_by_reference(transaction, wanted.crime)
            if crime_id is None:
                problems.append(("body.crime", "give the reference of a crime of your own force"))
        if not problems:
            with counted_questions(transaction, services.settings.police_questions_max):
                asked = _insert(transaction, wanted, crime_id, caller)
    if asked is None:
        record_refusal(services.pool, caller.identity, Action.SCENE_SEARCH_REQUEST, about)
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"Nothing was asked for: {len(problems)} problem(s), each with its place in errors.",
            errors=[{"where": where, "problem": problem} for where, problem in problems],
        )
    response.status_code = HTTPStatus.ACCEPTED
    return SceneSearchOut.model_validate(asked)


@router.get(
    "/v1/scene-searches/{scene_search_id}",
    **documented(Permission.SCENE_SEARCHES_READ, _ANSWERED, HTTPStatus.NOT_FOUND),
)
def read_search(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.SCENE_SEARCHES_READ, Action.SCENE_SEARCH_READ))],
    services: CurrentServices,
    scene_search_id: SearchId,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> SceneSearchWithResults:
    """A search of the own force with who was there, or possibly there, by labels of its own; never who they are."""
    after = decode_number(cursor) or 0
    about = Subject(detail={"scene_search_id": scene_search_id})
    with services.pool.transaction(caller.identity) as transaction:
        found = find_search(transaction, scene_search_id)
        if found is not None:
            page = list_search_results(transaction, scene_search_id, after, limit)
            about = Subject(None, found.from_time, found.to_time, len(page.items), about.detail)
            record_allowed(transaction, caller.identity, Action.SCENE_SEARCH_READ, about)
    if found is None:
        raise refuse_unseen(services, caller, Action.SCENE_SEARCH_READ, about, "search")
    last = encode_number(page.items[-1].number) if page.goes_on else None
    more = next_link(request.url.path, {"limit": limit}, last)
    own = SceneSearchOut.model_validate(found).model_dump(by_alias=False)
    results = [FoundWearer.of(one) for one in page.items]
    return SceneSearchWithResults.model_validate(own | {"results": results, "next": more})


def _insert(transaction: Cursor, wanted: SceneSearchIn, crime_id: int | None, caller: Caller) -> StoredSearch | None:
    asked = SearchRequest(
        wanted.lat,
        wanted.lon,
        wanted.radius_m,
        wanted.begins_at,
        wanted.ends_at,
        crime_id,
        None if wanted.authority is None else checked_text("the authority", wanted.authority, LONGEST_AUTHORITY),
        None if wanted.authorised_by is None else checked_text("who authorised it", wanted.authorised_by, LONGEST_NAME),
    )
    number = insert_search(transaction, asked, caller.identity.force, caller.identity.subject)
    about = Subject(
        window_from=asked.from_time,
        window_to=asked.to_time,
        detail={"scene_search_id": number, "crime_id": crime_id, "authorised_by": asked.authorised_by},
    )
    record_allowed(transaction, caller.identity, Action.SCENE_SEARCH_REQUEST, about)
    return find_search(transaction, number)


def _problems(wanted: SceneSearchIn, caller: Caller, settings: Settings, now: datetime) -> list[tuple[str, str]]:
    """Each with its place in the request."""
    problems: list[tuple[str, str]] = []
    if wanted.ends_at < wanted.begins_at:
        problems.append(("body.to", "give a time not before from"))
    if wanted.ends_at > now:
        problems.append(("body.to", "give a time that is over: what is not there yet cannot be searched"))
    if wanted.ends_at - wanted.begins_at > timedelta(hours=settings.search_window_max_h):
        problems.append(("body.to", f"a search covers at most {settings.search_window_max_h:g} h"))
    if wanted.radius_m > settings.search_radius_max_m:
        problems.append(("body.radius_m", f"a search reaches at most {settings.search_radius_max_m:g} m"))
    if (wanted.authority is None) != (wanted.authorised_by is None):
        problems.append(("body.authorised_by", "give authority and authorised_by together"))
    if wanted.crime is None and wanted.authority is None:
        problems.append(("body.crime", "give the reference of a crime, or authority and authorised_by"))
    if _same_name(wanted.authorised_by, caller.identity.subject):
        problems.append(("body.authorised_by", "nobody authorises their own search: name who did"))
    return problems


def _same_name(one: str | None, other: str) -> bool:
    """However it is written, as ``same_subject`` of the database has it."""
    return one is not None and _bare(one) == _bare(other)


def _bare(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).lower()
