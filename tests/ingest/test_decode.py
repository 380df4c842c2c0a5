"""Bytes to columns: what is a ping, what is not, and why."""

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geofence.columns import NOT_GIVEN
from ingest.decode import Decoded, DecodeLimits, decode, decode_each
from ingest.source import PartitionBatch
from model.enums import Mechanism, RejectionReason
from model.times import to_microseconds

LIMITS = DecodeLimits(message_max_bytes=100_000, region=(49.0, -9.0, 61.0, 2.5), pings_max=50)
PING: dict[str, Any] = {"device_id": "TAG1", "fix_time": "2026-01-05T10:11:12Z", "lat": 51.5, "lon": -0.12}


def batch_of(*values: bytes, key: bytes | None = b"TAG1") -> PartitionBatch:
    count = len(values)
    offsets = list(range(700, 700 + count))
    return PartitionBatch(3, offsets, [1_767_607_873_000] * count, [key] * count, list(values), 700 + count, 0)


def decode_values(*values: bytes, key: bytes | None = b"TAG1") -> Decoded:
    return decode(batch_of(*values, key=key), LIMITS)


def ping_with(**changes: Any) -> bytes:
    return json.dumps({**PING, **changes}).encode()


def ping_with_text(field: str, text: str) -> bytes:
    """A ping whose ``field`` holds ``text`` as it stands, JSON or not."""
    return (
        json.dumps({name: value for name, value in PING.items() if name != field})[:-1] + f', "{field}": {text}}}'
    ).encode()


def test_a_ping_becomes_one_row_of_columns() -> None:
    message = ping_with(
        fix_time="2026-01-05T11:11:12.123456+01:00",
        accuracy_m=12.5,
        mechanism="RF",
        speed_mps=1.5,
        heading_deg=360,
        satellites=9,
        hdop=1.1,
        battery_pct=88,
        sequence=2**63 - 1,
        original={"anything": [1, 2]},
    )
    decoded = decode_values(message)
    assert decoded.rejections == []
    assert decoded.serials == ["TAG1"]
    assert decoded.item == [0]
    fixes = decoded.fixes
    assert fixes.fix_time_us.tolist() == [to_microseconds(datetime(2026, 1, 5, 10, 11, 12, 123456, tzinfo=UTC))]
    assert fixes.received_us.tolist() == [1_767_607_873_000_000]
    assert (fixes.lat[0], fixes.lon[0], fixes.accuracy_m[0]) == (51.5, -0.12, 12.5)
    assert fixes.mechanism[0] == Mechanism.RF
    assert (fixes.speed_mps[0], fixes.heading_deg[0]) == (1.5, 0.0)
    assert (fixes.satellites[0], fixes.hdop[0], fixes.battery_pct[0]) == (9, 1.1, 88)
    assert fixes.sequence[0] == 2**63 - 1
    assert fixes.message_offset.tolist() == [700]


@pytest.mark.parametrize("optional", [{}, dict.fromkeys(["accuracy_m", "mechanism", "sequence", "satellites", "hdop"])])
def test_what_is_not_given_is_not_a_number(optional: dict[str, None]) -> None:
    fixes = decode_values(ping_with(**optional)).fixes
    assert fixes.mechanism[0] == Mechanism.GPS
    for column in (fixes.accuracy_m, fixes.speed_mps, fixes.heading_deg, fixes.hdop, fixes.battery_pct):
        assert math.isnan(column[0])
    assert fixes.satellites[0] == fixes.sequence[0] == NOT_GIVEN


def test_an_accuracy_of_0_is_not_stated_rather_than_perfect() -> None:
    assert math.isnan(decode_values(ping_with(accuracy_m=0)).fixes.accuracy_m[0])


@pytest.mark.parametrize("mechanism", list(Mechanism))
def test_a_mechanism_is_named_or_numbered(mechanism: Mechanism) -> None:
    decoded = decode_values(ping_with(mechanism=mechanism.name), ping_with(mechanism=mechanism.value))
    assert decoded.fixes.mechanism.tolist() == [mechanism, mechanism]


