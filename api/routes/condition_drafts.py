"""Drafts of licence conditions, by whoever supervises the person. A draft watches nothing: a second person decides."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api import condition_examples as examples
from api.condition_answers import refusals_answered, shown_after
from api.condition_files import adoption, read_one_condition
from api.condition_schemas import AdoptionIn, ConditionOut
from api.conditional import IfMatch, expected_tag
from api.documentation import also_answers, documented
from api.fields import PersonId
from api.routes.conditions import ConditionId
from api.routes.zones import read_body
from api.security import Caller, Requires, refuse_unseen
from api.services import CurrentServices
from store.condition_list import crn_of, find_condition
from store.conditions import adopt_zone, change_draft, draft_conditions
from store.zone_list import find_zone

router = APIRouter(tags=["conditions"])

Content = Annotated[bytes, Depends(read_body)]
_BODY = {
    "required": True,
    "content": {"application/geo+json": {"schema": {"type": "object"}, "example": examples.FEATURE}},
}


def _drafting(*further: HTTPStatus, created: bool, body: bool = True) -> dict[str, Any]:
    route = documented(Permission.CONDITIONS_DRAFT, examples.DRAFTED, HTTPStatus.NOT_FOUND, *further)
    if created:
        also_answers(route, 201, ConditionOut, "Drafted", examples.DRAFTED)
    if body:
        route["openapi_extra"]["requestBody"] = _BODY
    return route


@router.post("/v1/people/{person_id}/conditions", **_drafting(created=True))
def draft_condition(
    caller: Annotated[Caller, Depends(Requires(Permission.CONDITIONS_DRAFT, Action.CONDITION_DRAFT))],
    services: CurrentServices,
    response: Response,
    person_id: PersonId,
    content: Content,
) -> ConditionOut:
    """Draft a licence condition; nothing is watched until a second person approves it.

    The body is one GeoJSON Feature. Properties: `reference` (its zone's too), `name`, `kind` (`exclusion`, `inclusion`,
    `curfew`, `attendance` or `trail_monitoring`), `wording` (as it stands on the licence), `starts`, and where wanted
    `ends`, `schedule` (needed for attendance), `policy`, `disclosed`, `radius_m` (with a Point). Trail monitoring has
    no geometry. A schedule that never applies between now and the end is refused.
    """
    with services.pool.transaction(caller.identity) as transaction:
        crn = crn_of(transaction, person_id)
    about = Subject(person_id=person_id)
    if crn is None:
        raise refuse_unseen(services, caller, Action.CONDITION_DRAFT, about, "person")
    with refusals_answered(services, caller, Action.CONDITION_DRAFT, about):
        draft = read_one_condition(content, services.settings, crn)
        with services.pool.transaction(caller.identity) as transaction:
            (number,) = draft_conditions(transaction, [draft], caller.identity.subject)
            about = Subject(person_id=person_id, detail={"condition_id": number, "reference": draft.reference})
            record_allowed(transaction, caller.identity, Action.CONDITION_DRAFT, about)
            answer = shown_after(transaction, response, number)
    response.status_code = HTTPStatus.CREATED
    return answer


@router.post("/v1/people/{person_id}/conditions/adopt", **_drafting(created=True, body=False))
def adopt(
    caller: Annotated[Caller, Depends(Requires(Permission.CONDITIONS_DRAFT, Action.CONDITION_DRAFT))],
    services: CurrentServices,
    response: Response,
    person_id: PersonId,
    wanted: AdoptionIn,
) -> ConditionOut:
    """Draft a condition for a zone that the person has without one: as the zone stands, with its legal wording.

    Approved, it keeps the zone's reference and history. Change the draft where the licence says otherwise.
    """
    detail = {"reference": wanted.reference, "adopted": True}
    about = Subject(person_id=person_id, detail=detail)
    answer = None
    with (
        refusals_answered(services, caller, Action.CONDITION_DRAFT, about),
        services.pool.transaction(caller.identity) as transaction,
    ):
        crn, zone = crn_of(transaction, person_id), find_zone(transaction, wanted.reference)
        if crn is not None and zone is not None and zone[0].person_id == person_id:
            content = adoption(*zone, wanted.wording, wanted.starts)
            draft = read_one_condition(content, services.settings, crn)
            number = adopt_zone(transaction, draft, caller.identity.subject)
            about = Subject(person_id=person_id, detail=detail | {"condition_id": number})
            record_allowed(transaction, caller.identity, Action.CONDITION_DRAFT, about)
            answer = shown_after(transaction, response, number)
    if answer is None:
        raise refuse_unseen(services, caller, Action.CONDITION_DRAFT, about, "person or zone")
    response.status_code = HTTPStatus.CREATED
    return answer


@router.put(
    "/v1/conditions/{condition_id}/draft",
    **_drafting(HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_REQUIRED, created=False),
)
def write_draft(
    *,
    caller: Annotated[Caller, Depends(Requires(Permission.CONDITIONS_DRAFT, Action.CONDITION_CHANGE))],
    services: CurrentServices,
    response: Response,
    condition_id: ConditionId,
    content: Content,
    if_match: IfMatch = None,
) -> ConditionOut:
    """Change the draft or, where none waits, begin the next version; what is live stays until that is approved.

    The body is the whole condition, as for `POST`. Whoever changes a draft does not approve it.
    """
    about = Subject(detail={"condition_id": condition_id})
    with services.pool.transaction(caller.identity) as transaction:
        found = find_condition(transaction, condition_id)
    if found is None:
        raise refuse_unseen(services, caller, Action.CONDITION_CHANGE, about, "condition")
    expected, about = expected_tag(if_match), Subject(found[0].person_id, detail=about.detail)
    with refusals_answered(services, caller, Action.CONDITION_CHANGE, about):
        draft = read_one_condition(content, services.settings, found[0].crn)
        with services.pool.transaction(caller.identity) as transaction:
            changed = change_draft(transaction, condition_id, expected, draft, caller.identity.subject)
            detail = about.detail | {"version": changed.version, "edition": changed.edition}
            about = Subject(about.person_id, detail=detail)
            record_allowed(transaction, caller.identity, Action.CONDITION_CHANGE, about)
            return shown_after(transaction, response, condition_id)
