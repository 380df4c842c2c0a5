"""The sheet of a batch of crimes, and how often matches held."""

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.documentation import documented
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices
from crimes.chance.precision import LEAST_CASES, PublishedPrecision, publish
from crimes.chance.sheet import NO_GUILT, BatchSheet, make_sheet
from store.sheets import batch_is_visible, read_judged_matches, read_sheet_crimes, read_sheet_wearers

router = APIRouter(tags=["crimes"])

_CRIME = {
    "crime_version_id": 12,
    "reference": "CRI/00001/26",
    "present": 1,
    "possible": 2,
    "absent": 1480,
    "cannot_say": 17,
}
_WEARER = {
    "label": "W4",
    "hits": 3,
    "possibles": 1,
    "expected": 0.12,
    "chance_of_so_many": 0.0003,
    "yardstick": "remote chance",
    "words": "Present at 3 of 12 matched crimes, possible at 1. By routine alone 0.12 would be expected; at least 3:"
    " remote chance (under 0.1 %).",
}
_SHEET: dict[str, Any] = {
    "crimes": [_CRIME],
    "wearers": [_WEARER],
    "words": ["12 of 12 crimes have been matched.", NO_GUILT],
}
_SHARE = {"cases": 40, "share": 0.9, "least": 0.769, "most": 0.96}
_TOO_FEW = {"cases": None, "share": None, "least": None, "most": None}
_PRECISION: dict[str, Any] = {
    "least_cases": LEAST_CASES,
    "precisions": [{"algorithm_version": 1, "verdict": "present", "confirmed": _SHARE, "borne_out": _TOO_FEW}],
}


@router.get(
    "/v1/crime-batches/{crime_batch_id}/sheet",
    **documented(Permission.MATCHES_READ, _SHEET, HTTPStatus.NOT_FOUND),
)
def read_batch_sheet(
    caller: Annotated[Caller, Depends(Requires(Permission.MATCHES_READ, Action.CRIME_SHEET_READ))],
    services: CurrentServices,
    crime_batch_id: Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The batch's id here", examples=[3])],
) -> BatchSheet:
    """Per crime the four counts; per wearer, by label, the presences against those expected of routine and chance.

    The crimes are those that the batch brought, new or changed. Wearers whom routine and chance explain least come
    first. It orders review and measures no guilt. The audit has a record for each wearer.
    """
    about = Subject(detail={"crime_batch_id": crime_batch_id})
    sheet: BatchSheet | None = None
    with services.pool.transaction(caller.identity) as transaction:
        if batch_is_visible(transaction, crime_batch_id):
            crimes = read_sheet_crimes(transaction, crime_batch_id)
            sheet = make_sheet(crimes, read_sheet_wearers(transaction, crime_batch_id))
            about = replace(about, row_count=len(crimes))
            record_allowed(transaction, caller.identity, Action.CRIME_SHEET_READ, about)
    if sheet is None:
        raise refuse_unseen(services, caller, Action.CRIME_SHEET_READ, about, "crime batch")
    return sheet


@router.get("/v1/matching/precision", **documented(Permission.PRECISION_READ, _PRECISION))
def read_precision(
    caller: Annotated[Caller, Depends(Requires(Permission.PRECISION_READ, Action.PRECISION_READ))],
    services: CurrentServices,
) -> PublishedPrecision:
    """How often reviewers and police found that a match held, over all forces, by verdict and version of the rules.

    Shares with their 95 % confidence interval (Wilson); of fewer than `least_cases` cases nothing is published.
    `confirmed` is of those that a reviewer confirmed or rejected, `borne_out` of those whose outcome says whether the
    wearer was there.
    """
    with services.pool.transaction(caller.identity) as transaction:
        judged = read_judged_matches(transaction)
        record_allowed(transaction, caller.identity, Action.PRECISION_READ, Subject(row_count=len(judged)))
    return publish(judged)
