"""Rehearsing a draft zone over where its wearer was. Nothing is stored but the record of the read."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.documentation import documented
from api.errors import ProblemError
from api.rehearsal_schemas import RehearsalOut
from api.rehearsing import (
    MOST_POSITIONS,
    MOST_SIMULATED_SEED,
    MOST_WEEKS,
    USUAL_WEEKS,
    Window,
    read_draft,
    rehearse_positions,
    rehearse_simulated,
)
from api.routes.zones import problem_document, read_body
from api.security import NOT_STATED, Caller, Requires, refuse_unseen
from api.services import CurrentServices, Services
from api.zone_files import ZoneFileError
from ops.errors import UnavailableError
from store.clock import read_service_clock
from store.rehearsals import RehearsedWearer, WornPositions, find_rehearsed_wearer, read_for_rehearsal

router = APIRouter(tags=["zones"])

_RING = [[-0.1425, 51.501], [-0.1405, 51.501], [-0.1405, 51.502], [-0.1425, 51.502], [-0.1425, 51.501]]
_DRAFT = {
    "type": "Feature",
    "properties": {"reference": "EZ-1042", "name": "Market Square", "kind": "exclusion", "crn": "X123456"},
    "geometry": {"type": "Polygon", "coordinates": [_RING]},
}
_POSITIONS = [
    {"fix_time": f"2026-11-19T17:4{minute}:10Z", "verdict": "for", "p_inside": 0.97, "depth_m": 31.0}
    | {"accuracy_m": 9.0, "mechanism": "gps"}
    for minute in (1, 2)
]
_REHEARSAL = {
    "reference": "EZ-1042",
    "name": "Market Square",
    "kind": "exclusion",
    "person_id": 17,
    "from_time": "2026-11-15T09:00:00Z",
    "until_time": "2026-11-22T09:00:00Z",
    "simulation": None,
    "positions": 10_040,
    "days": 8,
    "alert_count": 1,
    "by_kind": {"exclusion_zone_breach": 1},
    "weeks": [{"from_time": "2026-11-15T09:00:00Z", "until_time": "2026-11-22T09:00:00Z", "alerts": 1}],
    "recorded": 0,
    "unconfirmed": 2,
    "alerts": [
        {
            "kind": "exclusion_zone_breach",
            "severity": "breach",
            "entered_at": "2026-11-19T17:41:10Z",
            "confirmed_at": "2026-11-19T17:42:10Z",
            "left_at": "2026-11-19T18:20:05Z",
            "place": [-0.1416, 51.5015],
            "why": _POSITIONS,
        }
    ],
    "warnings": [
        {
            "code": "fast_passages",
            "words": "the wearer passed through it 9 times faster than 8 m/s: a main road or a railway probably leads"
            " through",
            "remedy": "leave the road or the line out, or expect an alert from every passage",
            "place": [-0.1408, 51.5012],
            "figures": {"passages": 9, "faster_than_mps": 8.0},
        }
    ],
    "notes": ["main roads and railways were not looked up: CORDON_MAP_WAYS_FILE is not set"],
}
_ROUTE = documented(Permission.ZONES_REHEARSE, _REHEARSAL, HTTPStatus.NOT_FOUND)
_ROUTE["openapi_extra"]["requestBody"] = {
    "required": True,
    "content": {"application/geo+json": {"schema": {"type": "object"}, "example": _DRAFT}},
}


@router.post("/v1/zones/rehearse", **_ROUTE)
def rehearse_zone(
    caller: Annotated[Caller, Depends(Requires(Permission.ZONES_REHEARSE, Action.ZONE_REHEARSE))],
    services: CurrentServices,
    content: Annotated[bytes, Depends(read_body)],
    weeks: Annotated[int, Query(ge=1, le=MOST_WEEKS, description="How many of the last weeks")] = USUAL_WEEKS,
    simulated: Annotated[
        int | None, Query(ge=0, le=MOST_SIMULATED_SEED, description="Seed of a simulated routine to use instead")
    ] = None,
) -> RehearsalOut:
    """Run a draft zone over its wearer's last weeks: the alerts it would have raised, and what to look at first.

    The body is one Feature as for `POST /v1/zones`, with `crn`. Nothing is published or stored. The zone is run as if
    it had been in force all that time, at the hours of its schedule. The answer tells where the wearer was, so the
    header `X-Purpose` is needed, and the read is recorded. At most 150,000 positions; `simulated` reads none. One at a
    time in each process of the API: otherwise 503.
    """
    if caller.identity.purpose == NOT_STATED:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "Say in the header X-Purpose why this is rehearsed.")
    try:
        draft, crn = read_draft(content, services.settings)
    except ZoneFileError as error:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"Nothing was rehearsed: {len(error.problems)} problem(s), each with its place and remedy in errors.",
            errors=[problem_document(problem) for problem in error.problems],
        ) from None
    if not services.rehearsing.acquire(blocking=False):
        raise UnavailableError("another zone is being rehearsed")
    try:
        window = Window.before(read_service_clock(services.pool), weeks)
        detail = {"reference": draft.reference, "weeks": weeks, "simulated": simulated}
        wearer, worn = _read(services, caller, crn, window, detail)
        if simulated is not None:
            return RehearsalOut.of(rehearse_simulated(draft, wearer, simulated, window, services.settings))
        return RehearsalOut.of(rehearse_positions(draft, wearer, worn, window, services.settings))
    finally:
        services.rehearsing.release()


def _read(
    services: Services, caller: Caller, crn: str, window: Window, detail: dict[str, Any]
) -> tuple[RehearsedWearer, list[WornPositions]]:
    """The wearer and, unless a routine is simulated, the positions; recorded in the same transaction."""
    worn: list[WornPositions] = []
    with services.pool.transaction(caller.identity) as cursor:
        wearer = find_rehearsed_wearer(cursor, crn)
        if wearer is not None and detail["simulated"] is not None:
            record_allowed(cursor, caller.identity, Action.ZONE_REHEARSE, Subject(wearer.person_id, detail=detail))
        elif wearer is not None:
            times = window.from_time, window.until_time
            worn = read_for_rehearsal(cursor, wearer.person_id, *times, MOST_POSITIONS + 1, detail)
    if wearer is None:
        raise refuse_unseen(services, caller, Action.ZONE_REHEARSE, Subject(detail=detail), "person")
    return wearer, worn
