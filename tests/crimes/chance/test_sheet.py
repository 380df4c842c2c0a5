"""The sheet of a batch: what routine explains of a wearer's presences, exactly, and least explained first."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crimes.chance.sheet import (
    NO_GUILT,
    BatchWearer,
    RoutineWindows,
    SheetCrime,
    chance_of_at_least,
    make_sheet,
    routine_probabilities,
)

WINDOWS = st.builds(
    lambda compared, share: RoutineWindows(int(compared * share), compared), st.integers(0, 28), st.floats(0, 1)
)


def crimes(matched: int, waiting: int = 0) -> list[SheetCrime]:
    done = [SheetCrime(number, f"C{number}", 1, 2, 300, 4) for number in range(matched)]
    return done + [SheetCrime(matched + number, f"N{number}", None, None, None, None) for number in range(waiting)]


def wearer(label: str, hits: int, *weighed: RoutineWindows, days: int | None = 28, left_out: int = 0) -> BatchWearer:
    return BatchWearer(label, hits, 0, weighed, left_out, days)


@given(st.lists(st.floats(0, 1), min_size=0, max_size=9), st.integers(0, 10))
def test_the_tail_is_the_sum_over_all_ways_to_have_so_many(probabilities: list[float], hits: int) -> None:
    by_hand = sum(
        math.prod(p if hit else 1 - p for p, hit in zip(probabilities, ways, strict=True))
        for ways in product((False, True), repeat=len(probabilities))
        if sum(ways) >= hits
    )
    assert chance_of_at_least(hits, np.array(probabilities)) == pytest.approx(by_hand, rel=1e-9, abs=1e-300)


@given(st.floats(0.001, 0.999), st.integers(1, 60), st.integers(0, 60))
def test_equal_probabilities_are_binomial(probability: float, count: int, hits: int) -> None:
    binomial = math.fsum(
        math.comb(count, k) * probability**k * (1 - probability) ** (count - k) for k in range(hits, count + 1)
    )
    assert chance_of_at_least(hits, np.full(count, probability)) == pytest.approx(binomial, rel=1e-9)


def test_the_smallest_tails_keep_their_digits() -> None:
    assert chance_of_at_least(8, np.full(8, 1e-6)) == pytest.approx(1e-48, rel=1e-9)


def test_a_hundred_thousand_crimes_are_quick() -> None:
    poisson = 1 - math.exp(-1) * (1 + 1 + 1 / 2)
    assert chance_of_at_least(3, np.full(100_000, 1e-5)) == pytest.approx(poisson, abs=1e-5)


@given(st.lists(WINDOWS, min_size=1, max_size=30), st.integers(0, 10))
def test_more_hits_are_never_more_probable(weighed: list[RoutineWindows], hits: int) -> None:
    probabilities = routine_probabilities(weighed)
    assert np.all((probabilities > 0) & (probabilities < 1))
    assert chance_of_at_least(hits + 1, probabilities) <= chance_of_at_least(hits, probabilities) + 1e-12


@given(st.lists(WINDOWS.filter(lambda one: one.compared > one.there), min_size=1, max_size=30), st.data())
def test_one_more_day_there_raises_what_is_expected(weighed: list[RoutineWindows], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(weighed) - 1))
    more = [*weighed]
    more[place] = RoutineWindows(weighed[place].there + 1, weighed[place].compared)
    assert np.all(routine_probabilities(more) > routine_probabilities(weighed))


def test_who_is_never_near_is_expected_nowhere_however_many_crimes() -> None:
    sheet = make_sheet(crimes(1000), [wearer("W1", 3, *[RoutineWindows(0, 20)] * 3)])
    [one] = sheet.wearers
    assert one.expected is not None
    assert one.expected < 0.01
    assert one.yardstick == "remote chance"
    assert "Present at 3 of 1000 matched crimes" in one.words


def test_who_lives_amid_the_crimes_is_expected_at_them() -> None:
    sheet = make_sheet(crimes(20), [wearer("W1", 9, *[RoutineWindows(14, 28)] * 20)])
    [one] = sheet.wearers
    assert one.expected == pytest.approx(10, abs=0.1)
    assert one.chance_of_so_many is not None
    assert one.chance_of_so_many > 0.5


def test_the_least_explained_come_first_and_the_unsaid_last() -> None:
    sheet = make_sheet(
        crimes(20),
        [
            wearer("W1", 9, *[RoutineWindows(14, 28)] * 20),
            wearer("W2", 5, days=None),
            wearer("W3", 3, *[RoutineWindows(0, 28)] * 3),
            wearer("W4", 1, RoutineWindows(0, 3), days=3),
            wearer("W5", 2, *[RoutineWindows(0, 28)] * 2),
        ],
    )
    assert [one.label for one in sheet.wearers] == ["W3", "W5", "W1", "W2", "W4"]
    assert "has not been weighed" in sheet.wearers[3].words
    assert "too little history" in sheet.wearers[4].words
    assert sheet.wearers[3].expected is sheet.wearers[4].chance_of_so_many is None


def test_crimes_not_matched_yet_expect_nobody() -> None:
    sheet = make_sheet(crimes(2, waiting=5), [wearer("W1", 1, RoutineWindows(7, 28), RoutineWindows(7, 28))])
    assert sheet.words[0] == "2 of 7 crimes have been matched."
    assert sheet.wearers[0].expected == pytest.approx(0.5, abs=0.02)


def test_crimes_beyond_the_most_count_with_the_mean_and_are_said() -> None:
    weighed = [RoutineWindows(7, 28)] * 4
    few, more = (
        make_sheet(crimes(8), [wearer("W1", 1, *weighed, left_out=left_out)]).wearers[0] for left_out in (0, 4)
    )
    assert few.expected is not None
    assert more.expected is not None
    assert more.expected == pytest.approx(8 * 29 / 114, abs=0.05)
    assert few.expected < more.expected
    assert "4 crimes more than were weighed" in more.words


def test_it_says_that_it_is_no_measure_of_guilt() -> None:
    assert NO_GUILT in make_sheet([], []).words