@pytest.mark.parametrize("fix_time", ["1970-01-01T00:00:00Z", "2106-02-07T06:28:15Z", "0001-01-01T00:00:00Z"])
def test_a_wild_clock_decodes_because_screening_judges_it(fix_time: str) -> None:
    decoded = decode_values(ping_with(fix_time=fix_time))
    assert decoded.fixes.fix_time_us.tolist() == [to_microseconds(datetime.fromisoformat(fix_time))]


R = RejectionReason
RUBBISH: list[tuple[str, bytes, RejectionReason]] = [
    ("nothing", b"", R.EMPTY),
    ("blanks", b" \n\t", R.EMPTY),
    ("no ping", b"[]", R.EMPTY),
    ("text", b"hello", R.NOT_JSON),
    ("half an object", ping_with()[:-3], R.NOT_JSON),
    ("two objects", ping_with() + ping_with(), R.NOT_JSON),
    ("not UTF-8", ping_with().replace(b"TAG1", b"TAG\xff"), R.NOT_JSON),
    ("not UTF-8 in a field nobody reads", ping_with(note="x").replace(b'"x"', b'"\xff"'), R.NOT_JSON),
    ("UTF-16", json.dumps(PING).encode("utf-16"), R.NOT_JSON),
    ("lone surrogate", ping_with(device_id="\ud800"), R.NOT_JSON),
    ("deep array", b"[" * 40_000, R.NOT_JSON),
    ("deep object in a field nobody reads", ping_with_text("note", '{"a":' * 10_000 + "1" + "}" * 10_000), R.NOT_JSON),
    ("too large", ping_with(note="x" * 100_000), R.TOO_LARGE),
    ("too many", b"[" + b",".join([ping_with()] * 51) + b"]", R.TOO_LARGE),
    ("a number", b"42", R.NOT_A_PING),
    ("null", b"null", R.NOT_A_PING),
    ("array in an array", b"[[" + ping_with() + b"]]", R.NOT_A_PING),
    ("no fields", b"{}", R.MISSING_FIELD),
    ("no longitude", json.dumps({k: v for k, v in PING.items() if k != "lon"}).encode(), R.MISSING_FIELD),
    ("latitude null", ping_with(lat=None), R.WRONG_TYPE),
    ("latitude true", ping_with(lat=True), R.WRONG_TYPE),
    ("latitude text", ping_with(lat="51.5"), R.WRONG_TYPE),
    ("serial a number", ping_with(device_id=1), R.WRONG_TYPE),
    ("sequence a fraction", ping_with(sequence=1.5), R.WRONG_TYPE),
    ("sequence true", ping_with(sequence=True), R.WRONG_TYPE),
    ("mechanism a list", ping_with(mechanism=[1]), R.WRONG_TYPE),
    ("latitude NaN", ping_with_text("lat", "NaN"), R.NOT_JSON),
    ("latitude Infinity", ping_with_text("lat", "-Infinity"), R.NOT_JSON),
    ("latitude 1e999", ping_with_text("lat", "1e999"), R.OUT_OF_RANGE),
    ("accuracy 1e999", ping_with_text("accuracy_m", "1e999"), R.OUT_OF_RANGE),
    ("a latitude of 5,000 digits", ping_with_text("lat", "9" * 5000), R.OUT_OF_RANGE),
    ("latitude 90.1", ping_with(lat=90.1), R.OUT_OF_RANGE),
    ("longitude -180.1", ping_with(lon=-180.1), R.OUT_OF_RANGE),
    ("accuracy -1", ping_with(accuracy_m=-1), R.OUT_OF_RANGE),
    ("speed -1", ping_with(speed_mps=-1), R.OUT_OF_RANGE),
    ("speed of a satellite", ping_with(speed_mps=7_800), R.OUT_OF_RANGE),
    ("heading 360.5", ping_with(heading_deg=360.5), R.OUT_OF_RANGE),
    ("battery 101", ping_with(battery_pct=101), R.OUT_OF_RANGE),
    ("satellites -1", ping_with(satellites=-1), R.OUT_OF_RANGE),
    ("satellites 70,000", ping_with(satellites=70_000), R.OUT_OF_RANGE),
    ("sequence -1", ping_with(sequence=-1), R.OUT_OF_RANGE),
    ("sequence 2^63", ping_with(sequence=2**63), R.OUT_OF_RANGE),
    ("sequence 10^400", ping_with_text("sequence", "1" + "0" * 400), R.OUT_OF_RANGE),
    ("no serial", ping_with(device_id=""), R.OUT_OF_RANGE),
    ("serial with a NUL", ping_with(device_id="TAG\0"), R.OUT_OF_RANGE),
    ("serial of 65", ping_with(device_id="x" * 65), R.OUT_OF_RANGE),
    ("swapped", ping_with(lat=-0.12, lon=51.5), R.SWAPPED_COORDINATES),
    ("mechanism unknown", ping_with(mechanism="SONAR"), R.UNKNOWN_MECHANISM),
    ("mechanism 2", ping_with(mechanism=2), R.UNKNOWN_MECHANISM),
    ("mechanism in small letters", ping_with(mechanism="gps"), R.UNKNOWN_MECHANISM),
    ("time without a zone", ping_with(fix_time="2026-01-05T10:11:12"), R.BAD_TIME),
    ("time as a number", ping_with(fix_time=1_767_607_872), R.BAD_TIME),
    ("30 February", ping_with(fix_time="2026-02-30T00:00:00Z"), R.BAD_TIME),
    ("year 0", ping_with(fix_time="0000-01-01T00:00:00Z"), R.BAD_TIME),
    ("before the year 1 in UTC", ping_with(fix_time="0001-01-01T00:00:00+05:00"), R.BAD_TIME),
    ("after the year 9999 in UTC", ping_with(fix_time="9999-12-31T23:59:59-05:00"), R.BAD_TIME),
    ("latitude twice", ping_with()[:-1] + b',"lat":51.6}', R.NOT_A_PING),
    ("latitude twice, once in escapes", ping_with()[:-1] + b',"l\\u0061t":51.6}', R.NOT_A_PING),
    ("serial twice", ping_with()[:-1] + b', "device_id" : "TAG1"}', R.NOT_A_PING),
]


