"""What a second person decides about a condition's draft, and its end."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api import condition_examples as examples
from api.condition_answers import refusals_answered, shown_after
from api.condition_schemas import ConditionOut, EndIn, ReasonIn
from api.conditional import IfMatch, expected_tag
from api.documentation import documented
from api.routes.conditions import ConditionId
from api.security import Caller, Requires, refuse_unseen
from api.services import CurrentServices, Services
from store.condition_decisions import approve, end_condition, refuse, withdraw
from store.condition_list import find_condition
from store.database import Cursor

router = APIRouter(tags=["conditions"])


def _deciding(permission: Permission, example: dict[str, Any], *further: HTTPStatus) -> dict[str, Any]:
    return documented(permission, example, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, *further)


def _decided(status: str, reason: str | None = None) -> dict[str, Any]:
    by = {"status": status, "decided_by": "manager.patel", "decided_at": "2026-11-24T15:30:00Z", "reason": reason}
    return examples.DRAFTED | {"current": examples.DRAFT | by}


@router.post(
    "/v1/conditions/{condition_id}/approve",
    **_deciding(Permission.CONDITIONS_APPROVE, examples.APPROVED, HTTPStatus.PRECONDITION_REQUIRED),
)
def approve_draft(
    caller: Annotated[Caller, Depends(Requires(Permission.CONDITIONS_APPROVE, Action.CONDITION_APPROVE))],
    services: CurrentServices,
    response: Response,
    condition_id: ConditionId,
    if_match: IfMatch = None,
) -> ConditionOut:
    """Let the draft that was read be live, and publish its zone with it; the version before is superseded.

    Nobody approves what they wrote of themselves. It holds from its start and never before this moment; workers judge
    by it within 2 seconds. The answer, and the audit, say when the zone was last rehearsed.
    """

    def decide(cursor: Cursor) -> dict[str, Any]:
        lock_timeout_ms = services.settings.lock_timeout_ms
        _, live = approve(cursor, condition_id, expected_tag(if_match), caller.identity.subject, lock_timeout_ms)
        return {"version": live.version, "edition": live.edition, "zone_version": live.zone_version}

    return _act(services, caller, response, condition_id, Action.CONDITION_APPROVE, decide)


@router.post(
    "/v1/conditions/{condition_id}/refuse",
    **_deciding(
        Permission.CONDITIONS_APPROVE,
        _decided("refused", "the school entrance is within it"),
        HTTPStatus.PRECONDITION_REQUIRED,
    ),
)
def refuse_draft(
    *,
    caller: Annotated[Caller, Depends(Requires(Permission.CONDITIONS_APPROVE, Action.CONDITION_REFUSE))],
    services: CurrentServices,
    response: Response,
    condition_id: ConditionId,
    wanted: ReasonIn,
    if_match: IfMatch = None,
) -> ConditionOut:
    """Say no to the draft that was read, and why. Whoever wrote of it withdraws it instead."""

    def decide(cursor: Cursor) -> dict[str, Any]:
        _, refused = refuse(cursor, condition_id, expected_tag(if_match), caller.identity.subject, wanted.reason)
        return {"version": refused.version, "reason": refused.reason}

    return _act(services, caller, response, condition_id, Action.CONDITION_REFUSE, decide)


@router.post(
    "/v1/conditions/{condition_id}/withdraw",
    **_deciding(Permission.CONDITIONS_DRAFT, _decided("withdrawn"), HTTPStatus.PRECONDITION_REQUIRED),
)
def withdraw_draft(
    caller: Annotated[Caller, Depends(Requires(Permission.CONDITIONS_DRAFT, Action.CONDITION_WITHDRAW))],
    services: CurrentServices,
    response: Response,
    condition_id: ConditionId,
    if_match: IfMatch = None,
) -> ConditionOut:
    """Take back the draft that was read; what is live stays."""

    def decide(cursor: Cursor) -> dict[str, Any]:
        _, withdrawn = withdraw(cursor, condition_id, expected_tag(if_match), caller.identity.subject)
        return {"version": withdrawn.version}

    return _act(services, caller, response, condition_id, Action.CONDITION_WITHDRAW, decide)


@router.post(
    "/v1/conditions/{condition_id}/end",
    **_deciding(
        Permission.CONDITIONS_APPROVE,
        examples.DRAFTED
        | {
            "current": examples.LIVE
            | {
                "status": "ended",
                "reason": "the licence was varied",
                "closed_by": "manager.patel",
                "closed_at": "2027-02-01T09:00:00Z",
                "ended_at": "2027-02-01T09:00:00Z",
            }
        },
    ),
)
def end_live(
    caller: Annotated[Caller, Depends(Requires(Permission.CONDITIONS_APPROVE, Action.CONDITION_END))],
    services: CurrentServices,
    response: Response,
    condition_id: ConditionId,
    wanted: EndIn,
) -> ConditionOut:
    """End what is live, and its zone at the same time; a draft that waits is withdrawn with it.

    Where the end lies in the past, what was judged since is judged anew.
    """

    def decide(cursor: Cursor) -> dict[str, Any]:
        subject, lock_timeout_ms = caller.identity.subject, services.settings.lock_timeout_ms
        ended = end_condition(cursor, condition_id, wanted.at, wanted.reason, subject, lock_timeout_ms)
        return {"ended_at": ended.ended_at.isoformat(), "reason": wanted.reason}

    return _act(services, caller, response, condition_id, Action.CONDITION_END, decide)


def _act(
    services: Services,
    caller: Caller,
    response: Response,
    condition_id: int,
    action: Action,
    decide: Callable[[Cursor], dict[str, Any]],
) -> ConditionOut:
    """Decide and record it in one transaction, for a condition that the caller may see."""
    about = Subject(detail={"condition_id": condition_id})
    with services.pool.transaction(caller.identity) as transaction:
        found = find_condition(transaction, condition_id)
    if found is None:
        raise refuse_unseen(services, caller, action, about, "condition")
    detail = about.detail | {"reference": found[0].reference}
    about = Subject(found[0].person_id, detail=detail)
    with (
        refusals_answered(services, caller, action, about),
        services.pool.transaction(caller.identity) as transaction,
    ):
        decided = decide(transaction)
        answer = shown_after(transaction, response, condition_id)
        rehearsed = answer.last_rehearsal and answer.last_rehearsal.model_dump(mode="json")
        about = Subject(found[0].person_id, detail=detail | decided | {"last_rehearsal": rehearsed})
        record_allowed(transaction, caller.identity, action, about)
    return answer
