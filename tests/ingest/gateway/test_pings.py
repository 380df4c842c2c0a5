"""`POST /v1/pings`, and the bounds of every body."""

import gzip
import json
import socket

import httpx
import pytest

from model.enums import RejectionReason
from tests.support.gateway import Recorder
from tests.support.gateway_requests import (
    BODY_MAX,
    BOUND,
    FLEET,
    JSON_HEADERS,
    PING,
    basic,
    only_ping,
    post_pings,
    raw_request,
)

R = RejectionReason


class TestPings:
    def test_each_ping_becomes_a_message_byte_for_byte_and_keyed_by_its_device(
        self, client: httpx.Client, recorder: Recorder
    ) -> None:
        one, two = (
            json.dumps(PING).encode(),
            b'{ "device_id":"TAG2", "fix_time":"2026-01-05T10:11:12Z","lat":1.50,"lon":2}',
        )
        answer = post_pings(client, b" [" + one + b" ,\n" + two + b"]")
        assert (answer.status_code, answer.json()) == (202, {"accepted": 2, "rejected": [], "notices": []})
        assert recorder.messages == [("TAG1", one), ("TAG2", two)]

    def test_one_ping_needs_no_array(self, client: httpx.Client, recorder: Recorder) -> None:
        assert post_pings(client, PING).status_code == 202
        assert only_ping(recorder) == PING

    def test_bad_pings_are_named_and_keep_the_rest(self, client: httpx.Client, recorder: Recorder) -> None:
        bad = [{**PING, "lat": 99}, {**PING, "device_id": "NOBODY-KNOWS"}, [PING], {**PING, "lat": -0.12, "lon": 51.5}]
        answer = post_pings(client, [PING, *bad, {**PING, "device_id": "SPARE"}])
        assert answer.status_code == 202
        assert answer.json()["accepted"] == 2
        assert [(rejected["index"], rejected["reason"]) for rejected in answer.json()["rejected"]] == [
            (1, "out_of_range"),
            (2, "unknown_device"),
            (3, "not_a_ping"),
            (4, "swapped_coordinates"),
        ]
        assert answer.json()["notices"] == [{"index": 5, "notice": "device_on_nobody"}]
        assert [serial for serial, _ in recorder.messages] == ["TAG1", "SPARE"]

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b"", R.EMPTY),
            (b"[]", R.EMPTY),
            (b"null", R.NOT_A_PING),
            (b"hello", R.NOT_JSON),
            (b'"\xff', R.NOT_JSON),
            (b"[" * 40_000, R.NOT_JSON),
            (json.dumps(PING).encode()[:-1], R.NOT_JSON),
            (json.dumps(PING).replace("51.5", "NaN").encode(), R.NOT_JSON),
            (json.dumps([PING] * 101).encode(), R.TOO_LARGE),
            (json.dumps({**PING, "note": "x" * 20_000}).encode(), R.TOO_LARGE),
            (json.dumps({**PING, "fix_time": "2026-01-05 10:11"}).encode(), R.BAD_TIME),
            (json.dumps({**PING, "device_id": "TAG\0"}).encode(), R.OUT_OF_RANGE),
            (json.dumps({"device_id": "TAG1"}).encode(), R.MISSING_FIELD),
            (json.dumps({**PING, "lat": True}).encode(), R.WRONG_TYPE),
            (json.dumps({**PING, "mechanism": "SONAR"}).encode(), R.UNKNOWN_MECHANISM),
            (json.dumps({**PING, "device_id": "NOBODY-KNOWS"}).encode(), R.UNKNOWN_DEVICE),
        ],
    )
    def test_where_nothing_is_accepted_the_answer_is_a_problem_that_says_why(
        self, client: httpx.Client, recorder: Recorder, body: bytes, reason: RejectionReason
    ) -> None:
        answer = post_pings(client, body)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert {rejected["reason"] for rejected in answer.json()["rejected"]} == {reason.value}
        assert recorder.messages == []

    @pytest.mark.parametrize("fix_time", ["1970-01-01T00:00:00Z", "2106-01-01T00:00:00Z"])
    def test_a_wild_clock_is_accepted_because_screening_judges_it(
        self, client: httpx.Client, recorder: Recorder, fix_time: str
    ) -> None:
        assert post_pings(client, {**PING, "fix_time": fix_time}).status_code == 202
        assert only_ping(recorder)["fix_time"] == fix_time

    def test_a_bound_source_speaks_for_its_device_only(self, client: httpx.Client, recorder: Recorder) -> None:
        headers = {"X-API-Key": BOUND, "Content-Type": "application/json"}
        answer = post_pings(client, [{**PING, "device_id": "TAG2"}, PING], headers)
        assert [(rejected["index"], rejected["reason"]) for rejected in answer.json()["rejected"]] == [
            (0, "key_mismatch")
        ]
        assert [serial for serial, _ in recorder.messages] == ["TAG1"]

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Basic ???"},
            {"X-API-Key": "wrong"},
            basic("TAG1", "wrong"),
        ],
    )
    def test_without_a_right_key_nothing_goes_in(
        self, client: httpx.Client, recorder: Recorder, headers: dict[str, str]
    ) -> None:
        for method, path in (
            ("POST", "/v1/pings"),
            ("POST", "/v1/owntracks"),
            ("GET", "/v1/osmand"),
            ("POST", "/v1/osmand"),
        ):
            answer = client.request(method, path, headers={"Content-Type": "application/json", **headers})
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"
        assert recorder.messages == []

    def test_the_key_is_taken_from_the_query_only_where_a_client_can_be_given_nothing_else(
        self, client: httpx.Client
    ) -> None:
        assert client.post(f"/v1/pings?key={FLEET}", json=PING).status_code == 401

    @pytest.mark.parametrize("part", ["sources", "devices", "sink"])
    def test_what_is_not_durable_is_not_acknowledged(self, client: httpx.Client, recorder: Recorder, part: str) -> None:
        recorder.failing.add(part)
        answer = post_pings(client, PING)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "told to fail" not in answer.text

    def test_no_answer_repeats_what_was_sent(self, client: httpx.Client) -> None:
        answer = post_pings(client, [{**PING, "device_id": "SECRET"}, {**PING, "lat": 91.987654}])
        assert "SECRET" not in answer.text
        assert "987654" not in answer.text