@pytest.mark.parametrize(("value", "reason"), [row[1:] for row in RUBBISH], ids=[row[0] for row in RUBBISH])
def test_rubbish_is_rejected_by_name_and_takes_nothing_with_it(value: bytes, reason: RejectionReason) -> None:
    decoded = decode_values(ping_with(), value, ping_with(sequence=7))
    assert [(rejected.message_index, rejected.item, rejected.reason) for rejected in decoded.rejections] == [
        (1, 0, reason)
    ]
    assert decoded.rejections[0].detail
    assert decoded.fixes.message_offset.tolist() == [700, 702]
    assert decoded.fixes.sequence.tolist() == [NOT_GIVEN, 7]


def test_no_rejection_repeats_a_value() -> None:
    secret = {"device_id": "SECRET", "lat": 91.987654, "lon": 181.987654, "fix_time": "SECRET", "mechanism": "SECRET"}
    for field, value in secret.items():
        (rejected,) = decode_values(ping_with(**{field: value}), key=None).rejections
        assert "SECRET" not in rejected.detail
        assert "987654" not in rejected.detail


def test_a_message_is_keyed_by_its_device() -> None:
    assert decode_values(ping_with(), key=None).rejections[0].reason is R.NO_KEY
    assert decode_values(ping_with(), key=b"TAG2").rejections[0].reason is R.KEY_MISMATCH
    assert decode_values(ping_with(), key=b"\xff").rejections[0].reason is R.KEY_MISMATCH


def test_one_ping_of_another_device_in_an_array_is_rejected_alone() -> None:
    decoded = decode_values(b"[" + b",".join([ping_with(), ping_with(device_id="TAG2"), ping_with()]) + b"]")
    assert decoded.item == [0, 2]
    assert [(rejected.item, rejected.reason) for rejected in decoded.rejections] == [(1, R.KEY_MISMATCH)]


