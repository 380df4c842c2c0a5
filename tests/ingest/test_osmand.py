"""The dialects of the OsmAnd protocol, in the shapes that Traccar Client has sent over its releases."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from ingest.protocols.interpretation import Interpretation
from ingest.protocols.osmand import interpret_json, interpret_parameters, without_parameter
from model.enums import RejectionReason

R = RejectionReason


def interpret_query(query: str) -> Interpretation:
    return interpret_parameters(query.encode())


def only_ping(found: Interpretation) -> dict[str, Any]:
    assert found.refused == {}
    return {name: value for name, value in found.pings[0].items() if name not in {"original", "mechanism"}}


def reason_of(found: Interpretation) -> RejectionReason:
    assert found.pings == {}
    return found.refused[0].reason


def test_a_query_of_the_android_client() -> None:
    query = (
        "id=123456&timestamp=1767607872&lat=51.5&lon=-0.12&speed=10&bearing=270.5&altitude=30.0&accuracy=12.5&batt=93.0"
        "&charge=true"
    )
    assert only_ping(interpret_query(query)) == {
        "device_id": "123456",
        "fix_time": "2026-01-05T10:11:12Z",
        "lat": 51.5,
        "lon": -0.12,
        "speed_mps": pytest.approx(5.14444, abs=1e-5),  # 10 knots
        "heading_deg": 270.5,
        "accuracy_m": 12.5,
        "battery_pct": 93.0,
    }
    assert interpret_query(query).pings[0]["original"] == query


def test_the_other_names_of_the_protocol() -> None:
    ping = only_ping(interpret_query("deviceid=A&timestamp=1767607872&location=51.5,-0.12&heading=5&sat=11&hdop=0.8"))
    assert (ping["device_id"], ping["lat"], ping["lon"]) == ("A", 51.5, -0.12)
    assert (ping["heading_deg"], ping["satellites"], ping["hdop"]) == (5, 11, 0.8)


@pytest.mark.parametrize(
    ("timestamp", "fix_time"),
    [
        ("1767607872", "2026-01-05T10:11:12Z"),
        ("1767607872123", "2026-01-05T10:11:12.123000Z"),
        ("1767607872.5", "2026-01-05T10:11:12.500000Z"),
        ("0", "1970-01-01T00:00:00Z"),
        ("4294967295", "2106-02-07T06:28:15Z"),  # seconds, though Traccar's own split would read 1970
        ("99999999999", "5138-11-16T09:46:39Z"),
        ("100000000000", "1973-03-03T09:46:40Z"),
        ("2026-01-05T10:11:12Z", "2026-01-05T10:11:12Z"),
        ("2026-01-05T11:11:12.862+01:00", "2026-01-05T10:11:12.862000Z"),
        ("2026-01-05 10:11:12", "2026-01-05T10:11:12Z"),
        ("2026-01-05 10:11:12.000", "2026-01-05T10:11:12Z"),
    ],
)
def test_a_timestamp_is_seconds_milliseconds_or_text(timestamp: str, fix_time: str) -> None:
    found = interpret_query(urlencode({"id": "A", "lat": "1", "lon": "2", "timestamp": timestamp}))
    assert only_ping(found)["fix_time"] == fix_time


NESTED = {
    "location": {
        "timestamp": "2026-01-05T10:11:12.862Z",
        "coords": {
            "latitude": 51.5,
            "longitude": -0.12,
            "accuracy": 5,
            "speed": 18.67,
            "heading": 63,
            "altitude": 35.7,
        },
        "is_moving": False,
        "odometer": 0,
        "event": "motionchange",
        "battery": {"level": 0.79, "is_charging": False},
        "activity": {"type": "still"},
        "extras": {},
    },
    "device_id": "658765",
}


def nested(**changes: Any) -> bytes:
    return json.dumps({**NESTED, "location": {**NESTED["location"], **changes}}).encode()  # type: ignore[dict-item]


def test_the_nested_json_speaks_metres_a_second_and_fractions_of_a_battery() -> None:
    assert only_ping(interpret_json(nested())) == {
        "device_id": "658765",
        "fix_time": "2026-01-05T10:11:12.862000Z",
        "lat": 51.5,
        "lon": -0.12,
        "accuracy_m": 5,
        "speed_mps": 18.67,
        "heading_deg": 63,
        "battery_pct": 79.0,
    }


def test_minus_one_stands_for_unknown_in_the_nested_json() -> None:
    coordinates = {"latitude": 51.5, "longitude": -0.12, "accuracy": 5, "speed": -1, "heading": -1, "floor": None}
    ping = only_ping(interpret_json(nested(coords=coordinates, battery={"level": -1, "is_charging": False})))
    assert ping.keys() == {"device_id", "fix_time", "lat", "lon", "accuracy_m"}


def test_flat_json_says_what_the_parameters_say() -> None:
    flat = {"id": "A", "lat": 51.5, "lon": -0.12, "timestamp": 1767607872, "speed": 10, "charge": True}
    query = interpret_query("id=A&lat=51.5&lon=-0.12&timestamp=1767607872&speed=10")
    assert only_ping(interpret_json(json.dumps(flat).encode())) == only_ping(query)


Q = "id=A&lat=51.5&lon=-0.12&timestamp=1767607872"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", R.MISSING_FIELD),
        ("id=A&timestamp=1&lat=51.5", R.MISSING_FIELD),
        ("id=A&timestamp=1&cell=257,02,16,2224&wifi=00-14-22-01-23-45,-80", R.MISSING_FIELD),
        ("id=A&lat=51.5&lon=-0.12", R.MISSING_FIELD),
        ("id=&lat=51.5&lon=-0.12&timestamp=1", R.MISSING_FIELD),
        (Q.replace("51.5", "north"), R.WRONG_TYPE),
        (Q.replace("51.5", "nan"), R.WRONG_TYPE),
        (Q.replace("51.5", "1_0"), R.WRONG_TYPE),
        (Q.replace("51.5", "\N{ARABIC-INDIC DIGIT FIVE}"), R.WRONG_TYPE),
        (Q + "&note=%ff", R.NOT_A_PING),
        (Q + "&a=1" * 200, R.NOT_A_PING),
        (Q.replace("51.5", "1e999"), R.OUT_OF_RANGE),
        (Q + "&accuracy=close", R.WRONG_TYPE),
        ("id=A&timestamp=1&location=51.5", R.WRONG_TYPE),
        (Q + "&lat=51.6", R.NOT_A_PING),
        (Q + "&valid=false", R.NOT_A_PING),
        (Q.replace("1767607872", "yesterday"), R.BAD_TIME),
        (Q.replace("1767607872", "2026-01-05T10:11:12"), R.BAD_TIME),
        (Q.replace("1767607872", "9" * 40), R.BAD_TIME),
        (Q.replace("1767607872", "-."), R.BAD_TIME),
        (Q.replace("1767607872", "--1"), R.BAD_TIME),
        (Q.replace("1767607872", "+-1767607872"), R.BAD_TIME),
    ],
)
def test_rubbish_in_a_query_is_refused_by_name(query: str, reason: RejectionReason) -> None:
    assert reason_of(interpret_query(query)) is reason


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", R.EMPTY),
        (b"id=A", R.NOT_JSON),
        (b"\xff", R.NOT_JSON),
        (b"[" * 50_000, R.NOT_JSON),
        (b"[]", R.NOT_A_PING),
        (nested(coords=None), R.MISSING_FIELD),
        (nested(coords={"latitude": 51.5}), R.MISSING_FIELD),
        (nested(coords=[51.5, -0.12]), R.WRONG_TYPE),
        (nested(coords={"latitude": True, "longitude": 1}), R.WRONG_TYPE),
        (nested(timestamp=None), R.MISSING_FIELD),
        (nested(timestamp="yesterday"), R.BAD_TIME),
        (nested(battery={"level": 10**400}), R.OUT_OF_RANGE),
        (nested(battery=7), R.WRONG_TYPE),
        (json.dumps({**NESTED, "device_id": 7}).encode(), R.MISSING_FIELD),
        (json.dumps({**NESTED, "location": 7}).encode(), R.WRONG_TYPE),
    ],
)
def test_rubbish_in_json_is_refused_by_name(payload: bytes, reason: RejectionReason) -> None:
    assert reason_of(interpret_json(payload)) is reason


def test_the_key_is_no_part_of_the_evidence() -> None:
    assert without_parameter(b"id=A&key=SECRET&lat=%20x&k%65y=SECRET&keys=1", b"key") == b"id=A&lat=%20x&keys=1"
