"""Rubbish in any place of any route is answered with a named 4xx, and the service goes on."""

import asyncio
import uuid
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access.roles import Role
from tests.support.api_server import RunningApi

RUBBISH = [
    "",
    "0",
    "-1",
    "NaN",
    "Infinity",
    "1e400",
    "99999999999999999999",
    "9" * 5000,
    "1.5",
    "\x00",
    "a\x00b",
    "\n",
    "../../etc/passwd",
    "' OR 1=1 --",
    "%s",
    "\ud800",
    "é" * 300,
    "10000-01-01T00:00:00Z",
    "1970-01-01",
    "2106-02-07T06:28:16",
    "-0001-01-01T00:00:00Z",
    "2026-03-02T00:00:00+99:99",
    "null",
    "[]",
    "{}",
]
WINDOW = "from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z"
PLACES = [
    "/v1/alerts?open={}",
    "/v1/alerts?person={}",
    "/v1/alerts?zone={}",
    "/v1/alerts?since={}",
    "/v1/alerts?cursor={}",
    "/v1/alerts?limit={}",
    "/v1/alerts/{}",
    "/v1/people?cursor={}",
    "/v1/people?limit={}",
    "/v1/people/{}/visits",
    "/v1/people/1/visits?cursor={}",
    "/v1/people/{}/track?" + WINDOW,
    "/v1/people/1/track?from={}&to=2026-03-03T00:00:00Z",
    "/v1/people/1/track?from=2026-03-02T00:00:00Z&to={}",
    "/v1/people/1/track?" + WINDOW + "&cursor={}",
    "/v1/people/1/track?" + WINDOW + "&limit={}",
    "/v1/zones?cursor={}",
    "/v1/zones/{}",
    "/v1/crime-batches?cursor={}",
    "/v1/crime-batches/{}",
    "/v1/crime-batches/{}/errors",
    "/v1/crime-batches/1/errors?cursor={}",
    "/v1/crime-batches/{}/errors.csv",
    "/v1/{}",
    "/{}",
    "/v1/me?{}",
]


def encoded(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def check(answer: httpx.Response, place: str) -> None:
    assert answer.status_code < 500, (place, answer.status_code)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", place
        body = answer.json()
        assert body["status"] == answer.status_code
        assert body["detail"]


@pytest.mark.parametrize("place", PLACES)
def test_no_place_takes_rubbish_for_a_fault_of_ours(api: RunningApi, place: str) -> None:
    with api.client(Role.MANAGER) as client:
        for rubbish in RUBBISH:
            check(client.get(place.format(encoded(rubbish))), place)


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=()), max_size=60))
def test_nor_does_any_text(api: RunningApi, place: str, text: str) -> None:
    with api.client(Role.MANAGER) as client:
        check(client.get(place.format(encoded(text))), place)


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/v1/alerts?person=99999999999999999999", "query.person"),
        ("/v1/alerts?person=NaN", "query.person"),
        ("/v1/alerts?open=perhaps", "query.open"),
        ("/v1/alerts?limit=501", "query.limit"),
        ("/v1/alerts?since=10000-01-01T00:00:00Z", "query.since"),
        ("/v1/alerts?since=2026-03-02T00:00:00%2B00:00&zone=a%00b", "query.zone"),
        ("/v1/alerts/7", "path.alert_id"),
        ("/v1/people/0/visits", "path.person_id"),
        (f"/v1/people/1/track?{WINDOW}&limit=10001", "query.limit"),
        (f"/v1/people/1/track?{WINDOW}&cursor=WzEsMl0", "query.cursor"),
        ("/v1/alerts?cursor=InNlY3JldCI", "query.cursor"),
    ],
)
def test_the_fault_is_named_by_its_place(api: RunningApi, path: str, where: str) -> None:
    answer = api.get(Role.MANAGER, path)
    assert answer.status_code == 422
    assert [error["where"] for error in answer.json()["errors"]] == [where]


@pytest.mark.parametrize("year", ["1969", "2200", "2690", "9999", "0001"])
def test_a_year_that_is_none_of_ours_is_refused_where_it_is_typed(api: RunningApi, year: str) -> None:
    with api.client(Role.ADMINISTRATOR) as client:
        body = {"at": f"{year}-06-01T00:00:00Z", "take_tags_off": True}
        answer = client.post(f"/v1/people/{api.own.person_id}/end", json=body)
    assert answer.status_code == 422
    assert [error["where"] for error in answer.json()["errors"]] == ["body.at"]


def test_what_was_sent_is_not_sent_back(api: RunningApi) -> None:
    assert "s3cret" not in api.get(Role.MANAGER, "/v1/alerts?person=s3cret&open=s3cret").text


@pytest.mark.parametrize("purpose", ["", "x" * 201])
def test_a_purpose_has_its_bounds(api: RunningApi, purpose: str) -> None:
    answer = api.get(Role.MANAGER, "/v1/alerts", headers={"X-Purpose": purpose})
    assert answer.status_code == 422


def test_a_wrong_method_says_which_is_right(api: RunningApi) -> None:
    with api.client(Role.MANAGER) as client:
        answer = client.delete(f"/v1/alerts/{uuid.uuid4()}")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unknown_path_is_a_problem(api: RunningApi) -> None:
    check(api.get(Role.MANAGER, "/v2/alerts"), "/v2/alerts")
    assert api.get(Role.MANAGER, "/v1/alerts/?zone=X").status_code == 404  # no redirect that repeats the query


def send_raw(api: RunningApi, request: bytes) -> bytes:
    """What the server answers to bytes that no client library would send."""

    async def exchange() -> bytes:
        port = int(api.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        answer = await asyncio.wait_for(reader.read(65_536), 10)
        writer.close()
        return answer

    return asyncio.run(exchange())


def test_a_huge_body_is_refused_by_its_bytes_whatever_it_claims(api: RunningApi) -> None:
    def chunks() -> Any:
        yield from [b"x" * 100_000] * 80

    with api.client(Role.ADMINISTRATOR) as client:
        answer = client.post("/v1/zones", content=chunks())
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    claim = b"POST /v1/zones HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999999999999\r\n\r\n"
    assert b" 413 " in send_raw(api, claim).partition(b"\r\n")[0] or b" 400 " in send_raw(api, claim)
    assert api.get(Role.ADMINISTRATOR, "/v1/me").status_code == 200


def test_broken_requests_do_not_stop_the_service(api: RunningApi) -> None:
    for request in (b"\x00\x01\x02\r\n\r\n", b"GET /v1/me HTTP/9.9\r\n\r\n", b"GET " + b"a" * 200_000 + b"\r\n\r\n"):
        send_raw(api, request)
    assert api.get(Role.MANAGER, "/v1/me").status_code == 200
