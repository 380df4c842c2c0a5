"""The agreed words for probabilities."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crimes.chance.phia import YARDSTICK, yardstick_words


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.0, "remote chance"),
        (0.05, "remote chance"),
        (0.054, "remote chance"),
        (0.07, "remote chance to highly unlikely"),
        (0.10, "highly unlikely"),
        (0.20, "highly unlikely"),
        (0.22, "highly unlikely to unlikely"),
        (0.25, "unlikely"),
        (0.35, "unlikely"),
        (0.40, "realistic possibility"),
        (0.499, "realistic possibility"),
        (0.50, "realistic possibility to likely or probable"),
        (0.55, "likely or probable"),
        (0.75, "likely or probable"),
        (0.80, "highly likely"),
        (0.92, "highly likely to almost certain"),
        (0.95, "almost certain"),
        (1.0, "almost certain"),
    ],
)
def test_each_range_has_its_words_and_each_gap_both_neighbours(probability: float, words: str) -> None:
    assert yardstick_words(probability) == words


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_words_rise_with_the_probability(one: float, other: float) -> None:
    order = [band.words for band in YARDSTICK]

    def rank(probability: float) -> int:
        named = [order.index(words) for words in yardstick_words(probability).split(" to ")]
        return sum(named) * (2 if len(named) == 1 else 1)

    lower, higher = sorted((one, other))
    assert rank(lower) <= rank(higher)


@pytest.mark.parametrize("no_probability", [-0.001, 1.001, float("nan")])
def test_what_is_no_probability_has_no_words(no_probability: float) -> None:
    with pytest.raises(ValueError, match="no probability"):
        yardstick_words(no_probability)
