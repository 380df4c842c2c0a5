"""What keeps a browser from being turned against whoever uses it, on every route and every kind of answer."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from access.roles import POLICY, Role
from api.shared_check import SharedCheck
from tests.api.test_policy import GATEWAY_PATHS, GUARDED, OPERATIONS, address
from tests.conftest import fresh_database
from tests.servers.timescale import DatabaseServer
from tests.support.api_server import RunningApi, running_api
from tests.support.database import DatabaseUrls

ELSEWHERE = {"Origin": "https://elsewhere.example"}
HEADERS = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}

TELLS_NO_OTHER_SITE = {"no-referrer", "same-origin"}
"""Pages with forms need the second: with the first a browser does not say where a form came from."""


def test_every_answer_forbids_keeping_framing_and_guessing_and_lets_no_other_site_read(api: RunningApi) -> None:
    missing = []
    for method, path, operation in OPERATIONS:
        permission = operation.get("x-permission")
        may = next((role for role in Role if permission in POLICY[role]), None)
        for role in (None, may):
            if path == "/v1/alerts/stream" and role is not None:
                continue  # answers for ever; its headers are its refusal's
            with api.client(role) as client:
                answer = client.request(method, address(path), headers=ELSEWHERE)
            wrong = {name for name, value in HEADERS.items() if answer.headers.get(name) != value}
            wrong |= {name for name in answer.headers if name.startswith("access-control-")}
            if answer.headers.get("referrer-policy") not in TELLS_NO_OTHER_SITE:
                wrong.add("referrer-policy")
            if wrong or "frame-ancestors 'none'" not in answer.headers["content-security-policy"]:
                missing.append((method, path, answer.status_code, wrong))
    assert missing == []


def test_no_route_takes_a_preflight_of_another_site(api: RunningApi) -> None:
    asking = ELSEWHERE | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    with api.client() as client:
        for path in {path for _, path, _ in GUARDED} | GATEWAY_PATHS:
            answer = client.options(address(path), headers=asking)
            assert answer.status_code == 405, path
            assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("purpose", ["look \u202eup", "a\u2066b", "a\x85b", "a\tb"])
def test_a_purpose_that_reads_as_something_else_is_refused(api: RunningApi, purpose: str) -> None:
    answer = api.get(Role.MANAGER, "/v1/alerts", headers={"X-Purpose": purpose.encode()})
    assert answer.status_code == 422
    assert [error["where"] for error in answer.json()["errors"]] == ["header.X-Purpose"]
    assert api.get(Role.MANAGER, "/v1/alerts", headers={"X-Purpose": "Seán, again".encode()}).status_code == 200


@pytest.fixture(scope="module")
def named(embedded_server: DatabaseServer, embedded_template: str) -> Iterator[RunningApi]:
    with (
        fresh_database(embedded_server, embedded_template) as url,
        running_api(DatabaseUrls.of(url), api_hosts="cordon.example, [::1]") as running,
    ):
        yield running


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("cordon.example", 200),
        ("CORDON.example:8443", 200),
        ("[::1]:8080", 421),  # written with its brackets in the setting: a mistake that shows at once
        ("elsewhere.example", 421),
        ("cordon.example.elsewhere.example", 421),
        ("127.0.0.1", 421),
        ("", 421),
    ],
)
def test_a_service_that_has_names_answers_by_them_alone(named: RunningApi, host: str, status: int) -> None:
    assert named.get(Role.MANAGER, "/v1/alerts", headers={"Host": host}).status_code == status
    assert named.get(Role.MANAGER, "/health/live", headers={"Host": host}).status_code == 200


def test_many_probes_cost_one_look() -> None:
    """Readiness is open to all, and each look takes a connection of the alert stream's."""
    looks: list[int] = []
    gate = threading.Event()

    def look() -> dict[str, str]:
        looks.append(1)
        assert gate.wait(10)
        return {"database": "ok"}

    async def ask_often() -> list[dict[str, str]]:
        shared = SharedCheck()
        asked = [asyncio.create_task(shared.outcome(look)) for _ in range(500)]
        await asyncio.sleep(0)
        asked[0].cancel()  # whose client went away; the others still get their answer
        gate.set()
        answers = await asyncio.gather(*asked[1:])
        await shared.outcome(look)
        return answers

    assert asyncio.run(ask_often()) == [{"database": "ok"}] * 499
    assert len(looks) == 2, "one for all of them, and one for who asked later"
