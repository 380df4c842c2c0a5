"""Legal bases by which a person's trail may be looked at: drafted, approved by a second person, ended."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.condition_schemas import EndIn, ReasonIn
from api.documentation import also_answers, documented
from api.errors import ProblemError
from api.fields import PersonId
from api.legal_basis_schemas import LegalBasesOut, LegalBasisIn, LegalBasisOut
from api.people_access import one_person, refusals_recorded
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices, Services
from store.condition_decisions import SamePersonError
from store.database import Cursor
from store.legal_bases import (
    LegalBasisConflictError,
    LegalBasisDraft,
    StoredLegalBasis,
    approve_legal_basis,
    draft_legal_basis,
    end_legal_basis,
    find_legal_basis,
    list_legal_bases,
    refuse_legal_basis,
    withdraw_legal_basis,
)

router = APIRouter(tags=["people"])

_DRAFT = {
    "legal_basis_id": 3,
    "person_id": 17,
    "crn": "X123456",
    "kind": "court_order",
    "reference": "T20261234",
    "wording": "The defendant's whereabouts are to be monitored electronically.",
    "starts": "2026-11-22T00:00:00Z",
    "ends": "2027-05-22T00:00:00Z",
    "status": "draft",
    "drafted_by": "officer.jones",
    "drafted_at": "2026-11-22T10:00:00Z",
    "decided_by": None,
    "decided_at": None,
    "reason": None,
    "ended_by": None,
    "ended_at": None,
    "closed_at": None,
}
_LIVE = _DRAFT | {"status": "live", "decided_by": "manager.patel", "decided_at": "2026-11-22T11:00:00Z"}
_ENDED = _LIVE | {
    "status": "ended",
    "reason": "the order was discharged",
    "ended_by": "manager.patel",
    "ended_at": "2027-01-10T09:00:00Z",
    "closed_at": "2027-01-10T09:00:00Z",
}
_DRAFT_ROUTE = documented(Permission.LEGAL_BASES_WRITE, _DRAFT, HTTPStatus.NOT_FOUND)
also_answers(_DRAFT_ROUTE, 201, LegalBasisOut, "Drafted", _DRAFT)
LegalBasisId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The legal basis's id", examples=[3])]
Decision = Annotated[Caller, Depends(Requires(Permission.LEGAL_BASES_APPROVE, Action.LEGAL_BASIS_DECIDE))]


def _deciding(permission: Permission, example: dict[str, Any]) -> dict[str, Any]:
    return documented(permission, example, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)


@router.get(
    "/v1/people/{person_id}/legal-bases",
    **documented(Permission.LEGAL_BASES_READ, {"legal_bases": [_LIVE]}, HTTPStatus.NOT_FOUND),
)
def read_legal_bases(
    caller: Annotated[Caller, Depends(Requires(Permission.LEGAL_BASES_READ, Action.LEGAL_BASES_LIST))],
    services: CurrentServices,
    person_id: PersonId,
) -> LegalBasesOut:
    """Every legal basis of the person's, drafts and past ones too, the newest first."""
    with one_person(services, caller, Action.LEGAL_BASES_LIST, person_id) as (cursor, _):
        found = list_legal_bases(cursor, person_id)
        about = Subject(person_id=person_id, row_count=len(found))
        record_allowed(cursor, caller.identity, Action.LEGAL_BASES_LIST, about)
    return LegalBasesOut(legal_bases=[LegalBasisOut.model_validate(one) for one in found])


@router.post("/v1/people/{person_id}/legal-bases", **_DRAFT_ROUTE)
def draft_basis(
    caller: Annotated[Caller, Depends(Requires(Permission.LEGAL_BASES_WRITE, Action.LEGAL_BASIS_DRAFT))],
    services: CurrentServices,
    response: Response,
    person_id: PersonId,
    wanted: LegalBasisIn,
) -> LegalBasisOut:
    """Draft a legal basis. It opens nothing until a second person approves it; nobody changes what it says."""
    draft = LegalBasisDraft(wanted.kind, wanted.reference, wanted.wording, wanted.starts, wanted.ends)
    with one_person(services, caller, Action.LEGAL_BASIS_DRAFT, person_id) as (cursor, _):
        drafted = draft_legal_basis(cursor, person_id, draft, caller.identity.subject)
        record_allowed(cursor, caller.identity, Action.LEGAL_BASIS_DRAFT, about_basis(drafted))
    response.status_code = HTTPStatus.CREATED
    return LegalBasisOut.model_validate(drafted)


