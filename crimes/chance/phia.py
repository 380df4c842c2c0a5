"""The probability yardstick of the UK's Professional Head of Intelligence Assessment: agreed words for probabilities.

Source: Professional Head of Intelligence Assessment, "Explaining Uncertainty in UK Intelligence Assessment", 24 March
2025, gov.uk: >0 to about 5 % remote chance, about 10 to 20 % highly unlikely, about 25 to 35 % unlikely, about 40 to
under 50 % realistic possibility, about 55 to 75 % likely or probable, about 80 to 90 % highly likely, about 95 to under
100 % almost certain.

The yardstick leaves gaps between its ranges, so that nobody argues over an edge. A number in a gap is worded here by
both neighbours ("remote chance to highly unlikely"), and by no range that the yardstick does not give it.
"""

from dataclasses import dataclass
from itertools import pairwise

HALF_A_PERCENT = 0.005
"""The yardstick's edges are about so many whole percent: what rounds to an edge is within it."""


@dataclass(frozen=True, slots=True)
class Band:
    """A range of the yardstick; ``most`` of the realistic possibility, one half, does not belong to it."""

    words: str
    least: float
    most: float


YARDSTICK = (
    Band("remote chance", 0.0, 0.05),
    Band("highly unlikely", 0.10, 0.20),
    Band("unlikely", 0.25, 0.35),
    Band("realistic possibility", 0.40, 0.50),
    Band("likely or probable", 0.55, 0.75),
    Band("highly likely", 0.80, 0.90),
    Band("almost certain", 0.95, 1.0),
)


def yardstick_words(probability: float) -> str:
    """The yardstick's words for a probability, or both neighbours' in a gap. Raises ValueError outside 0 to 1."""
    if not 0 <= probability <= 1:
        raise ValueError(f"{probability} is no probability: give one from 0 to 1")
    for band in YARDSTICK:
        if _within(band, probability):
            return band.words
    return next(f"{lower.words} to {upper.words}" for lower, upper in pairwise(YARDSTICK) if probability < upper.least)


def _within(band: Band, probability: float) -> bool:
    upper = band.most if band.words == "realistic possibility" else band.most + HALF_A_PERCENT
    return band.least - HALF_A_PERCENT <= probability < upper
