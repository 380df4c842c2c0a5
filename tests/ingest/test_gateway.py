"""The gateway over a real network: a uvicorn server on h11, as a deployment runs it."""

import base64
import gzip
import json
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from ingest.decode import DecodeLimits, decode
from ingest.source import PartitionBatch
from model.enums import RejectionReason
from store.sources import SourceAccess
from tests.support.gateway import Recorder, running_gateway

LIMITS = DecodeLimits(message_max_bytes=20_000, region=(49.0, -9.0, 61.0, 2.5), pings_max=100)
BODY_MAX = 50_000
FLEET, BOUND = "fleet-key", "bound-key"
SOURCES = {FLEET: SourceAccess(1, "fleet", None), BOUND: SourceAccess(2, "one phone", "TAG1")}
DEVICES = {"TAG1": True, "TAG2": True, "SPARE": False}
PING: dict[str, Any] = {"device_id": "TAG1", "fix_time": "2026-01-05T10:11:12Z", "lat": 51.5, "lon": -0.12}
LOCATION: dict[str, Any] = {"_type": "location", "lat": 51.5, "lon": -0.12, "tst": 1_767_607_872, "vel": 36}
QUERY = "id=TAG1&lat=51.5&lon=-0.12&timestamp=1767607872"
JSON_HEADERS = {"Authorization": f"Bearer {FLEET}", "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Recorder, int]]:
    recorder = Recorder(SOURCES, DEVICES)
    with running_gateway(recorder.services(LIMITS, BODY_MAX)) as port:
        yield recorder, port


@pytest.fixture
def recorder(running: tuple[Recorder, int]) -> Recorder:
    running[0].messages.clear()
    running[0].dead_letters.clear()
    running[0].failing.clear()
    return running[0]


@pytest.fixture
def port(running: tuple[Recorder, int]) -> int:
    return running[1]


@pytest.fixture
def client(recorder: Recorder, port: int) -> Iterator[httpx.Client]:
    assert recorder.messages == []
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        yield client


def post_pings(client: httpx.Client, body: Any, headers: Mapping[str, str] = JSON_HEADERS) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/v1/pings", content=content, headers=headers)


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def only_ping(recorder: Recorder) -> dict[str, Any]:
    """The one message, which the worker's own decoder takes."""
    ((serial, value),) = recorder.messages
    decoded = decode(PartitionBatch(0, [0], [0], [serial.encode()], [value], 1, 0), LIMITS)
    assert decoded.rejections == []
    ping: dict[str, Any] = json.loads(value)
    return ping


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


class TestOwnTracks:
    def post(self, client: httpx.Client, body: Any, headers: Mapping[str, str]) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post("/v1/owntracks", content=content, headers={"Content-Type": "application/json", **headers})

    @pytest.mark.parametrize(
        ("headers", "serial"),
        [
            (basic("TAG2", FLEET), "TAG2"),
            ({**basic("anybody", FLEET), "X-Limit-U": "anybody", "X-Limit-D": "TAG2"}, "TAG2"),
            ({**basic("anybody", BOUND), "X-Limit-D": "TAG2"}, "TAG1"),  # what it is bound to goes before what it says
        ],
    )
    def test_a_location_becomes_a_ping_of_the_phone(
        self, client: httpx.Client, recorder: Recorder, headers: dict[str, str], serial: str
    ) -> None:
        answer = self.post(client, LOCATION, headers)
        assert (answer.status_code, answer.json()) == (200, [])
        assert "x-cordon-rejected" not in answer.headers
        assert only_ping(recorder) == {
            "device_id": serial,
            "fix_time": "2026-01-05T10:11:12Z",
            "lat": 51.5,
            "lon": -0.12,
            "mechanism": "GPS",
            "speed_mps": 10.0,
            "original": json.dumps(LOCATION),
        }

    def test_types_without_a_position_are_answered_and_leave_nothing(
        self, client: httpx.Client, recorder: Recorder
    ) -> None:
        answer = self.post(client, {"_type": "lwt", "tst": 1}, basic("TAG1", FLEET))
        assert (answer.status_code, answer.json()) == (200, [])
        assert "x-cordon-rejected" not in answer.headers
        assert (recorder.messages, recorder.dead_letters) == ([], [])

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b"", R.EMPTY),
            (b"{", R.NOT_JSON),
            (b"[" * 40_000, R.NOT_JSON),
            ({"_type": "encrypted", "data": "x"}, R.NOT_A_PING),
            ({"_type": "location"}, R.MISSING_FIELD),
            ({**LOCATION, "lat": 91}, R.OUT_OF_RANGE),
            ({**LOCATION, "lat": -0.12, "lon": 51.5}, R.SWAPPED_COORDINATES),
            ({**LOCATION, "tst": 10**40}, R.BAD_TIME),
            ([LOCATION] * 101, R.TOO_LARGE),
        ],
    )
    def test_what_cannot_become_a_ping_is_kept_with_its_reason_and_the_phone_goes_on(
        self, client: httpx.Client, recorder: Recorder, body: Any, reason: RejectionReason
    ) -> None:
        answer = self.post(client, body, basic("TAG1", FLEET))
        assert (answer.status_code, answer.headers["x-cordon-rejected"]) == (200, reason.value)
        (letter,) = recorder.dead_letters
        assert (letter.topic, letter.key, letter.reason) == ("owntracks", b"TAG1", reason)
        assert letter.value == (body if isinstance(body, bytes) else json.dumps(body).encode())

    def test_a_bad_item_of_an_array_is_kept_alone(self, client: httpx.Client, recorder: Recorder) -> None:
        bad = {**LOCATION, "lat": 91}
        answer = self.post(client, [LOCATION, bad, {"_type": "lwt"}], basic("TAG1", FLEET))
        assert answer.headers["x-cordon-rejected"] == "out_of_range"
        assert [(letter.item, letter.value) for letter in recorder.dead_letters] == [(1, json.dumps(bad).encode())]
        assert len(recorder.messages) == 1

    def test_an_unregistered_phone_and_one_without_a_name_are_kept(
        self, client: httpx.Client, recorder: Recorder
    ) -> None:
        assert self.post(client, LOCATION, basic("UNSEEN", FLEET)).headers["x-cordon-rejected"] == "unknown_device"
        bearer = {"Authorization": f"Bearer {FLEET}"}
        assert self.post(client, LOCATION, bearer).headers["x-cordon-rejected"] == "missing_field"
        assert [letter.key for letter in recorder.dead_letters] == [b"UNSEEN", None]

    @pytest.mark.parametrize("part", ["sink", "dead letters"])
    def test_what_is_not_durable_is_sent_again(self, client: httpx.Client, recorder: Recorder, part: str) -> None:
        recorder.failing.add(part)
        assert self.post(client, [LOCATION, {"_type": "location"}], basic("TAG1", FLEET)).status_code == 503


