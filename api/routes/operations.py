"""Operations: stop-and-search authorities over wards, and match days of shared zones. They show nobody's data."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from access.audit import Action, Subject, record_allowed, record_refusal
from access.roles import Permission
from api.cursors import decode_number, encode_number, next_link
from api.documentation import documented
from api.errors import ProblemError
from api.fields import CursorText, Limit, ZoneReference
from api.operation_schemas import (
    AuthoritiesPage,
    AuthorityIn,
    AuthorityOut,
    ExtensionIn,
    MatchDayOut,
    MatchDaysIn,
    MatchDaysOut,
    WardOut,
    WardsPage,
)
from api.routes.operation_examples import AUTHORITY, CLOSED, EXTENDED, MATCH_DAYS, OPEN_ROUTE, WARD
from api.security import Caller, Requires, refuse_unseen
from api.services import CurrentServices, Services
from model.operations import Authority, AuthorityRequest, ExtensionRequest, MatchDay
from store.checks import FieldsRefusedError
from store.clock import service_now
from store.database import Cursor
from store.operations import close_authority, extend_authority, list_authorities, open_authority
from store.operations_match_days import add_match_days, coming_match_days, remove_match_days
from store.wards import list_wards
from store.zones import PublishedZone

router = APIRouter(tags=["operations"])
LONGEST_CODE = 20
AfterCode = Annotated[str, Query(max_length=LONGEST_CODE, description="From behind this code")]
MATCH_DAYS_PATH = "/v1/zones/{reference:path}/match-days"


@router.get("/v1/wards", **documented(Permission.ZONES_READ, {"wards": [WARD], "next": None}))
def read_wards(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.ZONES_READ, Action.WARDS_LIST))],
    services: CurrentServices,
    after: AfterCode = "",
    limit: Limit = 100,
) -> WardsPage:
    """The wards and boroughs of which an authority's area is made, by their codes."""
    with services.pool.transaction(caller.identity) as transaction:
        found = list_wards(transaction, after, limit + 1)
        page = found[:limit]
        record_allowed(transaction, caller.identity, Action.WARDS_LIST, Subject(row_count=len(page)))
    more = f"{request.url.path}?after={page[-1].code}&limit={limit}" if found[limit:] else None
    return WardsPage(wards=[WardOut.model_validate(one) for one in page], next=more)


@router.get("/v1/operations", **documented(Permission.ZONES_READ, {"authorities": [AUTHORITY], "next": None}))
def read_authorities(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.ZONES_READ, Action.OPERATIONS_LIST))],
    services: CurrentServices,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> AuthoritiesPage:
    """Stop-and-search authorities, the newest first, those that are over too."""
    with services.pool.transaction(caller.identity) as transaction:
        found = list_authorities(transaction, decode_number(cursor), limit + 1)
        page, now = found[:limit], service_now(transaction)
        record_allowed(transaction, caller.identity, Action.OPERATIONS_LIST, Subject(row_count=len(page)))
    last = encode_number(page[-1].authority_id) if found[limit:] else None
    more = next_link(request.url.path, {"limit": limit}, last)
    return AuthoritiesPage(authorities=[AuthorityOut.of(one, now) for one in page], next=more)


@router.post("/v1/operations", **OPEN_ROUTE)
def open_operation(
    caller: Annotated[Caller, Depends(Requires(Permission.OPERATIONS_WRITE, Action.OPERATION_OPEN))],
    services: CurrentServices,
    response: Response,
    wanted: AuthorityIn,
) -> AuthorityOut:
    """Open a stop-and-search authority: its wards together are a shared zone for its hours, at most 24.

    Entries inform who supervises the wearer, as information; police learn nothing of them. It may have begun already:
    what was judged since is judged anew.
    """
    asked = AuthorityRequest(
        wanted.reference,
        wanted.power,
        tuple(wanted.wards),
        wanted.begins_at,
        wanted.ends_at,
        wanted.officer,
        wanted.rank,
        wanted.reason,
    )
    opened = _change(
        services,
        caller,
        Action.OPERATION_OPEN,
        wanted.reference,
        lambda transaction: open_authority(
            transaction, asked, caller.identity.subject, services.settings.lock_timeout_ms
        ),
    )
    response.status_code = HTTPStatus.CREATED
    return opened


@router.post(
    "/v1/operations/{reference:path}/extend",
    **documented(Permission.OPERATIONS_WRITE, EXTENDED, HTTPStatus.NOT_FOUND),
)
def extend_operation(
    caller: Annotated[Caller, Depends(Requires(Permission.OPERATIONS_WRITE, Action.OPERATION_EXTEND))],
    services: CurrentServices,
    reference: ZoneReference,
    wanted: ExtensionIn,
) -> AuthorityOut:
    """Let an authority go on from its end, once, by a superintendent or above: 48 hours in all."""
    asked = ExtensionRequest(wanted.ends_at, wanted.officer, wanted.rank, wanted.reason)
    return _change(
        services,
        caller,
        Action.OPERATION_EXTEND,
        reference,
        lambda transaction: extend_authority(
            transaction, reference, asked, caller.identity.subject, services.settings.lock_timeout_ms
        ),
    )


