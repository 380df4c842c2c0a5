"""The crimes of the caller's police force, and another run of the matching of one."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.cursors import decode_number, encode_number, next_link
from api.documentation import also_answers, documented
from api.fields import CursorText, Limit
from api.police_refusals import answered_refusals
from api.police_schemas import CrimeOut, CrimesPage, CrimeWithVersions, RerunOut
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from model.review import CrimeState
from store.crimes import count_cannot_say_reasons, find_crime, list_crime_versions, list_crimes
from store.police_matches import request_rerun

router = APIRouter(tags=["crimes"])

_RUN = {
    "run_id": 61,
    "cause": "imported",
    "requested_by": "a.analyst",
    "run_at": "2026-11-23T09:00:04Z",
    "algorithm_version": 1,
    "software_version": "0.1.0",
    "settings": {"radius_m": 100.0, "padding_s": 600.0, "least_overlap": 0.5, "least_positions": 2},
    "present": 1,
    "possible": 2,
    "absent": 1480,
    "cannot_say": 17,
}
_CRIME = {
    "crime_id": 5,
    "force": "Metropolitan",
    "reference": "CRI/00001/26",
    "version": 1,
    "batch_id": 3,
    "crime_type": "RB",
    "description": "Robbery",
    "from": "2026-11-22T21:00:00Z",
    "to": "2026-11-22T21:30:00Z",
    "state": "matched",
    "due_at": None,
    "run": _RUN,
}
_VERSION = {
    "version": 1,
    "batch_id": 3,
    "row_number": 12,
    "crime_type": "RB",
    "description": "Robbery",
    "lat": 51.5014,
    "lon": -0.1419,
    "place_uncertainty_m": 0.0,
    "windows": [{"from": "2026-11-22T21:00:00Z", "to": "2026-11-22T21:30:00Z"}],
    "notes": [],
    "given": {"crime_reference": "CRI/00001/26"},
    "changed_fields": [],
    "is_current": True,
    "created_at": "2026-11-23T09:00:00Z",
}
_RERUN = {"crime_id": 5, "state": "waiting"}
_RERUN_ROUTE = documented(Permission.MATCHING_REQUEST, _RERUN, HTTPStatus.NOT_FOUND)
also_answers(_RERUN_ROUTE, 202, RerunOut, "Asked for", _RERUN)
CrimeId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The crime's id here", examples=[5])]


@router.get("/v1/crimes", **documented(Permission.CRIMES_READ, {"crimes": [_CRIME], "next": None}))
def read_crimes(
    *,
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.CRIMES_READ, Action.CRIMES_LIST))],
    services: CurrentServices,
    batch: Annotated[
        int | None, Query(ge=1, le=LARGEST_BIGINT, description="Only those of this batch, by its id")
    ] = None,
    state: Annotated[CrimeState | None, Query(description="Only those in this state")] = None,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> CrimesPage:
    """The crimes of the caller's own force, newest first, each with the four counts of its newest matching."""
    before = decode_number(cursor)
    with services.pool.transaction(caller.identity) as transaction:
        found = list_crimes(transaction, batch, state, before, limit + 1)
        page = found[:limit]
        about = Subject(row_count=len(page), detail={"batch": batch, "state": state})
        record_allowed(transaction, caller.identity, Action.CRIMES_LIST, about)
    filters = {"batch": batch, "state": state, "limit": limit}
    more = next_link(request.url.path, filters, encode_number(page[-1].crime_id)) if found[limit:] else None
    return CrimesPage(crimes=[CrimeOut.model_validate(one) for one in page], next=more)


@router.get(
    "/v1/crimes/{crime_id}",
    **documented(
        Permission.CRIMES_READ,
        _CRIME | {"versions": [_VERSION], "cannot_say_reasons": {"flat_battery": 6, "no_fix": 11}},
        HTTPStatus.NOT_FOUND,
    ),
)
def read_crime(
    caller: Annotated[Caller, Depends(Requires(Permission.CRIMES_READ, Action.CRIME_READ))],
    services: CurrentServices,
    crime_id: CrimeId,
) -> CrimeWithVersions:
    """One crime with all its versions, the four counts, and why wearers cannot be placed: how many, never who."""
    about = Subject(detail={"crime_id": crime_id})
    with services.pool.transaction(caller.identity) as transaction:
        found = find_crime(transaction, crime_id)
        if found is not None:
            versions = list_crime_versions(transaction, crime_id)
            reasons = count_cannot_say_reasons(transaction, found.crime_version_id)
            record_allowed(transaction, caller.identity, Action.CRIME_READ, about)
    if found is None:
        raise refuse_unseen(services, caller, Action.CRIME_READ, about, "crime")
    return CrimeWithVersions.with_versions(found, versions, reasons)


@router.post("/v1/crimes/{crime_id}/reruns", **_RERUN_ROUTE)
def rerun_crime(
    caller: Annotated[Caller, Depends(Requires(Permission.MATCHING_REQUEST, Action.MATCHING_REQUEST))],
    services: CurrentServices,
    response: Response,
    crime_id: CrimeId,
) -> RerunOut:
    """Ask for another matching of the crime's newest version. What was found before is kept.

    Whoever asks reviews no match of this crime, and whoever reviewed one does not ask.
    """
    about = Subject(detail={"crime_id": crime_id})
    with (
        answered_refusals(services, caller, Action.MATCHING_REQUEST, about, "crime"),
        services.pool.transaction(caller.identity) as transaction,
    ):
        request_rerun(transaction, crime_id)
        record_allowed(transaction, caller.identity, Action.MATCHING_REQUEST, about)
    response.status_code = HTTPStatus.ACCEPTED
    return RerunOut(crime_id=crime_id, state=CrimeState.WAITING)
