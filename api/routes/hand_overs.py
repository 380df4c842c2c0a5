"""Hand-overs: what is open on one officer goes to another."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from access.audit import Action, Subject, record_allowed, record_refusal
from access.roles import Permission
from alerts.case_details import BadDetailError
from alerts.handing_over import HandOverRefusedError, hand_over
from api.documentation import also_answers, documented
from api.errors import ProblemError
from api.rota_schemas import HandOverIn, HandOverOut
from api.security import Caller, Requires
from api.services import CurrentServices
from store.alerts import people_of_alerts
from store.locks import limit_lock_wait

router = APIRouter(tags=["alerts"])

_HANDED_OVER = {"to": "officer.noor", "alert_ids": ["0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55"]}
_ROUTE = documented(Permission.ALERTS_WORK, _HANDED_OVER)
also_answers(_ROUTE, 201, HandOverOut, "Handed over", _HANDED_OVER)


@router.post("/v1/hand-overs", **_ROUTE)
def hand_over_alerts(
    caller: Annotated[Caller, Depends(Requires(Permission.ALERTS_WORK, Action.ALERTS_HAND_OVER))],
    services: CurrentServices,
    response: Response,
    wanted: HandOverIn,
) -> HandOverOut:
    """Give what is open on the caller to somebody else: all of it, or the alerts that are named; or nothing.

    Whoever takes over is told once for all of them. Each alert's history says so, with the note.
    """
    about = Subject(detail={"to": wanted.to})
    try:
        with services.pool.transaction(caller.identity) as transaction:
            limit_lock_wait(transaction, services.settings.lock_timeout_ms)
            subject = caller.identity.subject
            handed = hand_over(transaction, subject, wanted.to, wanted.alert_ids, wanted.note)
            about = Subject(
                row_count=len(handed),
                detail={"to": wanted.to, "alert_ids": [str(one) for one in handed]},
                person_ids=people_of_alerts(transaction, handed),
            )
            record_allowed(transaction, caller.identity, Action.ALERTS_HAND_OVER, about)
    except (HandOverRefusedError, BadDetailError) as error:
        record_refusal(services.pool, caller.identity, Action.ALERTS_HAND_OVER, about)
        errors = error.errors if isinstance(error, HandOverRefusedError) else [("body.note", error.reason)]
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"Nothing was handed over: {len(errors)} problem(s), each in errors.",
            errors=[{"where": where, "problem": problem} for where, problem in errors],
        ) from None
    response.status_code = HTTPStatus.CREATED
    return HandOverOut(to=wanted.to, alert_ids=handed)
