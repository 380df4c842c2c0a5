"""Wearers who are present by routine alone: what is expected comes about, and small chances are as rare as said."""

import numpy as np
import pytest

from crimes.chance.sheet import RoutineWindows, chance_of_at_least, routine_probabilities

WEARERS = 800
DAYS = 20
FAR_RATE = 2e-5


@pytest.mark.parametrize(
    ("rates", "near", "far"),
    [
        pytest.param((0.3, 3.0), 40, 0, id="often at some of the places"),
        pytest.param((2.0, 6.0), 20, 0, id="sometimes at all of them"),
        pytest.param((0.05, 2.0), 30, 500, id="seldom, in a large batch"),
    ],
)
def test_routine_explains_what_routine_brings_about(rates: tuple[float, float], near: int, far: int) -> None:
    """The rates of presence are drawn from a beta distribution, for each wearer and each place near."""
    generator = np.random.default_rng(20261126)
    expected, hits, small = 0.0, 0, 0
    for _ in range(WEARERS):
        rate = np.append(generator.beta(*rates, size=near), np.full(far, FAR_RATE))
        days_there = generator.binomial(DAYS, rate[:near]).tolist()
        present = int((generator.random(near + far) < rate).sum())
        estimated = routine_probabilities(
            [RoutineWindows(there, DAYS) for there in days_there] + [RoutineWindows(0, DAYS)] * far
        )
        expected += float(estimated.sum())
        hits += present
        small += chance_of_at_least(present, estimated) <= 0.05
    assert expected == pytest.approx(hits, rel=0.15)
    assert small <= 0.05 * WEARERS