@router.post(
    "/v1/operations/{reference:path}/close",
    **documented(Permission.OPERATIONS_WRITE, CLOSED, HTTPStatus.NOT_FOUND),
)
def close_operation(
    caller: Annotated[Caller, Depends(Requires(Permission.OPERATIONS_WRITE, Action.OPERATION_CLOSE))],
    services: CurrentServices,
    reference: ZoneReference,
) -> AuthorityOut:
    """Close an authority before its end: its zone ends now. Closing it again changes nothing."""
    return _change(
        services,
        caller,
        Action.OPERATION_CLOSE,
        reference,
        lambda transaction: close_authority(
            transaction, reference, caller.identity.subject, services.settings.lock_timeout_ms
        ),
    )


@router.get(MATCH_DAYS_PATH, **documented(Permission.ZONES_READ, MATCH_DAYS, HTTPStatus.NOT_FOUND))
def read_match_days(
    caller: Annotated[Caller, Depends(Requires(Permission.ZONES_READ, Action.MATCH_DAYS_LIST))],
    services: CurrentServices,
    reference: ZoneReference,
) -> MatchDaysOut:
    """The zone's match days that are not over, in order."""
    return _match_days(services, caller, Action.MATCH_DAYS_LIST, reference, None)


@router.post(MATCH_DAYS_PATH, **documented(Permission.OPERATIONS_WRITE, MATCH_DAYS, HTTPStatus.NOT_FOUND))
def add_to_match_days(
    caller: Annotated[Caller, Depends(Requires(Permission.OPERATIONS_WRITE, Action.MATCH_DAYS_ADD))],
    services: CurrentServices,
    reference: ZoneReference,
    wanted: MatchDaysIn,
) -> MatchDaysOut:
    """Add match days to a shared zone with a schedule: all of them, or nothing and every reason. Past ones are refused.

    They are a new version of the zone; the answer is all that are to come.
    """
    return _match_days(services, caller, Action.MATCH_DAYS_ADD, reference, wanted, add_match_days)


@router.post(f"{MATCH_DAYS_PATH}/remove", **documented(Permission.OPERATIONS_WRITE, MATCH_DAYS, HTTPStatus.NOT_FOUND))
def remove_from_match_days(
    caller: Annotated[Caller, Depends(Requires(Permission.OPERATIONS_WRITE, Action.MATCH_DAYS_REMOVE))],
    services: CurrentServices,
    reference: ZoneReference,
    wanted: MatchDaysIn,
) -> MatchDaysOut:
    """Take match days away that are not over: all of them, or nothing and every reason. One that goes on ends now."""
    return _match_days(services, caller, Action.MATCH_DAYS_REMOVE, reference, wanted, remove_match_days)


def _change(
    services: Services,
    caller: Caller,
    action: Action,
    reference: str,
    change: Callable[[Cursor], Authority | None],
) -> AuthorityOut:
    """Do it and record it in one transaction, or record the refusal in one of its own."""
    detail = {"reference": reference}
    try:
        with services.pool.transaction(caller.identity) as transaction:
            changed = change(transaction)
            if changed is not None:
                about = Subject(window_from=changed.begins_at, window_to=changed.ends_at, detail=detail)
                record_allowed(transaction, caller.identity, action, about)
            now = service_now(transaction)
    except FieldsRefusedError as error:
        record_refusal(services.pool, caller.identity, action, Subject(detail=detail))
        raise _refused(error) from None
    if changed is None:
        raise refuse_unseen(services, caller, action, Subject(detail=detail), "authority")
    return AuthorityOut.of(changed, now)


def _match_days(
    services: Services,
    caller: Caller,
    action: Action,
    reference: str,
    wanted: MatchDaysIn | None,
    change: Callable[[Cursor, str, Sequence[MatchDay], str, int], PublishedZone | None] | None = None,
) -> MatchDaysOut:
    """What comes after the change, where there is one."""
    days = [one.as_match_day() for one in wanted.match_days] if wanted else []
    about = Subject(row_count=len(days), detail={"reference": reference})
    try:
        with services.pool.transaction(caller.identity) as transaction:
            if change is not None:
                change(transaction, reference, days, caller.identity.subject, services.settings.lock_timeout_ms)
            coming = coming_match_days(transaction, reference)
            if coming is not None:
                record_allowed(transaction, caller.identity, action, about)
    except FieldsRefusedError as error:
        record_refusal(services.pool, caller.identity, action, about)
        raise _refused(error) from None
    if coming is None:
        raise refuse_unseen(services, caller, action, about, "zone")
    return MatchDaysOut(match_days=[MatchDayOut.of(one) for one in coming])


def _refused(error: FieldsRefusedError) -> ProblemError:
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"Nothing was changed: {len(error.problems)} problem(s), each with its remedy in errors.",
        errors=[asdict(problem) for problem in error.problems],
    )
