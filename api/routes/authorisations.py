"""Authorised entries and absences: a zone lifted for one person and a time. They are the person's data."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from access.audit import Action, Subject, about_authorisation, record_allowed, record_refusal
from access.roles import Permission
from api.cursors import decode_number, encode_number, next_link
from api.documentation import also_answers, documented
from api.errors import ProblemError
from api.fields import CursorText, Limit, ZoneReference
from api.schemas import AuthorisationIn, AuthorisationOut, AuthorisationsPage
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from store.authorisations import (
    AuthorisationRequest,
    find_authorisation,
    grant,
    list_authorisations,
    revoke,
)
from store.checks import FieldsRefusedError
from store.zone_list import find_zone

router = APIRouter(tags=["zones"])

_AUTHORISATION = {
    "authorisation_id": 12,
    "zone_reference": "EZ-1042",
    "person_id": 17,
    "crn": "X123456",
    "from": "2026-11-23T13:00:00Z",
    "to": "2026-11-23T15:00:00Z",
    "lifts_until": "2026-11-23T15:00:00Z",
    "purpose": "dental appointment, 4 Market Square",
    "granted_by": "officer.jones",
    "granted_at": "2026-11-22T10:00:00Z",
    "revoked_at": None,
    "revoked_by": None,
}
_GRANT_ROUTE = documented(Permission.AUTHORISATIONS_WRITE, _AUTHORISATION, HTTPStatus.NOT_FOUND)
also_answers(_GRANT_ROUTE, 201, AuthorisationOut, "Granted", _AUTHORISATION)
AuthorisationId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The authorisation's id", examples=[12])]


@router.get(
    "/v1/zones/{reference:path}/authorisations",
    **documented(
        Permission.AUTHORISATIONS_READ, {"authorisations": [_AUTHORISATION], "next": None}, HTTPStatus.NOT_FOUND
    ),
)
def read_authorisations(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.AUTHORISATIONS_READ, Action.AUTHORISATIONS_LIST))],
    services: CurrentServices,
    reference: ZoneReference,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> AuthorisationsPage:
    """Every authorisation of the zone for people whom the caller may see, revoked and past ones too, newest first."""
    before, detail = decode_number(cursor), {"reference": reference}
    with services.pool.transaction(caller.identity) as transaction:
        zone = find_zone(transaction, reference)
        found = list_authorisations(transaction, zone[0].zone_id, before, limit + 1) if zone else []
        page = found[:limit]
        if zone is not None:
            shown_of = [one.person_id for one in page]
            about = Subject(zone[0].person_id, row_count=len(page), detail=detail, person_ids=shown_of)
            record_allowed(transaction, caller.identity, Action.AUTHORISATIONS_LIST, about)
    if zone is None:
        raise refuse_unseen(services, caller, Action.AUTHORISATIONS_LIST, Subject(detail=detail), "zone")
    last = encode_number(page[-1].authorisation_id) if found[limit:] else None
    more = next_link(request.url.path, {"limit": limit}, last)
    return AuthorisationsPage(authorisations=[AuthorisationOut.model_validate(one) for one in page], next=more)


@router.post("/v1/zones/{reference:path}/authorisations", **_GRANT_ROUTE)
def grant_authorisation(
    caller: Annotated[Caller, Depends(Requires(Permission.AUTHORISATIONS_WRITE, Action.AUTHORISATION_GRANT))],
    services: CurrentServices,
    response: Response,
    reference: ZoneReference,
    wanted: AuthorisationIn,
) -> AuthorisationOut:
    """Lift the zone for one person and a time: an authorised entry or, where absence is watched, an authorised absence.

    Workers judge by it within 2 seconds. It may lie in the past: what was judged since is judged anew. At most 31 days;
    two of one person and zone do not overlap, so that to revoke one is enough.
    """
    asked = AuthorisationRequest(reference, wanted.person, wanted.begins_at, wanted.ends_at, wanted.purpose)
    try:
        with services.pool.transaction(caller.identity) as transaction:
            granted = grant(transaction, asked, caller.identity.subject, services.settings.lock_timeout_ms)
            record_allowed(transaction, caller.identity, Action.AUTHORISATION_GRANT, about_authorisation(granted))
    except FieldsRefusedError as error:
        about = Subject(window_from=asked.begins_at, window_to=asked.ends_at, detail={"reference": reference})
        record_refusal(services.pool, caller.identity, Action.AUTHORISATION_GRANT, about)
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"Nothing was granted: {len(error.problems)} problem(s), each with its remedy in errors.",
            errors=[asdict(problem) for problem in error.problems],
        ) from None
    response.status_code = HTTPStatus.CREATED
    return AuthorisationOut.model_validate(granted)


@router.post(
    "/v1/zones/{reference:path}/authorisations/{authorisation_id}/revoke",
    **documented(
        Permission.AUTHORISATIONS_WRITE,
        _AUTHORISATION
        | {
            "lifts_until": "2026-11-23T14:10:00Z",
            "revoked_at": "2026-11-23T14:10:00Z",
            "revoked_by": "officer.jones",
        },
        HTTPStatus.NOT_FOUND,
    ),
)
def revoke_authorisation(
    caller: Annotated[Caller, Depends(Requires(Permission.AUTHORISATIONS_WRITE, Action.AUTHORISATION_REVOKE))],
    services: CurrentServices,
    reference: ZoneReference,
    authorisation_id: AuthorisationId,
) -> AuthorisationOut:
    """Let it hold no longer, from now on; workers judge so within 2 seconds. Revoking it again changes nothing.

    What the wearer did under it stays lifted, so one that is over cannot be revoked, unless it was granted only after
    its end: that one is withdrawn whole.
    """
    with services.pool.transaction(caller.identity) as transaction:
        seen = find_authorisation(transaction, authorisation_id)
        revoked = (
            revoke(transaction, authorisation_id, caller.identity.subject, services.settings.lock_timeout_ms)
            if seen is not None and seen.zone_reference == reference
            else None
        )
        if revoked is not None:
            record_allowed(transaction, caller.identity, Action.AUTHORISATION_REVOKE, about_authorisation(revoked))
    if revoked is None:
        about = Subject(detail={"reference": reference, "authorisation_id": authorisation_id})
        raise refuse_unseen(services, caller, Action.AUTHORISATION_REVOKE, about, "authorisation")
    return AuthorisationOut.model_validate(revoked)
