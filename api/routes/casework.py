"""Working an alert: every action names the state it was decided on, so that of two officers the second is told."""

from collections import Counter
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from access.audit import Action, Subject, record_allowed, record_refusal
from access.roles import Permission
from alerts.case_details import BadDetailError
from alerts.casework import (
    BulkRefusedError,
    CaseConflictError,
    IllegalStepError,
    Refusal,
    UnknownAlertError,
    act,
    close_many,
)
from alerts.casework_rules import current_rules
from api.casework_schemas import ActionIn, CaseOut, ClosedOut, ClosuresIn, ClosuresOut, EntryOut, etag_of, version_of
from api.conditional import IfMatch, expected_tag
from api.documentation import documented
from api.errors import ProblemError
from api.routes.alerts import CASE_EXAMPLE, AlertId
from api.security import Caller, Requires, refuse_unseen
from api.services import CurrentServices, Services
from model.casework import AlertCase
from ops.errors import InputError
from store.alerts import find_alert
from store.clock import service_now
from store.database import Cursor
from store.locks import limit_lock_wait

router = APIRouter(tags=["alerts"])

_ALERT_ID = "0b0f6c3e-54b9-5d0b-8f4e-6b1d2f3a4c55"
CanWork = Annotated[Caller, Depends(Requires(Permission.ALERTS_WORK, Action.ALERT_WORK))]


@router.post(
    "/v1/alerts/{alert_id}/actions",
    **documented(
        Permission.ALERTS_WORK,
        CASE_EXAMPLE,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.PRECONDITION_REQUIRED,
    ),
)
def work_alert(
    *,
    caller: CanWork,
    services: CurrentServices,
    response: Response,
    alert_id: AlertId,
    wanted: ActionIn,
    if_match: IfMatch = None,
) -> CaseOut:
    """Do something about an alert, in the caller's name: it is recorded for good, and told without the note's words.

    409 where somebody was first: `actions` says who did what since, `yours` whether it was this very action, done
    before and its answer lost. 409 too where the step is not possible as things stand; `possible_actions` are.
    """
    version = _matched(if_match)
    asked = {"alert_id": str(alert_id), "action": wanted.action.value}
    try:
        with services.pool.transaction(caller.identity) as transaction:
            limit_lock_wait(transaction, services.settings.lock_timeout_ms)
            case = act(transaction, caller.identity.subject, alert_id, version, wanted.action, wanted.detail())
            _record(transaction, caller, case, wanted.action.value)
            answer = _case_out(transaction, case)
    except UnknownAlertError:
        raise refuse_unseen(services, caller, Action.ALERT_WORK, Subject(detail=asked), "alert") from None
    except InputError as error:
        record_refusal(services.pool, caller.identity, Action.ALERT_WORK, _about_refusal(error, asked))
        raise _problem(error, caller, wanted) from None
    response.headers["ETag"] = answer.etag
    return answer


@router.post(
    "/v1/alerts/closures",
    **documented(
        Permission.ALERTS_WORK,
        {"closed": [{"alert_id": _ALERT_ID, "etag": '"4"', "status": "closed"}]},
        HTTPStatus.CONFLICT,
    ),
)
def close_alerts(caller: CanWork, services: CurrentServices, wanted: ClosuresIn) -> ClosuresOut:
    """Close several alerts with one outcome and one note, each recorded by itself: all of them, or none.

    409 names in `errors` every alert that stood against it, and why.
    """
    versions = {one.alert_id: version_of(one.etag) for one in wanted.alerts}
    _refuse_muddle(wanted, services, caller)
    known = {alert_id: version for alert_id, version in versions.items() if version is not None}
    detail = {"outcome": wanted.outcome} | ({} if wanted.text is None else {"text": wanted.text})
    try:
        with services.pool.transaction(caller.identity) as transaction:
            limit_lock_wait(transaction, services.settings.lock_timeout_ms)
            closed = close_many(transaction, caller.identity.subject, known, detail)
            for case in closed:
                _record(transaction, caller, case, "close")
    except BulkRefusedError as error:
        _record_bulk_refusal(services, caller, len(known))
        raise ProblemError(
            HTTPStatus.CONFLICT,
            f"Nothing was closed: {len(error.refusals)} of {len(known)} alerts stood against it, each named in errors.",
            errors=[_named(one) for one in error.refusals],
        ) from None
    except BadDetailError as error:
        _record_bulk_refusal(services, caller, len(known))
        raise _bad_detail(error) from None
    return ClosuresOut(
        closed=[ClosedOut(alert_id=one.alert_id, etag=etag_of(one.version), status=one.status) for one in closed]
    )


