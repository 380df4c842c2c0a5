"""What victims are to be told: a person does it, and records here that they did, or why not."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from access.audit import Action, Subject, record_allowed, record_refusal
from access.roles import Permission
from api.cursors import decode_number, encode_number, next_link
from api.documentation import documented
from api.errors import ProblemError
from api.fields import CursorText, Limit
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from api.victim_schemas import NotToldIn, TaskOut, TasksPage, ToldIn
from model.victims import TaskStatus
from store.clock import service_now
from store.database import Cursor
from store.victims import find_task, list_tasks, settle_not_told, settle_told

router = APIRouter(tags=["victims"])
TaskId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The task's id", examples=[31])]

_TASK = {
    "task_id": 31,
    "victim_id": 4,
    "victim_reference": "V-3F0A91C27E",
    "kind": "breach",
    "status": "waiting",
    "happened_at": "2026-11-21T22:14:00Z",
    "words": "On 21 November 2026 at 22:14 the person entered the area that they must keep out of. Probation staff know"
    " of it and act on it.",
    "method": "phone",
    "choice_version": 1,
    "not_before": "2026-11-22T09:00:00Z",
    "made_at": "2026-11-22T08:40:00Z",
    "settled_at": None,
    "settled_by": None,
    "told_at": None,
    "told_how": None,
    "reason": None,
}
_SETTLED = {"settled_at": "2026-11-22T09:12:00Z", "settled_by": "officer.liaison"}


@router.get("/v1/victim-tasks", **documented(Permission.VICTIMS_READ, {"tasks": [_TASK], "next": None}))
def read_victim_tasks(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.VICTIMS_READ, Action.VICTIM_TASKS_LIST))],
    services: CurrentServices,
    victim: Annotated[int | None, Query(ge=1, le=LARGEST_BIGINT, description="Only this victim's")] = None,
    status: Annotated[TaskStatus | None, Query(description="Only these")] = None,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> TasksPage:
    """What the caller's victims are to be told, were told, or were not; the oldest first."""
    after = decode_number(cursor) or 0
    with services.pool.transaction(caller.identity) as transaction:
        found = list_tasks(transaction, victim, None if status is None else status.value, after, limit + 1)
        page = found[:limit]
        record_allowed(transaction, caller.identity, Action.VICTIM_TASKS_LIST, Subject(row_count=len(page)))
    last = encode_number(page[-1].task_id) if found[limit:] else None
    more = next_link(request.url.path, {"victim": victim, "status": status, "limit": limit}, last)
    return TasksPage(tasks=[TaskOut.model_validate(one) for one in page], next=more)


@router.post(
    "/v1/victim-tasks/{task_id}/told",
    **documented(
        Permission.VICTIMS_WRITE,
        _TASK | _SETTLED | {"status": "told", "told_at": "2026-11-22T09:10:00Z", "told_how": "phone"},
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
    ),
)
def record_told(
    caller: Annotated[Caller, Depends(Requires(Permission.VICTIMS_WRITE, Action.VICTIM_TASK_SETTLE))],
    services: CurrentServices,
    task_id: TaskId,
    done: ToldIn,
) -> TaskOut:
    """Record that a person told the victim, when and how. 409 where it waits no more: it may have been withdrawn."""
    with services.pool.transaction(caller.identity) as transaction:
        task = find_task(transaction, task_id)
        is_possible = task is None or task.made_at <= done.told_at <= service_now(transaction)
        settled = (
            is_possible
            and task is not None
            and settle_told(transaction, task_id, caller.identity.subject, done.told_at, done.told_how.value)
        )
        if settled:
            _record(transaction, caller, task_id, "told")
        task = find_task(transaction, task_id)
    if not is_possible:
        _record_refusal(services, caller, task_id)
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "told_at lies before the task was made, or in the future: correct it."
        )
    return _answered(services, caller, task_id, TaskOut.model_validate(task) if task else None, settled)


@router.post(
    "/v1/victim-tasks/{task_id}/not-told",
    **documented(
        Permission.VICTIMS_WRITE,
        _TASK | _SETTLED | {"status": "not_told", "reason": "the victim asked to be left in peace this week"},
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
    ),
)
def record_not_told(
    caller: Annotated[Caller, Depends(Requires(Permission.VICTIMS_WRITE, Action.VICTIM_TASK_SETTLE))],
    services: CurrentServices,
    task_id: TaskId,
    done: NotToldIn,
) -> TaskOut:
    """Record that the victim is not told of it, and why."""
    with services.pool.transaction(caller.identity) as transaction:
        settled = settle_not_told(transaction, task_id, caller.identity.subject, done.reason)
        if settled:
            _record(transaction, caller, task_id, "not_told")
        task = find_task(transaction, task_id)
    return _answered(services, caller, task_id, TaskOut.model_validate(task) if task else None, settled)


def _record(cursor: Cursor, caller: Caller, task_id: int, how: str) -> None:
    about = Subject(detail={"task_id": task_id, "settled": how})
    record_allowed(cursor, caller.identity, Action.VICTIM_TASK_SETTLE, about)


def _record_refusal(services: CurrentServices, caller: Caller, task_id: int) -> None:
    about = Subject(detail={"task_id": task_id})
    record_refusal(services.pool, caller.identity, Action.VICTIM_TASK_SETTLE, about)


def _answered(services: CurrentServices, caller: Caller, task_id: int, task: TaskOut | None, settled: bool) -> TaskOut:
    if task is None:
        about = Subject(detail={"task_id": task_id})
        raise refuse_unseen(services, caller, Action.VICTIM_TASK_SETTLE, about, "task")
    if not settled:
        _record_refusal(services, caller, task_id)
        raise ProblemError(
            HTTPStatus.CONFLICT, f"The task waits no more: it is {task.status.value}. Read it again before you go on."
        )
    return task