class TestBodies:
    @pytest.mark.parametrize("path", ["/v1/pings", "/v1/owntracks", "/v1/osmand"])
    def test_a_large_body_is_refused_by_what_it_says(self, client: httpx.Client, path: str) -> None:
        answer = client.post(path, content=b"x" * (BODY_MAX + 1), headers=JSON_HEADERS)
        assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")

    @pytest.mark.parametrize("path", ["/v1/pings", "/v1/owntracks", "/v1/osmand"])
    def test_a_large_body_is_refused_also_when_it_comes_in_chunks(self, port: int, path: str) -> None:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {FLEET}\r\nContent-Type: application/json\r\n"
        chunk = b"1000\r\n" + b"x" * 0x1000 + b"\r\n"
        request = head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * (BODY_MAX // 0x1000 + 1)
        assert raw_request(port, request).startswith(b"HTTP/1.1 413 ")

    @pytest.mark.parametrize("path", ["/v1/pings", "/v1/owntracks", "/v1/osmand"])
    def test_a_compressed_body_is_refused(self, client: httpx.Client, path: str) -> None:
        headers = {**JSON_HEADERS, "Content-Encoding": "gzip"}
        assert client.post(path, content=gzip.compress(b"x" * 10_000_000), headers=headers).status_code == 415

    @pytest.mark.parametrize(
        ("path", "media_type"),
        [
            ("/v1/pings", "text/plain"),
            ("/v1/pings", "application/x-www-form-urlencoded"),
            ("/v1/owntracks", "text/xml"),
            ("/v1/osmand", "multipart/form-data; boundary=x"),
        ],
    )
    def test_an_unknown_content_type_is_refused(self, client: httpx.Client, path: str, media_type: str) -> None:
        headers = {**JSON_HEADERS, "Content-Type": media_type}
        assert client.post(path, content=b"x", headers=headers).status_code == 415

    def test_a_body_cut_short_leaves_the_gateway_well(self, client: httpx.Client, port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            head = f"POST /v1/pings HTTP/1.1\r\nHost: x\r\nX-API-Key: {FLEET}\r\nContent-Type: application/json\r\n"
            connection.sendall(head.encode() + b"Content-Length: 100\r\n\r\n[{")
        assert post_pings(client, PING).status_code == 202
