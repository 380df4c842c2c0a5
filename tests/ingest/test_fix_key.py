"""The content key of a fix: equal content has one key, other content another. It is stored, so it never changes."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geofence.columns import NOT_GIVEN, Fixes, Floats
from ingest.fix_key import fix_keys
from tests.support.pings import START_US
from tests.support.pings import fixes as plain_fixes

NOT_CONTENT = {"fix_time_us", "received_us", "message_offset"}
FLOATS = ("lat", "lon", "accuracy_m", "speed_mps", "heading_deg", "hdop", "battery_pct")
INTEGERS = ("mechanism", "satellites", "sequence")

GOLDEN = (-0x251CF5042CB6F2CC, -0x7A764D78BC0E2A75, -0x6F1F12DDA2809E52)
"""Of the three fixes of the first test, as they are stored."""

a_number = st.floats(allow_nan=False, allow_infinity=False) | st.just(float("nan"))


def one_fix(**values: float) -> Fixes:
    plain = plain_fixes([START_US])
    return replace(
        plain,
        **{name: np.array([value], dtype=getattr(plain, name).dtype) for name, value in values.items()},
    )


def with_column(name: str, column: Floats) -> Fixes:
    columns: dict[str, Any] = {name: column}
    return replace(one_fix(), **columns)


def key(fix: Fixes) -> int:
    return int(fix_keys(fix)[0])


def test_the_stored_keys_never_change() -> None:
    bare = one_fix(accuracy_m=float("nan"))
    full = one_fix(
        lat=51.501364,
        lon=-0.14189,
        accuracy_m=12.5,
        mechanism=6,
        speed_mps=1.4,
        heading_deg=271.5,
        satellites=9,
        hdop=0.8,
        battery_pct=77,
        sequence=123456789,
    )
    assert (key(bare), key(full), key(one_fix(lat=0, lon=0))) == GOLDEN


@given(st.fixed_dictionaries(dict.fromkeys(FLOATS, a_number)))
def test_equal_content_has_an_equal_key(values: dict[str, float]) -> None:
    assert key(one_fix(**values)) == key(one_fix(**values))


@pytest.mark.parametrize("name", FLOATS)
def test_every_nan_is_the_same_unknown_value(name: str) -> None:
    quiet, payload, negative = (
        np.array([bits], dtype=np.uint64).view(np.float64)
        for bits in (0x7FF8000000000000, 0x7FF8000000000BAD, 0xFFF8000000000001)
    )
    keys = {key(with_column(name, nan)) for nan in (quiet, payload, negative)}
    assert len(keys) == 1


@pytest.mark.parametrize("name", FLOATS)
def test_minus_zero_is_zero(name: str) -> None:
    assert key(one_fix(**{name: -0.0})) == key(one_fix(**{name: 0.0}))


@given(st.sampled_from(FLOATS), a_number, a_number)
def test_a_changed_number_is_another_key(name: str, before: float, after: float) -> None:
    same = before == after or (np.isnan(before) and np.isnan(after))
    assert (key(one_fix(**{name: before})) == key(one_fix(**{name: after}))) == same


@given(st.sampled_from(INTEGERS), st.integers(NOT_GIVEN, 2**63 - 1), st.integers(NOT_GIVEN, 2**63 - 1))
def test_a_changed_integer_is_another_key(name: str, before: int, after: int) -> None:
    assert (key(one_fix(**{name: before})) == key(one_fix(**{name: after}))) == (before == after)


def test_the_same_value_in_another_column_is_another_key() -> None:
    keys = [key(one_fix(**{name: 5})) for name in (*FLOATS, *INTEGERS)]
    assert len(set(keys)) == len(keys)


def test_exchanged_coordinates_are_another_key() -> None:
    assert key(one_fix(lat=1, lon=2)) != key(one_fix(lat=2, lon=1))


def test_when_and_how_it_arrived_is_not_content() -> None:
    plain = one_fix()
    assert key(replace(plain, **{name: getattr(plain, name) + 7 for name in NOT_CONTENT})) == key(plain)


def test_every_column_is_content_or_known_not_to_be() -> None:
    assert {field.name for field in fields(Fixes)} == {*FLOATS, *INTEGERS, *NOT_CONTENT}


def test_a_key_does_not_depend_on_the_rest_of_the_batch() -> None:
    together = plain_fixes([START_US] * 5, lat=[1, 2, 3, 4, 5])
    assert fix_keys(together).tolist() == [key(one_fix(lat=lat)) for lat in (1, 2, 3, 4, 5)]
    assert fix_keys(together.take(np.array([4, 2]))).tolist() == [key(one_fix(lat=5)), key(one_fix(lat=3))]
    assert len(fix_keys(plain_fixes([]))) == 0