def test_a_field_given_twice_in_one_ping_is_not_made_up_for_by_another_that_hides_its_own() -> None:
    twice = ping_with()[:-1] + b',"lat":51.6}'
    hidden = ping_with().replace(b'"lat"', b'"l\\u0061t"')
    decoded = decode_values(twice, hidden)
    assert [rejected.message_index for rejected in decoded.rejections] == [0]
    assert decoded.fixes.message_offset.tolist() == [701]


def test_names_of_fields_within_the_phones_original_payload_are_no_repetition() -> None:
    assert decode_values(ping_with(original=json.dumps({"lat": 51.5, "lon": 2}), note="lat")).rejections == []


@given(st.lists(st.one_of(st.binary(max_size=300), st.sampled_from([row[1] for row in RUBBISH if len(row[1]) < 1000]))))
def test_no_bytes_raise(values: list[bytes]) -> None:
    decoded = decode_values(*values)
    assert len(decoded.fixes) == len(decoded.serials) == len(decoded.item)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(list(PING.values())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*PING, "accuracy_m", "x"]), inner),
    max_leaves=8,
)


@given(JSON_VALUES)
def test_no_json_raises(value: Any) -> None:
    decode_values(json.dumps(value).encode())


PINGS = st.fixed_dictionaries(
    {
        "device_id": st.just("TAG1"),
        "fix_time": st.datetimes(
            min_value=datetime(2, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
            max_value=datetime(9998, 1, 1),  # noqa: DTZ001
            timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
        ),
        "lat": st.floats(10, 90),
        "lon": st.floats(-180, 0),
    },
    optional={
        "accuracy_m": st.floats(0.001, 1e7),
        "speed_mps": st.floats(0, 1000),
        "heading_deg": st.floats(0, 359.999),
        "hdop": st.floats(0, 1000),
        "battery_pct": st.floats(0, 100),
        "satellites": st.integers(0, 255),
        "sequence": st.integers(0, 2**63 - 1),
        "mechanism": st.sampled_from([*(m.name for m in Mechanism), *(m.value for m in Mechanism)]),
    },
)


def encode(ping: dict[str, Any]) -> bytes:
    return json.dumps({**ping, "fix_time": ping["fix_time"].isoformat()}).encode()


@given(PINGS)
def test_a_valid_ping_comes_through_exactly(ping: dict[str, Any]) -> None:
    decoded = decode_values(encode(ping))
    assert decoded.rejections == []
    assert decoded.fixes.fix_time_us[0] == to_microseconds(ping["fix_time"])
    for field in ping.keys() - {"device_id", "fix_time", "mechanism"}:
        assert getattr(decoded.fixes, field)[0] == ping[field]


@given(st.lists(PINGS, min_size=1, max_size=8))
def test_an_array_decodes_as_its_pings_would_one_by_one(pings: list[dict[str, Any]]) -> None:
    texts = [encode(ping) for ping in pings]
    together = decode_values(b"[" + b",".join(texts) + b"]")
    for apart in (decode_values(*texts), decode_each(texts, 1_767_607_873_000, LIMITS)):
        assert together.serials == apart.serials
        for field in ("fix_time_us", "lat", "lon", "accuracy_m", "mechanism", "sequence", "received_us"):
            np.testing.assert_array_equal(getattr(together.fixes, field), getattr(apart.fixes, field))


@given(
    st.lists(
        st.one_of(PINGS.map(encode), st.sampled_from([b"{}", b"1", b'"x"', ping_with(lat=99), ping_with(lon=True)]))
    )
)
def test_bad_pings_in_an_array_leave_the_good_ones_in_order(texts: list[bytes]) -> None:
    decoded = decode_values(b"[" + b",".join(texts) + b"]") if texts else decode_values()
    singly = decode_each(texts, 0, LIMITS)
    assert decoded.item == singly.fixes.message_offset.tolist()
    assert [(r.item, r.reason) for r in decoded.rejections] == [(r.message_index, r.reason) for r in singly.rejections]
    assert sorted(decoded.item + [r.item for r in decoded.rejections]) == list(range(len(texts)))
