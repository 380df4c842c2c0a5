"""What to do about the alerts of a zone."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends

from access.audit import Action, Subject, record_allowed, record_refusal
from access.roles import Permission, Role
from api.casework_schemas import PlanIn, PlanOut
from api.documentation import documented
from api.errors import ProblemError
from api.fields import ZoneReference
from api.security import Caller, Requires, refuse_unseen
from api.services import CurrentServices
from store.response_plans import add_plan, newest_plan
from store.zone_list import find_zone

router = APIRouter(tags=["zones"])

_PLAN = {
    "zone_reference": "EZ-1042",
    "alert_kind": None,
    "version": 2,
    "steps": [{"code": "call_police", "text": "Ring the borough's control room", "phone": "101", "minutes": 5}],
    "emergency_when": "At once where somebody may come to harm.",
    "set_by": "the.manager",
    "set_at": "2026-11-22T10:00:00Z",
}


@router.get(
    "/v1/zones/{reference:path}/response-plan",
    **documented(Permission.ZONES_READ, _PLAN, HTTPStatus.NOT_FOUND),
)
def read_plan(
    caller: Annotated[Caller, Depends(Requires(Permission.ZONES_READ, Action.RESPONSE_PLAN_READ))],
    services: CurrentServices,
    reference: ZoneReference,
) -> PlanOut:
    """The zone's own plan, newest version. Without one (404) its alerts have the plan of their kind."""
    about = Subject(detail={"reference": reference})
    with services.pool.transaction(caller.identity) as transaction:
        plan = newest_plan(transaction, reference)
        if plan is not None:
            record_allowed(transaction, caller.identity, Action.RESPONSE_PLAN_READ, about)
    if plan is None:
        raise refuse_unseen(services, caller, Action.RESPONSE_PLAN_READ, about, "response plan")
    return PlanOut.model_validate(plan)


@router.put(
    "/v1/zones/{reference:path}/response-plan",
    **documented(Permission.RESPONSE_PLANS_WRITE, _PLAN, HTTPStatus.NOT_FOUND),
)
def set_plan(
    caller: Annotated[Caller, Depends(Requires(Permission.RESPONSE_PLANS_WRITE, Action.RESPONSE_PLAN_SET))],
    services: CurrentServices,
    reference: ZoneReference,
    wanted: PlanIn,
) -> PlanOut:
    """A new version of the zone's plan, for the alerts raised from now on; earlier alerts keep theirs.

    That of a shared zone is set by a manager or a duty officer.
    """
    about = Subject(detail={"reference": reference})
    plan = None
    with services.pool.transaction(caller.identity) as transaction:
        found = find_zone(transaction, reference)
        if found is not None and (found[0].person_id is not None or caller.role is not Role.PRACTITIONER):
            add_plan(transaction, found[0].zone_id, wanted.plan_steps(), wanted.emergency_when, caller.identity.subject)
            plan = newest_plan(transaction, reference)
            set_for = Subject(found[0].person_id, detail=about.detail)
            record_allowed(transaction, caller.identity, Action.RESPONSE_PLAN_SET, set_for)
    if found is None:
        raise refuse_unseen(services, caller, Action.RESPONSE_PLAN_SET, about, "zone")
    if plan is None:
        record_refusal(services.pool, caller.identity, Action.RESPONSE_PLAN_SET, about)
        raise ProblemError(HTTPStatus.FORBIDDEN, "The plan of a shared zone is set by a manager or a duty officer.")
    return PlanOut.model_validate(plan)
