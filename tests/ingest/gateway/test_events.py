"""`POST /v1/events`."""

import json
from typing import Any

import httpx
import pytest

from tests.support.gateway import Recorder
from tests.support.gateway_requests import BODY_MAX, BOUND, JSON_HEADERS

EVENT: dict[str, Any] = {"device_id": "TAG1", "event": "battery_low", "event_time": "2026-01-05T10:11:12Z"}


def post(client: httpx.Client, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/v1/events", content=content, headers={**JSON_HEADERS, **headers})


def test_each_event_goes_in_byte_for_byte(client: httpx.Client, recorder: Recorder) -> None:
    one, two = json.dumps(EVENT).encode(), b'{ "device_id":"TAG2","event":"alive","event_time":"2026-01-05T10:11:12Z" }'
    answer = post(client, b"[" + one + b"," + two + b"]")
    assert (answer.status_code, answer.json()) == (202, {"accepted": 2, "rejected": []})
    assert [(message.serial, message.original) for message in recorder.events] == [("TAG1", one), ("TAG2", two)]
    assert recorder.messages == []


def test_bad_events_are_named_and_keep_the_rest(client: httpx.Client, recorder: Recorder) -> None:
    bad = [{**EVENT, "event": "cut"}, {**EVENT, "device_id": "NOBODY-KNOWS"}, [EVENT]]
    answer = post(client, [EVENT, *bad])
    assert [(one["index"], one["reason"]) for one in answer.json()["rejected"]] == [
        (1, "unknown_event"),
        (2, "unknown_device"),
        (3, "not_an_event"),
    ]
    assert len(recorder.events) == 1


def test_a_source_of_one_device_speaks_for_no_other(client: httpx.Client, recorder: Recorder) -> None:
    answer = post(client, [EVENT, {**EVENT, "device_id": "TAG2"}], Authorization=f"Bearer {BOUND}")
    assert [one["reason"] for one in answer.json()["rejected"]] == ["key_mismatch"]
    assert [message.serial for message in recorder.events] == ["TAG1"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", json.dumps([EVENT] * 10_001).encode()[:BODY_MAX]])
def test_nothing_accepted_is_422(client: httpx.Client, body: bytes) -> None:
    assert post(client, body).status_code == 422


def test_the_door_is_that_of_pings(client: httpx.Client, recorder: Recorder) -> None:
    assert post(client, EVENT, Authorization="Bearer wrong").status_code == 401
    assert post(client, b" " * (BODY_MAX + 1)).status_code == 413
    assert client.post("/v1/events", content=b"{}", headers={**JSON_HEADERS, "Content-Type": "a/b"}).status_code == 415
    recorder.failing.add("events")
    assert post(client, EVENT).status_code == 503
    assert recorder.events == []
