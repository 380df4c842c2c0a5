"""Device events from bytes: what is taken, and how what is not is named."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.event import EventLimits, decode_messages
from ingest.heartbeat import HEARTBEAT_KEY, HEARTBEAT_VALUE
from model.device_events import DeviceEventKind
from model.enums import RejectionReason
from model.times import MILLISECOND_US, from_microseconds

LIMITS = EventLimits(message_max_bytes=5000, max_age_days=400, max_future_s=300, events_max=3)
RECEIVED_MS = 1_767_607_880_000
GOOD: dict[str, Any] = {"device_id": "TAG1", "event": "battery_low", "event_time": "2026-01-05T10:11:12Z"}
R = RejectionReason


def read(value: bytes, key: bytes | None = b"TAG1") -> tuple[list[str], list[tuple[int, RejectionReason]]]:
    found = decode_messages([key], [value], [RECEIVED_MS], LIMITS)
    kinds = [one.message.event.kind.value for one in found.events]
    return kinds, [(one.item, one.reason) for one in found.rejections]


@pytest.mark.parametrize("kind", DeviceEventKind)
def test_every_kind_is_taken(kind: DeviceEventKind) -> None:
    assert read(json.dumps(GOOD | {"event": kind}).encode()) == ([kind.value], [])


def test_an_event_keeps_its_bytes_and_its_time() -> None:
    value = b' {"event":"power_off","device_id":"TAG1","event_time":"2026-01-05T11:11:12.5+01:00","battery_pct":3}'
    (one,) = decode_messages([b"TAG1"], [value], [RECEIVED_MS], LIMITS).events
    assert one.message.original == value.strip()
    assert from_microseconds(one.message.event.event_us).isoformat() == "2026-01-05T10:11:12.500000+00:00"
    assert (one.message.event.battery_pct, one.message.sequence) == (3, None)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", R.EMPTY),
        (b"[]", R.EMPTY),
        (b"\xff\xfe", R.NOT_JSON),
        (b"{", R.NOT_JSON),
        (b"[" * 3000, R.NOT_JSON),
        (b"7", R.NOT_AN_EVENT),
        (b"x" * 5001, R.TOO_LARGE),
        (json.dumps([GOOD] * 4).encode(), R.TOO_LARGE),
        (json.dumps({"device_id": "TAG1", "event": "alive"}).encode(), R.MISSING_FIELD),
        (json.dumps(GOOD | {"event": "strap_cut"}).encode(), R.UNKNOWN_EVENT),
        (json.dumps(GOOD | {"event": 7}).encode(), R.WRONG_TYPE),
        (json.dumps(GOOD | {"event_time": "2026-01-05T10:11:12"}).encode(), R.BAD_TIME),
        (json.dumps(GOOD | {"battery_pct": 101}).encode(), R.OUT_OF_RANGE),
        (json.dumps(GOOD | {"device_id": "a\x00b"}).encode(), R.OUT_OF_RANGE),
        (json.dumps(GOOD | {"device_id": "TAG2"}).encode(), R.KEY_MISMATCH),
        (json.dumps(GOOD).encode()[:-1] + b', "event": "alive"}', R.NOT_AN_EVENT),
    ],
)
def test_rubbish_is_named(value: bytes, reason: RejectionReason) -> None:
    assert read(value) == ([], [(0, reason)])


def test_a_message_without_a_key_is_no_device_s() -> None:
    assert read(json.dumps(GOOD).encode(), None) == ([], [(0, R.NO_KEY)])


def test_one_bad_event_keeps_the_rest() -> None:
    value = json.dumps([GOOD, GOOD | {"event": "?"}, GOOD | {"event": "alive"}]).encode()
    assert read(value) == (["battery_low", "alive"], [(1, R.UNKNOWN_EVENT)])


@pytest.mark.parametrize("lost", ["1980-01-06T00:00:00Z", "2080-01-06T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_a_cut_strap_is_told_also_where_the_clock_is_lost(lost: str) -> None:
    value = json.dumps(GOOD | {"event": "strap_tamper", "event_time": lost}).encode()
    (one,) = decode_messages([b"TAG1"], [value], [RECEIVED_MS], LIMITS).events
    assert one.message.event.event_us == RECEIVED_MS * MILLISECOND_US


def test_a_heartbeat_is_neither_an_event_nor_rubbish() -> None:
    found = decode_messages([HEARTBEAT_KEY, b"TAG1"], [HEARTBEAT_VALUE] * 2, [1000, 2000], LIMITS)
    assert (found.heartbeat_ms, [one.message_index for one in found.rejections]) == (1000, [1])


@given(st.binary(max_size=60), st.none() | st.binary(max_size=4))
def test_no_bytes_break_it(value: bytes, key: bytes | None) -> None:
    found = decode_messages([key], [value], [RECEIVED_MS], LIMITS)
    assert len(found.events) + len(found.rejections) >= 1
