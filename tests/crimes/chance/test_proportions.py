"""What a few cases say of a probability."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crimes.chance.proportions import NORMAL_95, rule_of_succession, wilson_interval

CASES = st.integers(0, 400).flatmap(lambda cases: st.tuples(st.integers(0, cases), st.just(cases)))


@given(CASES)
def test_the_rule_of_succession_is_never_certain_and_rises(seen: tuple[int, int]) -> None:
    times, cases = seen
    assert 0 < rule_of_succession(times, cases) < 1
    assert rule_of_succession(times, cases) < rule_of_succession(times + 1, cases + 1)
    assert rule_of_succession(times, cases) > rule_of_succession(times, cases + 1)


def test_without_a_case_it_is_one_half() -> None:
    assert rule_of_succession(0, 0) == 0.5


@given(CASES.filter(lambda seen: seen[1] > 0))
def test_the_ends_of_the_interval_are_shares_from_which_the_seen_one_is_z_deviations_away(
    seen: tuple[int, int],
) -> None:
    times, cases = seen
    interval = wilson_interval(times, cases)
    assert 0 <= interval.least <= times / cases <= interval.most <= 1
    for share in interval:
        if 0 < share < 1:
            deviation = math.sqrt(share * (1 - share) / cases)
            assert abs(times / cases - share) == pytest.approx(NORMAL_95 * deviation, rel=1e-6, abs=1e-9)


def test_a_known_interval() -> None:
    assert wilson_interval(81, 263) == pytest.approx(
        (0.2553, 0.3662), abs=5e-5
    )  # Newcombe, Statistics in Medicine, 1998


@pytest.mark.parametrize(("times", "cases"), [(-1, 3), (4, 3), (0, -1)])
def test_more_times_than_cases_cannot_be(times: int, cases: int) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        rule_of_succession(times, cases)


def test_no_case_gives_no_interval() -> None:
    with pytest.raises(ValueError, match="no case"):
        wilson_interval(0, 0)
