"""Licence conditions and their versions, read by whoever supervises the person."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api import condition_examples as examples
from api.condition_answers import shown
from api.condition_schemas import (
    ConditionOut,
    ConditionsPage,
    ConditionSummaryOut,
    ConditionVersionOut,
    ConditionVersions,
    UnwordedZoneOut,
    UnwordedZonesPage,
)
from api.cursors import decode_number, encode_number, next_link
from api.documentation import documented
from api.fields import CursorText, Limit, PersonFilter
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from model.conditions import ConditionStatus
from store.condition_list import find_condition, list_conditions, list_unworded_zones

router = APIRouter(tags=["conditions"])

ConditionId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The condition's id", examples=[31])]
StatusFilter = Annotated[ConditionStatus | None, Query(description="Only conditions with a version that is so")]


@router.get("/v1/conditions", **documented(Permission.CONDITIONS_READ, examples.PAGE))
def read_conditions(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.CONDITIONS_READ, Action.CONDITIONS_LIST))],
    services: CurrentServices,
    person: PersonFilter = None,
    status: StatusFilter = None,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> ConditionsPage:
    """Conditions of people whom one may see, with their latest version. `status=draft`: those that wait for a word."""
    after = decode_number(cursor) or 0
    with services.pool.transaction(caller.identity) as transaction:
        found = list_conditions(transaction, person, status, after, limit + 1)
        page = found[:limit]
        shown_of = [one.person_id for one in page]
        about = Subject(person, row_count=len(page), detail={"status": status}, person_ids=shown_of)
        record_allowed(transaction, caller.identity, Action.CONDITIONS_LIST, about)
    last = encode_number(page[-1].condition_id) if found[limit:] else None
    kept = {"person": person, "status": status and status.value, "limit": limit}
    more = next_link(request.url.path, {name: value for name, value in kept.items() if value is not None}, last)
    return ConditionsPage(conditions=[ConditionSummaryOut.model_validate(one) for one in page], next=more)


@router.get("/v1/conditions/unworded-zones", **documented(Permission.CONDITIONS_READ, examples.UNWORDED))
def read_unworded_zones(
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.CONDITIONS_READ, Action.CONDITIONS_LIST))],
    services: CurrentServices,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> UnwordedZonesPage:
    """People's zones that no approved condition stands behind: they were there before conditions were recorded.

    `POST /v1/people/{person_id}/conditions/adopt` puts the legal wording to one.
    """
    after, detail = decode_number(cursor) or 0, {"unworded_zones": True}
    with services.pool.transaction(caller.identity) as transaction:
        found = list_unworded_zones(transaction, after, limit + 1)
        page = found[:limit]
        about = Subject(row_count=len(page), detail=detail, person_ids=[one.person_id for one in page])
        record_allowed(transaction, caller.identity, Action.CONDITIONS_LIST, about)
    last = encode_number(page[-1].zone_id) if found[limit:] else None
    more = next_link(request.url.path, {"limit": limit}, last)
    return UnwordedZonesPage(zones=[UnwordedZoneOut.model_validate(one) for one in page], next=more)


@router.get(
    "/v1/conditions/{condition_id}", **documented(Permission.CONDITIONS_READ, examples.DRAFTED, HTTPStatus.NOT_FOUND)
)
def read_condition(
    caller: Annotated[Caller, Depends(Requires(Permission.CONDITIONS_READ, Action.CONDITION_READ))],
    services: CurrentServices,
    response: Response,
    condition_id: ConditionId,
) -> ConditionOut:
    """One condition: the draft that waits, and what is live. The ETag is the draft's; without one, the live one's."""
    about = Subject(detail={"condition_id": condition_id})
    with services.pool.transaction(caller.identity) as transaction:
        answer = shown(transaction, response, condition_id)
        if answer is not None:
            about = Subject(answer.person_id, detail=about.detail)
            record_allowed(transaction, caller.identity, Action.CONDITION_READ, about)
    if answer is None:
        raise refuse_unseen(services, caller, Action.CONDITION_READ, about, "condition")
    return answer


@router.get(
    "/v1/conditions/{condition_id}/versions",
    **documented(Permission.CONDITIONS_READ, examples.VERSIONS, HTTPStatus.NOT_FOUND),
)
def read_versions(
    caller: Annotated[Caller, Depends(Requires(Permission.CONDITIONS_READ, Action.CONDITION_READ))],
    services: CurrentServices,
    condition_id: ConditionId,
) -> ConditionVersions:
    """Every version, word for word: refused, withdrawn and superseded ones too."""
    with services.pool.transaction(caller.identity) as transaction:
        found = find_condition(transaction, condition_id)
        if found is not None:
            about = Subject(found[0].person_id, row_count=len(found[1]), detail={"condition_id": condition_id})
            record_allowed(transaction, caller.identity, Action.CONDITION_READ, about)
    if found is None:
        about = Subject(detail={"condition_id": condition_id})
        raise refuse_unseen(services, caller, Action.CONDITION_READ, about, "condition")
    condition, versions = found
    return ConditionVersions(
        condition_id=condition.condition_id,
        reference=condition.reference,
        versions=[ConditionVersionOut.of(one) for one in versions],
    )
