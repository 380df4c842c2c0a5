"""Every route has a policy, every role meets it, and every refusal leaves a trace."""

import re
import uuid
from typing import Any

import pytest
from fastapi import APIRouter

from access.roles import POLICY, Permission, Role
from api.app import HEALTH_PATHS, OPEN_PATHS, create_app, refuse_unguarded
from api.credentials import SESSION_COOKIE
from api.services import open_services
from ops.errors import ConfigurationError
from ops.settings import Settings
from tests.support.api_server import RunningApi
from tests.support.seed import as_owner

SETTINGS = Settings.model_validate({"database_api_url": "postgresql://nobody@127.0.0.1:1/nothing"})
DOCUMENT: dict[str, Any] = create_app(SETTINGS, open_services(SETTINGS)).openapi()
OPERATIONS = [
    (method, path, operation) for path, item in DOCUMENT["paths"].items() for method, operation in item.items()
]
GATEWAY_PATHS = {"/v1/pings", "/v1/events", "/v1/owntracks", "/v1/osmand"}
GUARDED = [
    (method, path, operation)
    for method, path, operation in OPERATIONS
    if path not in OPEN_PATHS and path not in GATEWAY_PATHS
]
ROUTES = [pytest.param(method, path, operation, id=f"{method} {path}") for method, path, operation in GUARDED]


def address(path: str) -> str:
    """A path with something in each place: the policy comes before what is asked for."""
    numbers = dict.fromkeys(re.findall(r"\{(\w+_id)\}", path), 1)
    return path.format(**numbers | {"alert_id": uuid.UUID(int=1), "reference": "SHARED-1", "subject": "nobody"})


@pytest.mark.parametrize(("method", "path", "operation"), ROUTES)
def test_each_route_names_its_permission_an_example_and_its_problems(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    assert operation["x-permission"] in set(Permission), (method, path)
    assert operation["security"] == [{"HTTPBearer": []}, {"Session": []}]
    assert any("example" in content for content in operation["responses"]["200"]["content"].values())
    for status in ("401", "403", "422", "500", "503"):
        assert "application/problem+json" in operation["responses"][status]["content"]


def test_the_document_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert "Problem" in DOCUMENT["components"]["schemas"]


TOKENS = ("Bearer", "Bearer x", "Bearer x.y.z", "Basic eDp5", f"Bearer cordon_{'a' * 43}", "Bearer " + "é" * 9)


def test_no_route_answers_without_a_token_or_session(api: RunningApi) -> None:
    cookies = (f"{SESSION_COOKIE}={value}" for value in ("a" * 43, api.tokens[Role.MANAGER]))
    ways = [{}, *({"Authorization": one.encode()} for one in TOKENS), *({"Cookie": one.encode()} for one in cookies)]
    with api.client() as client:
        for method, path, _ in GUARDED:
            for headers in ways:
                answer = client.request(method, address(path), headers=headers)  # type: ignore[arg-type]
                assert answer.status_code == 401, (method, path, headers)
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["www-authenticate"] == "Bearer"
                assert not client.cookies


@pytest.mark.parametrize("role", Role)
def test_the_policy_decides_for_each_role(api: RunningApi, role: Role) -> None:
    with api.client(role) as client:
        for method, path, operation in GUARDED:
            allowed = operation["x-permission"] in POLICY[role]
            if allowed and path == "/v1/alerts/stream":
                continue  # answers for ever; test_stream opens it
            status = client.request(method, address(path)).status_code
            assert (status == 403) is not allowed, (method, path, status)
            assert status < 500, (method, path, status)


def test_a_refusal_is_recorded_with_the_person_it_was_about(fresh_api: RunningApi) -> None:
    answer = fresh_api.get(Role.ADMINISTRATOR, f"/v1/people/{fresh_api.own.person_id}/track")
    assert answer.status_code == 403
    assert answer.json()["permission"] == "track.read"
    assert fresh_api.audit("track.read") == [
        ("refused", "the.administrator", fresh_api.own.person_id, None, "not stated")
    ]


def test_a_route_without_a_policy_stops_the_application() -> None:
    router = APIRouter()

    @router.get("/v1/hole")
    def hole() -> None: ...

    with pytest.raises(ConfigurationError, match="/v1/hole"):
        refuse_unguarded([router])


@pytest.mark.parametrize("path", sorted(HEALTH_PATHS))
def test_health_needs_no_token(api: RunningApi, path: str) -> None:
    with api.client() as client:
        assert client.get(path).status_code == 200


def test_a_policy_of_unknown_words_lets_nobody_in(fresh_api: RunningApi) -> None:
    """A token whose role a newer release wrote is not taken for another."""
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("UPDATE access_tokens SET role = 'emperor' WHERE role = 'manager'")
    assert fresh_api.get(Role.MANAGER, "/v1/me").status_code == 403


@pytest.mark.parametrize("path", sorted(GATEWAY_PATHS))
def test_the_gateway_takes_sources_keys_and_no_token(api: RunningApi, path: str) -> None:
    for role in (None, Role.ADMINISTRATOR):
        with api.client(role) as client:
            assert client.post(path, content=b"{}").status_code == 401


def test_the_document_holds_every_gateway_route() -> None:
    assert DOCUMENT["paths"].keys() >= GATEWAY_PATHS
