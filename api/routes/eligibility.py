"""Who may be tagged: decisions with their reasons, and the letter that the person is given."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from fastapi.responses import PlainTextResponse

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from alerts.tagging import decide, letter_of
from api.documentation import also_answers, documented
from api.fields import PersonId
from api.people_access import one_managed_person, one_person
from api.people_schemas import DecisionOut, DecisionsOut, EligibilityIn, decision_out, request_of
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from store.eligibility import find_decision, list_decisions

router = APIRouter(tags=["people"])

_DECISION = {
    "decision_id": 5,
    "person_id": 17,
    "rules_version": 0,
    "for_day": "2026-11-30",
    "prison": "HMP Brixton",
    "borough": "Croydon",
    "screening_note": "Two offences with a knife within a year; a curfew alone did not hold.",
    "answers": [
        {
            "code": "pilot_borough",
            "words": "You were released to a borough that takes part on that day.",
            "is_required": True,
            "answer": "met",
            "basis": "Croydon is open on 30 November 2026",
        }
    ],
    "is_eligible": True,
    "reason": "every required criterion is met",
    "how_to_challenge": "Tell your probation practitioner within 28 days.",
    "decided_by": "the.manager",
    "decided_at": "2026-11-26T10:00:00Z",
    "withdrawn_at": None,
}
_LETTER = "Sam Example (X123456)\nDecision of 26 November 2026, for 30 November 2026\n\nYou may be given a GPS tag.\n"
_DECIDE_ROUTE = documented(Permission.PEOPLE_WRITE, _DECISION, HTTPStatus.NOT_FOUND)
also_answers(_DECIDE_ROUTE, 201, DecisionOut, "Decided", _DECISION)
DecisionId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The decision's id", examples=[5])]
Reader = Annotated[Caller, Depends(Requires(Permission.PEOPLE_READ, Action.ELIGIBILITY_READ))]


@router.post("/v1/people/{person_id}/eligibility", **_DECIDE_ROUTE)
def decide_one(
    caller: Annotated[Caller, Depends(Requires(Permission.PEOPLE_WRITE, Action.ELIGIBILITY_DECIDE))],
    services: CurrentServices,
    response: Response,
    person_id: PersonId,
    given: EligibilityIn,
) -> DecisionOut:
    """Decide by the rules that hold whether the person may be tagged on that day; what is not known is not met.

    The age comes from the person's record. No gang label and no protected characteristic is asked for, or taken.
    """
    with one_managed_person(services, caller, Action.ELIGIBILITY_DECIDE, person_id) as (cursor, person):
        decision = decide(cursor, person, request_of(given), caller.identity.subject)
        detail = {"decision_id": decision.decision_id, "is_eligible": decision.is_eligible}
        about = Subject(person_id=person_id, detail=detail)
        record_allowed(cursor, caller.identity, Action.ELIGIBILITY_DECIDE, about)
    response.status_code = HTTPStatus.CREATED
    return decision_out(decision)


@router.get(
    "/v1/people/{person_id}/eligibility",
    **documented(Permission.PEOPLE_READ, {"decisions": [_DECISION]}, HTTPStatus.NOT_FOUND),
)
def read_decisions(caller: Reader, services: CurrentServices, person_id: PersonId) -> DecisionsOut:
    """Every decision on the person, the newest first: that one counts."""
    with one_person(services, caller, Action.ELIGIBILITY_READ, person_id) as (cursor, _):
        found = list_decisions(cursor, person_id)
        about = Subject(person_id=person_id, row_count=len(found))
        record_allowed(cursor, caller.identity, Action.ELIGIBILITY_READ, about)
    return DecisionsOut(decisions=[decision_out(one) for one in found])


@router.get(
    "/v1/people/{person_id}/eligibility/{decision_id}/letter",
    response_class=PlainTextResponse,
    **documented(Permission.PEOPLE_READ, _LETTER, HTTPStatus.NOT_FOUND, media_type="text/plain"),
)
def read_letter(
    caller: Reader, services: CurrentServices, person_id: PersonId, decision_id: DecisionId
) -> PlainTextResponse:
    """The decision as the person is given it: each reason in words, and how to challenge it. Plain text."""
    about = Subject(person_id=person_id, detail={"decision_id": decision_id})
    with one_person(services, caller, Action.ELIGIBILITY_READ, person_id) as (cursor, person):
        decision = find_decision(cursor, person_id, decision_id)
        if decision is not None:
            record_allowed(cursor, caller.identity, Action.ELIGIBILITY_READ, about)
    if decision is None:
        raise refuse_unseen(services, caller, Action.ELIGIBILITY_READ, about, "decision")
    return PlainTextResponse(letter_of(person, decision))
