"""Licence conditions for tests: drafted by one, approved by another, through the API."""

import json
from typing import Any

import httpx

from access.roles import Role
from tests.support.api_server import RunningApi
from tests.support.zone_files import SQUARE

WORDING = "Not to enter Market Square, Northtown,\nas shown on the attached map, without the approval of your officer."


def condition(reference: str = "EZ-9", kind: str = "exclusion", ring: Any = None, **properties: Any) -> dict[str, Any]:
    """The Feature of a condition; ``None`` leaves a property out."""
    given = {
        "reference": reference,
        "name": "Market Square",
        "kind": kind,
        "wording": WORDING,
        "starts": "2026-01-01T00:00:00Z",
        **properties,
    }
    has_place = kind != "trail_monitoring"
    return {
        "type": "Feature",
        "properties": {name: value for name, value in given.items() if value is not None},
        "geometry": {"type": "Polygon", "coordinates": [ring or SQUARE]} if has_place else None,
    }


def post(api: RunningApi, role: Role, path: str, document: Any = None, tag: str | None = None) -> httpx.Response:
    headers = {} if tag is None else {"If-Match": tag}
    content = b"" if document is None else json.dumps(document).encode()
    with api.client(role) as client:
        return client.post(path, content=content, headers=headers | {"Content-Type": "application/json"})


def put(api: RunningApi, role: Role, path: str, document: Any, tag: str | None = None) -> httpx.Response:
    headers = {} if tag is None else {"If-Match": tag}
    with api.client(role) as client:
        return client.put(path, content=json.dumps(document).encode(), headers=headers)


def draft(api: RunningApi, feature: dict[str, Any], role: Role = Role.PRACTITIONER) -> httpx.Response:
    """Of the practitioner's own person."""
    return post(api, role, f"/v1/people/{api.own.person_id}/conditions", feature)


def approve(api: RunningApi, drafted: httpx.Response, role: Role = Role.MANAGER) -> httpx.Response:
    """As it was when it was drafted."""
    assert drafted.status_code in {200, 201}, drafted.text
    path = f"/v1/conditions/{drafted.json()['condition_id']}/approve"
    return post(api, role, path, tag=drafted.headers["etag"])


def approved(api: RunningApi, feature: dict[str, Any]) -> dict[str, Any]:
    """Drafted by the practitioner, approved by the manager."""
    answer = approve(api, draft(api, feature))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def zone_versions(api: RunningApi, reference: str) -> list[dict[str, Any]]:
    answer = api.get(Role.MANAGER, f"/v1/zones/{reference}")
    return [] if answer.status_code == 404 else list(answer.json()["versions"])
