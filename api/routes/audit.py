"""The audit, for the auditor; and who looked at a person, for their manager too."""

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from access.audit import Action, Subject, record_refusal
from access.audit_files import AuditFileKind, file_lines
from access.roles import Permission
from api.audit_schemas import AuditPage, AuditRecordOut, LookOut, LooksPage
from api.cursors import decode_audit_key, encode_audit_key, next_link
from api.documentation import documented
from api.errors import ProblemError
from api.fields import CursorText, Limit, Moment, PersonFilter, PersonId
from api.police_refusals import answered_refusals
from api.security import Caller, Requires
from api.services import CurrentServices, Services
from store.audit_reads import LARGEST_PAGE, AuditFilter, AuditKey, AuditRecord, read_looks, search_audit

router = APIRouter(tags=["audit"])

LONGEST_EXPORT = timedelta(days=31)

_RECORD: dict[str, Any] = {
    "audit_id": 90112,
    "happened_at": "2026-11-22T10:01:05.120000Z",
    "subject": "officer.jones",
    "role": "practitioner",
    "action": "track.read",
    "outcome": "allowed",
    "purpose": "review of last night's alert",
    "request_id": "6f6b2f6e-0b3c-4c0e-9d6f-0c8a86f0b1aa",
    "person_id": 17,
    "person_ids": [],
    "window_from": "2026-11-22T00:00:00Z",
    "window_to": "2026-11-23T00:00:00Z",
    "row_count": 1000,
    "detail": {},
}
_LOOK = {
    name: _RECORD[name]
    for name in ("audit_id", "subject", "role", "purpose", "action", "window_from", "window_to", "row_count")
} | {"looked_at": _RECORD["happened_at"], "among_others": False}


class Outcome(StrEnum):
    ALLOWED = "allowed"
    REFUSED = "refused"


Word = Annotated[str | None, Query(min_length=1, max_length=200)]


def read_filter(
    *,
    from_time: Annotated[Moment | None, Query(alias="from", description="Only at this time or later")] = None,
    to_time: Annotated[Moment | None, Query(alias="to", description="Only before this time")] = None,
    subject: Annotated[Word, Query(description="Only by this subject")] = None,
    role: Annotated[Word, Query(description="Only by this role")] = None,
    action: Annotated[Action | None, Query(description="Only this action; one that there is not is refused")] = None,
    outcome: Annotated[Outcome | None, Query(description="Only what was allowed, or refused")] = None,
    person: PersonFilter = None,
) -> AuditFilter:
    return AuditFilter(from_time, to_time, subject, role, action, outcome, person)


Wanted = Annotated[AuditFilter, Depends(read_filter)]


@router.get("/v1/audit", **documented(Permission.AUDIT_READ, {"records": [_RECORD], "next": None}))
def read_audit(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.AUDIT_READ, Action.AUDIT_SEARCH))],
    services: CurrentServices,
    wanted: Wanted,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> AuditPage:
    """Records of the audit, newest first. `person` finds lists that showed them too. The search is recorded itself."""
    before = decode_audit_key(cursor)
    with services.pool.transaction(caller.identity) as transaction:
        found = search_audit(transaction, Action.AUDIT_SEARCH, wanted, before, limit)
    last = encode_audit_key(found[-1].key) if len(found) == limit else None
    more = next_link(request.url.path, _parameters(wanted, limit), last)
    return AuditPage(records=[AuditRecordOut.model_validate(one) for one in found], next=more)


@router.get(
    "/v1/audit/export",
    response_class=StreamingResponse,
    **documented(Permission.AUDIT_READ, "audit_id,happened_at,subject,...", media_type="text/csv"),
)
def export_audit(
    *,
    caller: Annotated[Caller, Depends(Requires(Permission.AUDIT_READ, Action.AUDIT_EXPORT))],
    services: CurrentServices,
    wanted: Wanted,
    kind: Annotated[AuditFileKind, Query(alias="format", description="CSV, or one JSON object a line")] = (
        AuditFileKind.CSV
    ),
) -> StreamingResponse:
    """The same records as a file, all of a window of at most 31 days (`from` and `to`), newest first.

    It streams in parts; each is recorded as it is read. An answer that breaks off was not complete.
    """
    if wanted.from_time is None or wanted.to_time is None or wanted.to_time - wanted.from_time > LONGEST_EXPORT:
        about = Subject(wanted.person_id, wanted.from_time, wanted.to_time)
        record_refusal(services.pool, caller.identity, Action.AUDIT_EXPORT, about)
        fault = f"give from and to, at most {LONGEST_EXPORT.days} days apart"
        errors = [{"where": "query", "problem": fault}]
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"The window is wrong: {fault}.", errors=errors)
    pages = _pages(services, caller, wanted)
    first = next(pages)  # before the first byte: what cannot be read or recorded is a problem, and no file
    headers = {"Content-Disposition": f'attachment; filename="audit.{kind}"', "Cache-Control": "no-store"}
    return StreamingResponse(file_lines(kind, _with(first, pages)), media_type=kind.media_type, headers=headers)


@router.get(
    "/v1/people/{person_id}/looks",
    **documented(Permission.LOOKS_READ, {"looks": [_LOOK], "next": None}, HTTPStatus.NOT_FOUND),
)
def read_person_looks(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.LOOKS_READ, Action.LOOKS_READ))],
    services: CurrentServices,
    person_id: PersonId,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> LooksPage:
    """Who looked at the person or changed something of theirs, newest first: lists that showed them too."""
    before = decode_audit_key(cursor)
    with (
        answered_refusals(services, caller, Action.LOOKS_READ, Subject(person_id), "person"),
        services.pool.transaction(caller.identity) as transaction,
    ):
        found = read_looks(transaction, person_id, before, limit)
    last = encode_audit_key(found[-1].key) if len(found) == limit else None
    more = next_link(request.url.path, {"limit": limit}, last)
    return LooksPage(looks=[LookOut.model_validate(one) for one in found], next=more)


def _pages(services: Services, caller: Caller, wanted: AuditFilter) -> Iterator[list[AuditRecord]]:
    """Each in a transaction of its own, with its record; the first one comes even where it is empty."""
    before: AuditKey | None = None
    while True:
        with services.pool.transaction(caller.identity) as transaction:
            page = search_audit(transaction, Action.AUDIT_EXPORT, wanted, before, LARGEST_PAGE)
        yield page
        if len(page) < LARGEST_PAGE:
            return
        before = page[-1].key


def _with(first: list[AuditRecord], rest: Iterator[list[AuditRecord]]) -> Iterator[list[AuditRecord]]:
    yield first
    yield from rest


def _parameters(wanted: AuditFilter, limit: int) -> dict[str, str | int | None]:
    return {
        "from": None if wanted.from_time is None else wanted.from_time.isoformat(),
        "to": None if wanted.to_time is None else wanted.to_time.isoformat(),
        "subject": wanted.subject,
        "role": wanted.role,
        "action": wanted.action,
        "outcome": wanted.outcome,
        "person": wanted.person_id,
        "limit": limit,
    }