def _matched(if_match: str | None) -> int:
    version = version_of(expected_tag(if_match))
    if version is None:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            'If-Match takes one ETag as GET /v1/alerts/{alert_id} gave it, such as "3", and no asterisk.',
            errors=[{"where": "header.If-Match", "problem": "no ETag of an alert"}],
        )
    return version


def _refuse_muddle(wanted: ClosuresIn, services: Services, caller: Caller) -> None:
    named = Counter(one.alert_id for one in wanted.alerts)
    errors = [
        {"where": f"body.alerts.{place}", "problem": problem}
        for place, one in enumerate(wanted.alerts)
        for is_wrong, problem in (
            (named[one.alert_id] > 1, "the same alert is there more than once"),
            (version_of(one.etag) is None, "the etag is none of an alert"),
        )
        if is_wrong
    ]
    if errors:
        _record_bulk_refusal(services, caller, len(wanted.alerts))
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "Nothing was closed; errors names each place.", errors=errors
        )


def _case_out(transaction: Cursor, case: AlertCase) -> CaseOut:
    now = service_now(transaction)
    found = find_alert(transaction, case.alert_id, current_rules(transaction), now)
    if found is None:
        raise LookupError("an alert that was worked is not there")
    return CaseOut.of(found[0].case, found[0].clocks, now)


def _record(transaction: Cursor, caller: Caller, case: AlertCase, action: str) -> None:
    detail = {"alert_id": str(case.alert_id), "action": action, "case_version": case.version}
    record_allowed(transaction, caller.identity, Action.ALERT_WORK, Subject(case.person_id, detail=detail))


def _about_refusal(error: InputError, asked: dict[str, str]) -> Subject:
    person_id = error.case.person_id if isinstance(error, (CaseConflictError, IllegalStepError)) else None
    return Subject(person_id=person_id, detail=asked)


def _record_bulk_refusal(services: Services, caller: Caller, count: int) -> None:
    about = Subject(row_count=count, detail={"action": "close"})
    record_refusal(services.pool, caller.identity, Action.ALERT_WORK, about)


def _problem(error: InputError, caller: Caller, wanted: ActionIn) -> ProblemError:
    match error:
        case CaseConflictError():
            return ProblemError(
                HTTPStatus.CONFLICT,
                f"The alert is {error.case.status} by now: somebody was first. Look at actions, then decide again.",
                headers={"ETag": etag_of(error.case.version)},
                yours=_is_theirs(error, caller, wanted),
                alert_status=error.case.status,
                etag=etag_of(error.case.version),
                actions=[EntryOut.of(one).model_dump(mode="json", exclude={"text"}) for one in error.since],
            )
        case IllegalStepError():
            return ProblemError(
                HTTPStatus.CONFLICT,
                f"The alert is {error.case.status}: {error.reason}.",
                headers={"ETag": etag_of(error.case.version)},
                alert_status=error.case.status,
                etag=etag_of(error.case.version),
                possible_actions=list(error.possible),
            )
        case BadDetailError():
            return _bad_detail(error)
        case _:
            raise error


def _is_theirs(error: CaseConflictError, caller: Caller, wanted: ActionIn) -> bool:
    """Whether the first thing done since is just this, by the same person: its answer was lost."""
    if not error.since:
        return False
    first = error.since[0]
    said = {name: first.detail.get(name) for name in wanted.detail()}
    return (first.acted_by, first.action, said) == (caller.identity.subject, wanted.action, wanted.detail())


def _bad_detail(error: BadDetailError) -> ProblemError:
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The action does not say what it has to; errors names the place.",
        errors=[{"where": f"body.{error.field}", "problem": error.reason}],
    )


def _named(refusal: Refusal) -> dict[str, object]:
    """One answer for "no such alert" and "not yours"."""
    named: dict[str, object] = {"where": f"alert {refusal.alert_id}"}
    match refusal.error:
        case CaseConflictError() as error:
            since = [EntryOut.of(one).model_dump(mode="json", exclude={"text"}) for one in error.since]
            return named | {"problem": f"it is {error.case.status} by now: somebody was first", "actions": since}
        case IllegalStepError() as error:
            return named | {"problem": f"it is {error.case.status}: {error.reason}"}
        case _:
            return named | {"problem": "there is no such alert, or it is not yours to see"}
