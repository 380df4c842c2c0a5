"""Evidence bundles: asked for by police, made by the matcher, taken away under record, and followed by notices."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from access.audit import Action, Subject, record_allowed, record_refusal
from access.roles import Permission
from api.cursors import decode_number, encode_number, next_link
from api.documentation import also_answers, documented
from api.errors import ProblemError
from api.evidence_schemas import EvidenceDetail, EvidenceIn, EvidenceOut, NoticeOut, NoticesPage
from api.fields import CursorText, Limit
from api.police_refusals import answered_refusals
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from ops.errors import InputError
from store.evidence import (
    EvidenceWanted,
    find_evidence,
    list_notices,
    mark_told,
    notices_of,
    person_of_evidence,
    request_evidence,
    take_bundle,
)
from store.police_matches import UnseenError

router = APIRouter(tags=["evidence"])

MEDIA_TYPE = "application/zip"
_EVIDENCE = {
    "evidence_id": 12,
    "result_id": 4711,
    "force": "Metropolitan Police",
    "state": "issued",
    "problem": None,
    "requested_by": "dc.jones",
    "requested_at": "2026-11-23T13:00:00Z",
    "purpose": "charging decision",
    "basis": "Data Protection Act 2018, Schedule 2, paragraph 2",
    "maker": "A. Smith, monitoring centre",
    "exhibit": "AS/12",
    "issued_at": "2026-11-23T13:00:02Z",
    "manifest_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "key_fingerprint": "SHA256:1b4f0e9851971998e732078544c96b36c3d01cedf7caa332359d6f1d83567014",
}
_NOTICE = {
    "notice_id": 3,
    "evidence_id": 12,
    "cause": "result_changed",
    "changes": ["the result was present and is possible now"],
    "recipient": "dc.jones",
    "noticed_at": "2026-11-24T08:10:00Z",
    "told_at": None,
}
_REQUEST_ROUTE = documented(Permission.EVIDENCE_REQUEST, _EVIDENCE, HTTPStatus.NOT_FOUND)
also_answers(_REQUEST_ROUTE, 202, EvidenceOut, "Asked for", _EVIDENCE | {"state": "requested", "issued_at": None})
ResultId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The match's id", examples=[4711])]
EvidenceId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The evidence's id", examples=[12])]


@router.post("/v1/matches/{result_id}/evidence", **_REQUEST_ROUTE)
def ask_for_evidence(
    caller: Annotated[Caller, Depends(Requires(Permission.EVIDENCE_REQUEST, Action.EVIDENCE_REQUEST))],
    services: CurrentServices,
    response: Response,
    result_id: ResultId,
    wanted: EvidenceIn,
) -> EvidenceOut:
    """Ask for the evidence bundle of a match of the own force that somebody else has reviewed and confirmed.

    The matcher makes it within seconds; ask for its state with GET. Issuing places a legal hold on what it is made of.
    """
    detail = {"result_id": result_id}
    try:
        with services.pool.transaction(caller.identity) as transaction:
            asked = request_evidence(transaction, EvidenceWanted(result_id, **wanted.model_dump()))
    except InputError as error:
        record_refusal(services.pool, caller.identity, Action.EVIDENCE_REQUEST, Subject(detail=detail))
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"Nothing was asked for: {error}.") from None
    if asked is None:
        raise refuse_unseen(services, caller, Action.EVIDENCE_REQUEST, Subject(detail=detail), "match")
    response.status_code = HTTPStatus.ACCEPTED
    return EvidenceOut.model_validate(asked)


@router.get(
    "/v1/evidence/{evidence_id}",
    **documented(Permission.EVIDENCE_READ, _EVIDENCE | {"notices": [_NOTICE]}, HTTPStatus.NOT_FOUND),
)
def read_evidence(
    caller: Annotated[Caller, Depends(Requires(Permission.EVIDENCE_READ, Action.EVIDENCE_READ))],
    services: CurrentServices,
    evidence_id: EvidenceId,
) -> EvidenceDetail:
    """The state of a request of the own force, and what changed since its bundle was issued."""
    detail = {"evidence_id": evidence_id}
    with services.pool.transaction(caller.identity) as transaction:
        found = find_evidence(transaction, evidence_id)
        notices = notices_of(transaction, evidence_id) if found else []
        if found is not None:
            about = Subject(person_id=person_of_evidence(transaction, evidence_id), detail=detail)
            record_allowed(transaction, caller.identity, Action.EVIDENCE_READ, about)
    if found is None:
        raise refuse_unseen(services, caller, Action.EVIDENCE_READ, Subject(detail=detail), "evidence")
    told = [NoticeOut.model_validate(one) for one in notices]
    return EvidenceDetail.model_validate(asdict(found) | {"notices": told})


@router.get(
    "/v1/evidence/{evidence_id}/bundle",
    response_class=Response,
    **documented(
        Permission.EVIDENCE_READ,
        "a zip archive, as `cordon evidence verify` takes it",
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        media_type=MEDIA_TYPE,
    ),
)
def download_bundle(
    caller: Annotated[Caller, Depends(Requires(Permission.EVIDENCE_READ, Action.EVIDENCE_EXPORT))],
    services: CurrentServices,
    evidence_id: EvidenceId,
) -> Response:
    """The issued bundle as a zip archive. Whoever takes it away is told when later data change what it says.

    Once the match is no longer confirmed, or later data replaced it, only who took it before is given it again.
    """
    about = Subject(detail={"evidence_id": evidence_id})
    with (
        answered_refusals(services, caller, Action.EVIDENCE_EXPORT, about, "issued evidence"),
        services.pool.transaction(caller.identity) as transaction,
    ):
        content = take_bundle(transaction, evidence_id)
        if content is None:
            raise UnseenError
    name = f'attachment; filename="EV-{evidence_id}.zip"'
    headers = {"Content-Disposition": name, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)


@router.get("/v1/evidence-notices", **documented(Permission.EVIDENCE_READ, {"notices": [_NOTICE], "next": None}))
def read_notices(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.EVIDENCE_READ, Action.EVIDENCE_NOTICES))],
    services: CurrentServices,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> NoticesPage:
    """What changed of the bundles that the caller received, the newest first. From now on these count as told."""
    before = decode_number(cursor)
    with services.pool.transaction(caller.identity) as transaction:
        found = list_notices(transaction, caller.identity.subject, before, limit + 1)
        page = found[:limit]
        mark_told(transaction, page)
        shown_of = [person_of_evidence(transaction, one) for one in {notice.evidence_id for notice in page}]
        about = Subject(row_count=len(page), person_ids=shown_of)
        record_allowed(transaction, caller.identity, Action.EVIDENCE_NOTICES, about)
    last = encode_number(page[-1].notice_id) if found[limit:] else None
    more = next_link(request.url.path, {"limit": limit}, last)
    return NoticesPage(notices=[NoticeOut.model_validate(one) for one in page], next=more)