NESTED = {
    "location": {
        "timestamp": "2026-01-05T10:11:12Z",
        "coords": {"latitude": 51.5, "longitude": -0.12, "speed": 10, "heading": -1, "accuracy": 0},
        "battery": {"level": 0.5, "is_charging": True},
    },
    "device_id": "TAG1",
}


class TestOsmAnd:
    def test_every_dialect_and_every_way_of_giving_the_key(self, client: httpx.Client, recorder: Recorder) -> None:
        form = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
        answers = [
            client.get(f"/v1/osmand?{QUERY}&key={FLEET}"),
            client.post(f"/v1/osmand?key={FLEET}&{QUERY}"),
            client.post(f"/v1/osmand?key={FLEET}", content=QUERY, headers=form),
            client.post("/v1/osmand", content=QUERY, headers={**form, **basic("x", FLEET)}),
            client.post(f"/v1/osmand?key={FLEET}", json=NESTED),
            client.post("/v1/osmand", json=NESTED, headers={"X-API-Key": FLEET}),
            client.get(f"/?{QUERY}&key={FLEET}"),
            client.post(f"/?key={FLEET}", content=QUERY, headers=form),
        ]
        assert [(answer.status_code, answer.headers.get("x-cordon-rejected")) for answer in answers] == [
            (200, None)
        ] * 8
        pings = [json.loads(value) for _, value in recorder.messages]
        assert {(ping["device_id"], ping["fix_time"], ping["lat"], ping["lon"]) for ping in pings} == {
            ("TAG1", "2026-01-05T10:11:12Z", 51.5, -0.12)
        }
        assert FLEET.encode() not in b"".join(value for _, value in recorder.messages)

    def test_a_request_line_without_a_slash_is_answered(self, port: int, recorder: Recorder) -> None:
        answer = raw_request(
            port, f"GET ?{QUERY}&key={FLEET} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        )
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert only_ping(recorder)["original"] == QUERY

    def test_an_empty_path_without_a_tracker_is_the_root(self, port: int) -> None:
        assert raw_request(port, b"GET ?x=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").startswith(
            b"HTTP/1.1 404 "
        )

    @pytest.mark.parametrize(
        ("query", "reason"),
        [
            ("", R.MISSING_FIELD),
            (QUERY.replace("TAG1", "UNSEEN"), R.UNKNOWN_DEVICE),
            (QUERY.replace("51.5", "nan"), R.WRONG_TYPE),
            (QUERY.replace("51.5", "91"), R.OUT_OF_RANGE),
            (QUERY.replace("51.5", "-0.12").replace("lon=-0.12", "lon=51.5"), R.SWAPPED_COORDINATES),
            (QUERY.replace("1767607872", "soon"), R.BAD_TIME),
            (QUERY + "&lat=51.5", R.NOT_A_PING),
            (QUERY + "&note=%FF", R.NOT_A_PING),
        ],
    )
    def test_what_cannot_become_a_ping_is_kept_without_the_key_and_the_phone_goes_on(
        self, client: httpx.Client, recorder: Recorder, query: str, reason: RejectionReason
    ) -> None:
        answer = client.get(f"/v1/osmand?key={FLEET}&{query}")
        assert (answer.status_code, answer.headers["x-cordon-rejected"]) == (200, reason.value)
        (letter,) = recorder.dead_letters
        assert (letter.topic, letter.value, letter.reason) == ("osmand", query.encode(), reason)

    def test_a_bound_source_speaks_for_its_device_only(self, client: httpx.Client, recorder: Recorder) -> None:
        answer = client.get(f"/v1/osmand?{QUERY.replace('TAG1', 'TAG2')}&key={BOUND}")
        assert answer.headers["x-cordon-rejected"] == "key_mismatch"
        assert recorder.messages == []

    def test_what_is_not_durable_is_sent_again(self, client: httpx.Client, recorder: Recorder) -> None:
        recorder.failing.add("sink")
        assert client.get(f"/v1/osmand?{QUERY}&key={FLEET}").status_code == 503


def raw_request(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request)
        return connection.recv(65536)
