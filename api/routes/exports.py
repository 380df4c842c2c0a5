"""What leaves the service about one person: asked for by a manager, prepared by the owner, released by another."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import StreamingResponse

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.cursors import decode_number, encode_number, next_link
from api.documentation import also_answers, documented
from api.export_schemas import ExportIn, ExportOut, ExportsPage, ReviewIn
from api.fields import CursorText, Limit
from api.people_access import one_person, refusals_recorded
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices, Services
from ops.errors import UnavailableError
from store.exports.requests import (
    Wanted,
    ask_export,
    find_export,
    list_exports,
    open_archive,
    read_part,
    review_export,
)

router = APIRouter(tags=["exports"])

MEDIA_TYPE = "application/zip"
_WAITING = {
    "export_id": 3,
    "kind": "subject",
    "person_id": 17,
    "from_time": None,
    "to_time": None,
    "reason": "DPA 2018 section 45, request 17",
    "requested_by": "a.manager",
    "requested_at": "2026-11-26T10:00:00Z",
    "due_at": "2026-12-26T10:00:00Z",
    "state": "requested",
    "redactions": None,
    "byte_count": None,
    "sha256": None,
    "manifest_sha256": None,
    "key_fingerprint": None,
    "prepared_at": None,
    "expires_at": None,
    "decided_by": None,
    "decided_at": None,
    "note": None,
}
_PREPARED = _WAITING | {
    "state": "prepared",
    "redactions": [{"what": "replaced by [staff]", "words": "others, in free text", "count": 2}],
    "byte_count": 48211,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "manifest_sha256": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
    "prepared_at": "2026-11-26T10:05:00Z",
    "expires_at": "2026-12-26T10:05:00Z",
}
_RELEASED = _PREPARED | {
    "state": "released",
    "decided_by": "another.manager",
    "decided_at": "2026-11-27T09:00:00Z",
    "note": "read all of it",
}
ExportId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The export's id", examples=[3])]
_ASK_ROUTE = documented(Permission.EXPORTS_REQUEST, _WAITING, HTTPStatus.NOT_FOUND)
also_answers(_ASK_ROUTE, 202, ExportOut, "Asked for", _WAITING)


@router.post("/v1/exports", **_ASK_ROUTE)
def ask(
    caller: Annotated[Caller, Depends(Requires(Permission.EXPORTS_REQUEST, Action.EXPORT_REQUEST))],
    services: CurrentServices,
    response: Response,
    wanted: ExportIn,
) -> ExportOut:
    """Ask for what is held about a person: for the person themself, or for a court with a window.

    `cordon export prepare` makes it; then somebody else reviews it. A subject's request is due within one month.
    """
    with one_person(services, caller, Action.EXPORT_REQUEST, wanted.person_id) as (transaction, _):
        asked = ask_export(transaction, Wanted(**wanted.model_dump()), caller.identity.subject)
        detail = {"export_id": asked.export_id, "kind": asked.kind}
        about = Subject(asked.person_id, asked.from_time, asked.to_time, detail=detail)
        record_allowed(transaction, caller.identity, Action.EXPORT_REQUEST, about)
    response.status_code = HTTPStatus.ACCEPTED
    return ExportOut.model_validate(asked)


@router.get("/v1/exports", **documented(Permission.EXPORTS_READ, {"exports": [_PREPARED], "next": None}))
def show(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.EXPORTS_READ, Action.EXPORT_READ))],
    services: CurrentServices,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> ExportsPage:
    """The exports about people whom the caller sees, the newest first."""
    before = decode_number(cursor)
    with services.pool.transaction(caller.identity) as transaction:
        found = list_exports(transaction, before, limit + 1)
        page = found[:limit]
        about = Subject(row_count=len(page), person_ids=[one.person_id for one in page])
        record_allowed(transaction, caller.identity, Action.EXPORT_READ, about)
    last = encode_number(page[-1].export_id) if found[limit:] else None
    more = next_link(request.url.path, {"limit": limit}, last)
    return ExportsPage(exports=[ExportOut.model_validate(one) for one in page], next=more)


@router.get("/v1/exports/{export_id}", **documented(Permission.EXPORTS_READ, _PREPARED, HTTPStatus.NOT_FOUND))
def read(
    caller: Annotated[Caller, Depends(Requires(Permission.EXPORTS_READ, Action.EXPORT_READ))],
    services: CurrentServices,
    export_id: ExportId,
) -> ExportOut:
    """One export, with what was left out of it or replaced."""
    detail = {"export_id": export_id}
    with services.pool.transaction(caller.identity) as transaction:
        found = find_export(transaction, export_id)
        if found is not None:
            about = Subject(found.person_id, found.from_time, found.to_time, detail=detail)
            record_allowed(transaction, caller.identity, Action.EXPORT_READ, about)
    if found is None:
        raise refuse_unseen(services, caller, Action.EXPORT_READ, Subject(detail=detail), "export")
    return ExportOut.model_validate(found)


@router.post("/v1/exports/{export_id}/review", **documented(Permission.EXPORTS_REVIEW, _RELEASED, HTTPStatus.NOT_FOUND))
def review(
    caller: Annotated[Caller, Depends(Requires(Permission.EXPORTS_REVIEW, Action.EXPORT_REVIEW))],
    services: CurrentServices,
    export_id: ExportId,
    decided: ReviewIn,
) -> ExportOut:
    """Release an export, or refuse it: by somebody who did not ask for it, and who names the archive they looked at."""
    detail = {"export_id": export_id, "decision": decided.decision}
    refused = Subject(detail=detail)
    with refusals_recorded(services, caller, Action.EXPORT_REVIEW, refused):
        with services.pool.transaction(caller.identity) as transaction:
            found = review_export(
                transaction, export_id, decided.decision, decided.note, decided.sha256, caller.identity.subject
            )
            if found is not None:
                about = Subject(found.person_id, found.from_time, found.to_time, detail=detail)
                record_allowed(transaction, caller.identity, Action.EXPORT_REVIEW, about)
        if found is None:
            raise refuse_unseen(services, caller, Action.EXPORT_REVIEW, refused, "export")
    return ExportOut.model_validate(found)


@router.get(
    "/v1/exports/{export_id}/archive",
    response_class=StreamingResponse,
    **documented(
        Permission.EXPORTS_READ, "a zip archive with manifest.json", HTTPStatus.NOT_FOUND, media_type=MEDIA_TYPE
    ),
)
def download(
    caller: Annotated[Caller, Depends(Requires(Permission.EXPORTS_READ, Action.EXPORT_READ))],
    services: CurrentServices,
    export_id: ExportId,
) -> StreamingResponse:
    """The archive: once it is released; before that for whoever reviews it, and not for who asked for it."""
    with services.pool.transaction(caller.identity) as transaction:
        parts = open_archive(transaction, export_id)
    if parts is None:
        about = Subject(detail={"export_id": export_id})
        raise refuse_unseen(services, caller, Action.EXPORT_READ, about, "export to read")
    headers = {
        "Content-Disposition": f'attachment; filename="export-{export_id}.zip"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(_parts(services, caller, export_id, parts), media_type=MEDIA_TYPE, headers=headers)


def _parts(services: Services, caller: Caller, export_id: int, parts: int) -> Iterator[bytes]:
    """Each is asked for anew: an export that is taken back is not read to its end."""
    for number in range(parts):
        with services.pool.transaction(caller.identity) as transaction:
            part = read_part(transaction, export_id, number)
        if part is None:
            raise UnavailableError(f"export {export_id} is no longer to be read")
        yield part
