"""Zones: what is watched, and since when. A person's zone is that person's data; a shared one is everyone's."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from access.audit import Action, Subject, record_allowed, record_refusal
from access.roles import Permission
from api.cursors import decode_number, encode_number, next_link
from api.documentation import also_answers, documented
from api.errors import ProblemError
from api.fields import CursorText, Limit, ZoneReference
from api.schemas import PublishedOut, PublishedZones, VersionOut, ZoneOut, ZonesPage, ZoneWithVersions
from api.security import Caller, Requires, refuse_unseen
from api.services import CurrentServices
from api.zone_files import ZoneFileError, read_zone_file
from geofence.problems import ZoneProblem
from store.authorisations import list_authorisations
from store.condition_zones import refusals_of_zones
from store.zone_decisions import Outcome, ZonesRefusedError
from store.zone_list import find_zone, list_zones
from store.zones import publish_zones

router = APIRouter(tags=["zones"])
MOST_AUTHORISATIONS = 100  # beside a zone; the rest pages

_RING = [[-0.1425, 51.501], [-0.1405, 51.501], [-0.1405, 51.502], [-0.1425, 51.502], [-0.1425, 51.501]]
_GEOMETRY = {"type": "Polygon", "coordinates": [_RING]}
_ZONE = {
    "reference": "EZ-1042",
    "person_id": 17,
    "crn": "X123456",
    "version": 2,
    "name": "Market Square",
    "kind": "exclusion",
    "valid_from": "2026-11-01T00:00:00Z",
    "valid_to": None,
    "active_from": None,
    "active_to": None,
}
_VERSION = {
    "version": 2,
    "name": "Market Square",
    "kind": "exclusion",
    "geometry": _GEOMETRY,
    "schedule": {"time_zone": "Europe/London", "weekly": [{"days": ["fri", "sat"], "from": "18:00", "to": "03:00"}]},
    "schedule_words": "Friday and Saturday 18:00 to 03:00 the next day (Europe/London)",
    "policy": {"preset": "fast", "buffer_m": 150.0},
    "disclosed": True,
    "valid_from": "2026-11-01T00:00:00Z",
    "valid_to": None,
    "active_from": None,
    "active_to": None,
    "created_by": "a.administrator",
    "created_at": "2026-10-30T15:20:00Z",
}
_PUBLISHED = {
    "zones": [{"reference": "EZ-1042", "version": 2, "outcome": "changed", "valid_from": "2026-11-01T00:00:00Z"}]
}
_FILE = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"reference": "EZ-1042", "name": "Market Square", "kind": "exclusion"},
            "geometry": _GEOMETRY,
        }
    ],
}
_PUBLISH_ROUTE = documented(Permission.ZONES_WRITE, _PUBLISHED)
also_answers(
    _PUBLISH_ROUTE,
    201,
    PublishedZones,
    "At least one zone was created or changed; 200 when all were there already",
    _PUBLISHED,
)
_PUBLISH_ROUTE["openapi_extra"]["requestBody"] = {
    "required": True,
    "content": {"application/geo+json": {"schema": {"type": "object"}, "example": _FILE}},
}


async def read_body(request: Request) -> bytes:
    return await request.body()


@router.get("/v1/zones", **documented(Permission.ZONES_READ, {"zones": [_ZONE], "next": None}))
def read_zones(
    request: Request,
    caller: Annotated[Caller, Depends(Requires(Permission.ZONES_READ, Action.ZONES_LIST))],
    services: CurrentServices,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> ZonesPage:
    """Zones with the dates of their latest version, without their geometry."""
    after = decode_number(cursor) or 0
    with services.pool.transaction(caller.identity) as transaction:
        found = list_zones(transaction, after, limit + 1)
        page = found[:limit]
        about = Subject(row_count=len(page), person_ids=[zone.person_id for zone in page])
        record_allowed(transaction, caller.identity, Action.ZONES_LIST, about)
    more = next_link(request.url.path, {"limit": limit}, encode_number(page[-1].zone_id)) if found[limit:] else None
    return ZonesPage(zones=[ZoneOut.model_validate(zone) for zone in page], next=more)


@router.get(
    "/v1/zones/{reference:path}",
    **documented(Permission.ZONES_READ, {**_ZONE, "versions": [_VERSION], "authorisations": []}, HTTPStatus.NOT_FOUND),
)
def read_zone(
    caller: Annotated[Caller, Depends(Requires(Permission.ZONES_READ, Action.ZONE_READ))],
    services: CurrentServices,
    reference: ZoneReference,
) -> ZoneWithVersions:
    """One zone with the geometry, hours and policy of all its versions, oldest first, and who is authorised now."""
    sees_authorisations = Permission.AUTHORISATIONS_READ in caller.permissions
    with services.pool.transaction(caller.identity) as transaction:
        found = find_zone(transaction, reference)
        if found is not None:
            lifted = list_authorisations(transaction, found[0].zone_id, None, MOST_AUTHORISATIONS, in_force_only=True)
            about = Subject(
                person_id=found[0].person_id,
                row_count=len(found[1]),
                detail={"reference": reference},
                person_ids=[one.person_id for one in lifted] if sees_authorisations else [],
            )
            record_allowed(transaction, caller.identity, Action.ZONE_READ, about)
    if found is None:
        raise refuse_unseen(services, caller, Action.ZONE_READ, Subject(detail={"reference": reference}), "zone")
    zone, versions = found
    return ZoneWithVersions.model_validate(
        asdict(zone)
        | {
            "versions": [VersionOut.of(version) for version in versions],
            "authorisations": [asdict(one) for one in lifted] if sees_authorisations else None,
        }
    )


@router.post("/v1/zones", **_PUBLISH_ROUTE)
def write_zones(
    caller: Annotated[Caller, Depends(Requires(Permission.ZONES_WRITE, Action.ZONES_WRITE))],
    services: CurrentServices,
    response: Response,
    content: Annotated[bytes, Depends(read_body)],
) -> PublishedZones:
    """Publish shared zones from a GeoJSON Feature or FeatureCollection: all of them, or nothing and every problem.

    Properties: `reference`, `name`, `kind` (`exclusion`, `crime_scene` or `home_area`), and where wanted `radius_m`
    (with a Point), `valid_from`, `active_from`, `active_to`, `schedule`, `policy`, `disclosed`, and of a crime scene or
    a home area `crn`. A person's exclusion zone, inclusion zone or curfew comes with a licence condition that a second
    person approves: `POST /v1/people/{person_id}/conditions`. Publishing the same again changes nothing. Workers judge
    by the new version within 2 seconds; where it holds from an earlier time on, they judge anew what they judged since.
    """
    settings = services.settings
    try:
        drafts = read_zone_file(content, settings)
        with services.pool.transaction(caller.identity) as transaction:
            published = publish_zones(
                transaction,
                drafts,
                caller.identity.subject,
                lock_timeout_ms=settings.lock_timeout_ms,
                refused=refusals_of_zones(transaction, drafts),
            )
            changed = [zone for zone in published if zone.outcome is not Outcome.UNCHANGED]
            versions = {zone.reference: zone.version for zone in changed}
            about = Subject(row_count=len(changed), detail={"versions": versions})
            record_allowed(transaction, caller.identity, Action.ZONES_WRITE, about)
    except ZoneFileError as error:
        raise _refused([problem_document(problem) for problem in error.problems]) from None
    except ZonesRefusedError as error:
        about = Subject(detail={"references": [refusal.reference for refusal in error.refusals]})
        record_refusal(services.pool, caller.identity, Action.ZONES_WRITE, about)
        raise _refused([asdict(refusal) for refusal in error.refusals]) from None
    response.status_code = HTTPStatus.CREATED if changed else HTTPStatus.OK
    return PublishedZones(zones=[PublishedOut.model_validate(zone) for zone in published])


def _refused(problems: list[dict[str, Any]]) -> ProblemError:
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"Nothing was published: {len(problems)} problem(s), each with its place and remedy in errors.",
        errors=problems,
    )


def problem_document(problem: ZoneProblem) -> dict[str, Any]:
    """Counting starts at 1, as people do; edge k runs from position k to position k + 1."""
    place = problem.geometry
    return {
        "feature": problem.feature,
        "reference": problem.reference,
        "field": problem.field,
        "defect": problem.defect,
        "value": problem.value,
        "remedy": problem.remedy,
        "ring": place.ring if place else None,
        "position": place.position if place else None,
        "coordinate": place.coordinate if place else None,
        "edges": place.edges if place else (),
    }
