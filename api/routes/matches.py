"""Matches: who was near a crime, without a name until a reviewer has confirmed it; a person's own, for supervision."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.cursors import decode_match_key, decode_number, encode_match_key, encode_number, next_link
from api.documentation import documented
from api.fields import CursorText, Limit, PersonId
from api.police_refusals import answered_refusals
from api.police_schemas import MatchesPage, MatchOut, OutcomeIn, PersonMatchesPage, PersonMatchOut, QualificationIn
from api.routes.crimes import CrimeId
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from store.checks import checked_text
from store.crimes import find_crime
from store.database import Cursor
from store.people import person_is_visible
from store.police_matches import (
    PoliceMatch,
    UnseenError,
    find_match,
    list_matches,
    list_person_matches,
    qualify_match,
    record_outcome,
)

router = APIRouter(tags=["matches"])

LONGEST_NOTE = 1000

POSITION_EXAMPLE = {
    "fix_time": "2026-11-22T21:04:12Z",
    "lat": 51.5015,
    "lon": -0.142,
    "accuracy_m": 8.0,
    "accuracy_stated": True,
    "mechanism": "gps",
    "speed_mps": 1.2,
    "heading_deg": 271.0,
    "flags": [],
    "distance_m": 13.1,
    "overlap": 1.0,
    "label": "A1",
}
_MATCH = {
    "result_id": 901,
    "run_id": 61,
    "crime_id": 5,
    "crime_version": 1,
    "label": "W3",
    "verdict": "present",
    "reasons": ["2 positions count."],
    "nearest": "up_to_100_m",
    "position_count": 45,
    "positions": [POSITION_EXAMPLE],
    "weight": {
        "words": ["Probability of being counted present here by routine alone: remote chance."],
        "yardstick": "remote chance",
    },
    "is_current": True,
    "identity": None,
    "qualifications": [],
    "outcomes": [],
}
_QUALIFICATION = {
    "decision": "confirmed",
    "note": "two good positions at the door",
    "reviewer": "a.reviewer",
    "at": "2026-11-23T10:00:00Z",
}
_OUTCOME = {
    "outcome": "charged",
    "note": "charged on 24 November",
    "recorded_by": "a.analyst",
    "at": "2026-11-24T10:00:00Z",
}
_CONFIRMED = _MATCH | {
    "identity": {"crn": "X123456", "name": "Sam Example", "pnc_id": "26/1234A"},
    "qualifications": [_QUALIFICATION],
}
_PERSON_MATCH = {
    "result_id": 902,
    "run_id": 61,
    "run_at": "2026-11-23T09:00:04Z",
    "force": "Metropolitan",
    "reference": "CRI/00001/26",
    "crime_type": "RB",
    "crime_version": 1,
    "lat": 51.5014,
    "lon": -0.1419,
    "place_uncertainty_m": 0.0,
    "windows": [{"from": "2026-11-22T21:00:00Z", "to": "2026-11-22T21:30:00Z"}],
    "verdict": "cannot_say",
    "match": {
        "reasons": ["The tag's battery was flat."],
        "positions": [],
        "gaps": [{"from": "2026-11-22T20:40:00Z", "to": None, "reason": "flat_battery", "needed_speed_mps": None}],
    },
    "weight": None,
    "decision": None,
}
ResultId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The match's id", examples=[901])]


@router.get(
    "/v1/crimes/{crime_id}/matches",
    **documented(
        Permission.MATCHES_READ, {"state": "matched", "matches": [_MATCH], "next": None}, HTTPStatus.NOT_FOUND
    ),
)
def read_matches(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.MATCHES_READ, Action.MATCHES_LIST))],
    services: CurrentServices,
    crime_id: CrimeId,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> MatchesPage:
    """Who was present, possibly present, or near but elsewhere: by labels, with positions at the scene and no others.

    Who cannot be placed is not listed: GET /v1/crimes/{crime_id} says how many, and why. Each wearer whose data are
    given is recorded in the audit.
    """
    after = decode_match_key(cursor)
    with services.pool.transaction(caller.identity) as transaction:
        crime = find_crime(transaction, crime_id)
        if crime is not None:
            page = list_matches(transaction, crime_id, after, limit)
            about = Subject(row_count=len(page.items), detail={"crime_id": crime_id})
            record_allowed(transaction, caller.identity, Action.MATCHES_LIST, about)
    if crime is None:
        raise refuse_unseen(services, caller, Action.MATCHES_LIST, Subject(detail={"crime_id": crime_id}), "crime")
    last = encode_match_key(page.items[-1].key) if page.goes_on else None
    more = next_link(request.url.path, {"limit": limit}, last)
    return MatchesPage(state=crime.state, matches=[MatchOut.of(one) for one in page.items], next=more)


@router.get("/v1/matches/{result_id}", **documented(Permission.MATCHES_READ, _MATCH, HTTPStatus.NOT_FOUND))
def read_match(
    caller: Annotated[Caller, Depends(Requires(Permission.MATCHES_READ, Action.MATCH_READ))],
    services: CurrentServices,
    result_id: ResultId,
) -> MatchOut:
    """One match, whether or not later data replaced it, with every decision on it and what came of it."""
    with services.pool.transaction(caller.identity) as transaction:
        found = find_match(transaction, result_id)
    if found is None:
        about = Subject(detail={"result_id": result_id})
        raise refuse_unseen(services, caller, Action.MATCH_READ, about, "match")
    return MatchOut.of(found)


@router.post(
    "/v1/matches/{result_id}/qualification",
    **documented(Permission.MATCHES_QUALIFY, _CONFIRMED, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def qualify(
    caller: Annotated[Caller, Depends(Requires(Permission.MATCHES_QUALIFY, Action.MATCH_QUALIFY))],
    services: CurrentServices,
    result_id: ResultId,
    word: QualificationIn,
) -> MatchOut:
    """A reviewer's decision on a match. Confirmed, it tells police who it is; a later decision replaces an earlier one.

    Whoever imported the crime, asked for its matching, for an elimination or for a search by it is refused.
    """
    note = checked_text("the note", word.note, LONGEST_NOTE)
    about = Subject(detail={"result_id": result_id, "decision": word.decision})
    with (
        answered_refusals(services, caller, Action.MATCH_QUALIFY, about, "match"),
        services.pool.transaction(caller.identity) as transaction,
    ):
        qualify_match(transaction, result_id, word.decision, note)
        found = _seen_match(transaction, result_id)
    return MatchOut.of(found)


@router.post(
    "/v1/matches/{result_id}/outcomes",
    **documented(
        Permission.OUTCOMES_WRITE, _CONFIRMED | {"outcomes": [_OUTCOME]}, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT
    ),
)
def add_outcome(
    caller: Annotated[Caller, Depends(Requires(Permission.OUTCOMES_WRITE, Action.OUTCOME_RECORD))],
    services: CurrentServices,
    result_id: ResultId,
    came: OutcomeIn,
) -> MatchOut:
    """Record what came of a confirmed match. The newest stands; what was recorded before is kept."""
    note = checked_text("the note", came.note, LONGEST_NOTE)
    about = Subject(detail={"result_id": result_id, "outcome": came.outcome})
    with (
        answered_refusals(services, caller, Action.OUTCOME_RECORD, about, "match"),
        services.pool.transaction(caller.identity) as transaction,
    ):
        record_outcome(transaction, result_id, came.outcome, note)
        found = _seen_match(transaction, result_id)
    return MatchOut.of(found)


@router.get(
    "/v1/people/{person_id}/matches",
    **documented(Permission.PERSON_MATCHES_READ, {"matches": [_PERSON_MATCH], "next": None}, HTTPStatus.NOT_FOUND),
)
def read_person_matches(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.PERSON_MATCHES_READ, Action.PERSON_MATCHES_READ))],
    services: CurrentServices,
    person_id: PersonId,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> PersonMatchesPage:
    """What matching says of one of the caller's people, newest first, with the gaps where it cannot say."""
    before = decode_number(cursor)
    page = None
    with services.pool.transaction(caller.identity) as transaction:
        if person_is_visible(transaction, person_id):
            page = list_person_matches(transaction, person_id, before, limit)
    if page is None:
        raise refuse_unseen(services, caller, Action.PERSON_MATCHES_READ, Subject(person_id=person_id), "person")
    last = encode_number(page.items[-1].result_id) if page.goes_on else None
    more = next_link(request.url.path, {"limit": limit}, last)
    return PersonMatchesPage(matches=[PersonMatchOut.of(one) for one in page.items], next=more)


def _seen_match(transaction: Cursor, result_id: int) -> PoliceMatch:
    found = find_match(transaction, result_id)
    if found is None:
        raise UnseenError
    return found