@router.post("/v1/legal-bases/{legal_basis_id}/approve", **_deciding(Permission.LEGAL_BASES_APPROVE, _LIVE))
def approve_basis(caller: Decision, services: CurrentServices, legal_basis_id: LegalBasisId) -> LegalBasisOut:
    """Let the trail of its time be looked at. Nobody approves what they drafted themselves.

    Where its time has begun, crimes of that time are matched anew for the person.
    """

    def decide(cursor: Cursor) -> StoredLegalBasis:
        return approve_legal_basis(cursor, legal_basis_id, caller.identity.subject)

    return _act(services, caller, legal_basis_id, Action.LEGAL_BASIS_DECIDE, decide)


@router.post(
    "/v1/legal-bases/{legal_basis_id}/refuse",
    **_deciding(Permission.LEGAL_BASES_APPROVE, _LIVE | {"status": "refused", "reason": "the order names another"}),
)
def refuse_basis(
    caller: Decision, services: CurrentServices, legal_basis_id: LegalBasisId, wanted: ReasonIn
) -> LegalBasisOut:
    """Say no, and why. Whoever drafted it withdraws it instead."""

    def decide(cursor: Cursor) -> StoredLegalBasis:
        return refuse_legal_basis(cursor, legal_basis_id, caller.identity.subject, wanted.reason)

    return _act(services, caller, legal_basis_id, Action.LEGAL_BASIS_DECIDE, decide)


@router.post(
    "/v1/legal-bases/{legal_basis_id}/withdraw",
    **_deciding(Permission.LEGAL_BASES_WRITE, _LIVE | {"status": "withdrawn"}),
)
def withdraw_basis(
    caller: Annotated[Caller, Depends(Requires(Permission.LEGAL_BASES_WRITE, Action.LEGAL_BASIS_DECIDE))],
    services: CurrentServices,
    legal_basis_id: LegalBasisId,
) -> LegalBasisOut:
    """Take a draft back."""

    def decide(cursor: Cursor) -> StoredLegalBasis:
        return withdraw_legal_basis(cursor, legal_basis_id, caller.identity.subject)

    return _act(services, caller, legal_basis_id, Action.LEGAL_BASIS_DECIDE, decide)


@router.post("/v1/legal-bases/{legal_basis_id}/end", **_deciding(Permission.LEGAL_BASES_APPROVE, _ENDED))
def end_basis(
    caller: Annotated[Caller, Depends(Requires(Permission.LEGAL_BASES_APPROVE, Action.LEGAL_BASIS_END))],
    services: CurrentServices,
    legal_basis_id: LegalBasisId,
    wanted: EndIn,
) -> LegalBasisOut:
    """End what is live before its date. Where the end lies in the past, crimes of the time since are matched anew."""

    def decide(cursor: Cursor) -> StoredLegalBasis:
        return end_legal_basis(cursor, legal_basis_id, wanted.at, wanted.reason, caller.identity.subject)

    return _act(services, caller, legal_basis_id, Action.LEGAL_BASIS_END, decide)


def about_basis(basis: StoredLegalBasis) -> Subject:
    detail = {"legal_basis_id": basis.legal_basis_id, "kind": basis.kind.value, "reference": basis.reference}
    detail |= {"status": basis.status.value}
    return Subject(basis.person_id, basis.starts_at, basis.ended_at or basis.ends_at, detail=detail)


def _act(
    services: Services,
    caller: Caller,
    legal_basis_id: int,
    action: Action,
    decide: Callable[[Cursor], StoredLegalBasis],
) -> LegalBasisOut:
    """Decide and record it in one transaction, of a basis that the caller may see."""
    with services.pool.transaction(caller.identity) as cursor:
        found = find_legal_basis(cursor, legal_basis_id)
    if found is None:
        unseen = Subject(detail={"legal_basis_id": legal_basis_id})
        raise refuse_unseen(services, caller, action, unseen, "legal basis")
    with (
        _refusals_answered(services, caller, action, about_basis(found)),
        services.pool.transaction(caller.identity) as cursor,
    ):
        decided = decide(cursor)
        record_allowed(cursor, caller.identity, action, about_basis(decided))
    return LegalBasisOut.model_validate(decided)


@contextmanager
def _refusals_answered(services: Services, caller: Caller, action: Action, about: Subject) -> Iterator[None]:
    """Raises ProblemError, on record: 403 for the same person, 409 for what is no longer so."""
    try:
        with refusals_recorded(services, caller, action, about):
            yield
    except SamePersonError as error:
        raise ProblemError(HTTPStatus.FORBIDDEN, f"{error}.") from None
    except LegalBasisConflictError as error:
        raise ProblemError(HTTPStatus.CONFLICT, f"{error}.") from None
