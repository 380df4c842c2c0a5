"""The two protocols that phones speak."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from model.enums import RejectionReason
from tests.support.gateway import Recorder
from tests.support.gateway_requests import (
    BOUND,
    FLEET,
    LOCATION,
    QUERY,
    basic,
    only_ping,
    raw_request,
)

R = RejectionReason


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
