"""The rota: who is on duty when, and where nobody is."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from access.audit import Action, Subject, record_allowed, record_refusal
from access.roles import Permission
from alerts.rota import GAPS_AHEAD, RotaRefusedError, add_to_rota, rota_gaps
from api.documentation import also_answers, documented
from api.errors import ProblemError
from api.fields import Moment
from api.rota_schemas import AddedShifts, GapOut, GapsOut, RotaOut, ShiftOut, ShiftsIn
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from store.clock import service_now
from store.rota import NewShift, end_shift, find_shift, list_shifts

router = APIRouter(tags=["rota"])

LONGEST_SPAN = timedelta(days=92)
_SHIFT = {
    "shift_id": 12,
    "role": "duty_officer",
    "subject": "officer.dara",
    "name": "Dara Okafor",
    "from": "2026-11-27T17:00:00Z",
    "to": "2026-11-28T09:00:00Z",
    "added_by": "manager.mina",
    "teams": [3],
    "cancelled_at": None,
}
_GAP = {"role": "duty_officer", "from": "2026-11-28T09:00:00Z", "to": "2026-11-28T17:00:00Z"}
CanRead = Annotated[Caller, Depends(Requires(Permission.ROTA_READ, Action.ROTA_READ))]
CanWrite = Annotated[Caller, Depends(Requires(Permission.ROTA_WRITE, Action.ROTA_CHANGE))]
ShiftId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The shift's id", examples=[12])]
_ADD_ROUTE = documented(Permission.ROTA_WRITE, {"added": 1, "warnings": []})
also_answers(_ADD_ROUTE, 201, AddedShifts, "Added", {"added": 1, "warnings": []})


@router.get("/v1/rota", **documented(Permission.ROTA_READ, {"shifts": [_SHIFT]}))
def read_rota(
    caller: CanRead,
    services: CurrentServices,
    since: Annotated[Moment | None, Query(alias="from", description="Now, where it is not given")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="14 days later; at most 92 days later")] = None,
) -> RotaOut:
    """Every shift that overlaps the time, cancelled ones too, in the order of their beginning."""
    with services.pool.transaction(caller.identity) as transaction:
        first = since or service_now(transaction)
        last = until or first + GAPS_AHEAD
        if not first < last <= first + LONGEST_SPAN:
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"Give a time `to` that is later than `from` by at most {LONGEST_SPAN.days} days.",
                errors=[{"where": "query.to", "problem": "not within that time"}],
            )
        found = list_shifts(transaction, first, last)
        record_allowed(transaction, caller.identity, Action.ROTA_READ, Subject(row_count=len(found)))
    return RotaOut(shifts=[ShiftOut.model_validate(one) for one in found])


@router.get("/v1/rota/gaps", **documented(Permission.ROTA_READ, {"gaps": [_GAP]}))
def read_gaps(caller: CanRead, services: CurrentServices) -> GapsOut:
    """When nobody holds a role within the next 14 days, at least for some team.

    An alert goes to the next step then, at once.
    """
    with services.pool.transaction(caller.identity) as transaction:
        now = service_now(transaction)
        found = rota_gaps(transaction, now, now + GAPS_AHEAD)
        record_allowed(transaction, caller.identity, Action.ROTA_READ, Subject(detail={"what": "gaps"}))
    return GapsOut(
        gaps=[
            GapOut(role=role, starts_at=starts_at, ends_at=ends_at)
            for role, stretches in found.items()
            for starts_at, ends_at in stretches
        ]
    )


@router.post("/v1/rota/shifts", **_ADD_ROUTE)
def add_to_the_rota(caller: CanWrite, services: CurrentServices, response: Response, wanted: ShiftsIn) -> AddedShifts:
    """Add shifts: all of them, or none and every fault of each in `errors`.

    Several people may share a role, and one may hold two; nobody has two shifts of one role at a time, and nobody puts
    themselves on the rota: who is on duty sees whoever has an open alert in the area.
    """
    shifts = [NewShift(one.role, one.subject, one.starts_at, one.ends_at, tuple(one.teams)) for one in wanted.shifts]
    about = Subject(row_count=len(shifts), detail={"change": "add"})
    try:
        with services.pool.transaction(caller.identity) as transaction:
            warnings = add_to_rota(transaction, shifts, caller.identity.subject)
            record_allowed(transaction, caller.identity, Action.ROTA_CHANGE, about)
    except RotaRefusedError as error:
        record_refusal(services.pool, caller.identity, Action.ROTA_CHANGE, about)
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"No shift was added: {len(error.faults)} problem(s), each with its remedy in errors.",
            errors=[
                {
                    "where": f"body.shifts.{one.place}.{one.field}",
                    "value": one.value,
                    "problem": one.fault.problem,
                    "remedy": one.fault.remedy,
                }
                for one in error.faults
            ],
        ) from None
    response.status_code = HTTPStatus.CREATED
    return AddedShifts(added=len(shifts), warnings=warnings)


@router.post(
    "/v1/rota/shifts/{shift_id}/end",
    **documented(Permission.ROTA_WRITE, _SHIFT | {"to": "2026-11-28T02:00:00Z"}, HTTPStatus.NOT_FOUND),
)
def end_a_shift(caller: CanWrite, services: CurrentServices, shift_id: ShiftId) -> ShiftOut:
    """End it now; one that has not begun is cancelled. What is open on its holder goes over to who is there.

    404 too where it is over or cancelled.
    """
    about = Subject(detail={"change": "end", "shift_id": shift_id})
    with services.pool.transaction(caller.identity) as transaction:
        is_ended = end_shift(transaction, shift_id, caller.identity.subject, service_now(transaction))
        ended = find_shift(transaction, shift_id) if is_ended else None
        if ended is not None:
            record_allowed(transaction, caller.identity, Action.ROTA_CHANGE, about)
    if ended is None:
        raise refuse_unseen(services, caller, Action.ROTA_CHANGE, about, "shift")
    return ShiftOut.model_validate(ended)
