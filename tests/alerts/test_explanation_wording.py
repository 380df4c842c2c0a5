"""Times, durations and probabilities as an officer reads them."""

import pytest

from alerts.explanation.wording import duration_words, probability_figure, probability_words, time_words
from model.times import SECOND_US
from tests.support.explained import START_US


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (1.0, "almost certain"),
        (0.95, "almost certain"),
        (0.949, "highly likely"),
        (0.79, "likely"),
        (0.5, "a realistic possibility"),
        (0.3, "unlikely"),
        (0.1, "highly unlikely"),
        (0.0, "a remote chance"),
    ],
)
def test_the_yardstick(probability: float, words: str) -> None:
    assert probability_words(probability) == words


def test_nothing_measured_is_certain() -> None:
    assert [probability_figure(one) for one in (0.0, 0.61, 1.0)] == ["under 0.001", "0.610", "over 0.999"]


def test_times_are_london_s_with_their_offset() -> None:
    assert time_words(START_US) == "2 March 2026 09:00:00+00:00"
    assert time_words(START_US + 120 * 86_400 * SECOND_US) == "30 June 2026 10:00:00+01:00"


def test_durations() -> None:
    seconds = (0, 119, 120, 7199, 7200, 9000, 172_800, 180_000)
    assert [duration_words(one) for one in seconds] == [
        "0 s", "119 s", "2 min", "2 h", "2 h", "2 h 30 min", "2 d", "2 d 2 h",
    ]  # fmt: skip
