"""A batch's sheet: what each crime came to, and how far each wearer's presences are explained by routine and chance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from crimes.chance.phia import yardstick_words
from crimes.chance.weight import LEAST_WINDOWS, percent
from geofence.columns import Floats

PRIOR_WINDOWS = 2
"""The weight of the wearer's own mean in the estimate for one crime: that of the rule of succession."""

NO_GUILT = (
    "This sheet orders review and measures no guilt. It compares many wearers, and some reach such figures by chance."
    " Crimes of one series, place or evening are not independent: where a wearer's routine leads to one of them, it"
    " leads to the others."
)


@dataclass(frozen=True, slots=True)
class SheetCrime:
    """The counts of the newest run are of everyone who wore a tag then; None where it has not been matched yet."""

    crime_version_id: int
    reference: str
    present: int | None
    possible: int | None
    absent: int | None
    cannot_say: int | None


@dataclass(frozen=True, slots=True)
class RoutineWindows:
    """Of the days before one crime whose same time of day can be compared, those on which the wearer was there."""

    there: int
    compared: int


@dataclass(frozen=True, slots=True)
class BatchWearer:
    """A wearer who was present or possible at a crime of the batch, and what was weighed of their routine."""

    label: str
    hits: int  # present
    possibles: int
    weighed: tuple[RoutineWindows, ...]  # crimes about the places where the wearer is
    left_out: int  # such crimes that were too many to weigh
    days_compared: int | None  # days of the history on which the track tells; None: not weighed yet


@dataclass(frozen=True, slots=True)
class SheetWearer:
    label: str
    hits: int
    possibles: int
    expected: float | None  # hits by routine alone, over all matched crimes; None: nothing to say it by
    chance_of_so_many: float | None  # the probability of at least so many hits by routine alone
    yardstick: str | None
    words: str


@dataclass(frozen=True, slots=True)
class BatchSheet:
    crimes: tuple[SheetCrime, ...]
    wearers: tuple[SheetWearer, ...]  # least explained by chance first
    words: tuple[str, ...]


def make_sheet(crimes: Sequence[SheetCrime], wearers: Sequence[BatchWearer]) -> BatchSheet:
    """The sheet; its wearers in the order for review, those of whom nothing can be said last."""
    matched = sum(crime.present is not None for crime in crimes)
    judged = sorted((_judged(wearer, matched) for wearer in wearers), key=_order)
    return BatchSheet(tuple(crimes), tuple(judged), (f"{matched} of {len(crimes)} crimes have been matched.", NO_GUILT))


def routine_probabilities(weighed: Sequence[RoutineWindows]) -> Floats:
    """The probability of a hit by routine at each crime; shape ``(n,)``.

    With m the wearer's own mean over all of them, by the rule of succession, a crime with t of c windows has
    ``(t + 2 m) / (c + 2)``. The rule for each crime by itself would say one in thirty of each place where the wearer
    never was, and expect dozens of hits of everybody in a large batch. Source: a prior of the wearer's own other crimes
    is parametric empirical Bayes (Robbins 1956; Morris, Journal of the American Statistical Association 78, 1983).
    """
    there = np.array([one.there for one in weighed], np.float64)
    compared = np.array([one.compared for one in weighed], np.float64)
    mean = (there.sum() + 1) / (compared.sum() + 2)
    return np.asarray((there + PRIOR_WINDOWS * mean) / (compared + PRIOR_WINDOWS))


def chance_of_at_least(hits: int, probabilities: Floats) -> float:
    """The probability of ``hits`` or more in independent trials of these ``probabilities``, shape ``(n,)``.

    Source: the Poisson binomial distribution by convolution of the trials, exact (Wang, "On the number of successes in
    independent trials", Statistica Sinica 3, 1993). The count is kept up to ``hits``, and the last place takes all
    that is beyond: sums of positive terms alone, so that the smallest tail keeps its digits. Equal probabilities
    are joined by repeated squaring.
    """
    if hits <= 0:
        return 1.0
    values, counts = np.unique(probabilities, return_counts=True)
    parts = (
        _power(np.array([1 - value, value]), count, hits)
        for value, count in zip(values.tolist(), counts.tolist(), strict=True)
    )
    capped = reduce(lambda one, other: _joined(one, other, hits), parts, np.array([1.0]))
    return min(1.0, float(capped[hits])) if len(capped) > hits else 0.0


def _power(part: Floats, count: int, hits: int) -> Floats:
    """The capped distribution of ``count`` parts; at least one."""
    if count == 1:
        return part
    half = _power(part, count // 2, hits)
    whole = _joined(half, half, hits)
    return _joined(whole, part, hits) if count % 2 else whole


def _joined(one: Floats, other: Floats, hits: int) -> Floats:
    both = np.convolve(one, other)
    return both if len(both) <= hits + 1 else np.append(both[:hits], both[hits:].sum())


def _judged(wearer: BatchWearer, matched: int) -> SheetWearer:
    said = f"Present at {wearer.hits} of {matched} matched crimes, possible at {wearer.possibles}."
    if wearer.days_compared is None:
        return _unsaid(wearer, f"{said} The wearer's routine has not been weighed yet.")
    if wearer.days_compared < LEAST_WINDOWS:
        return _unsaid(wearer, f"{said} There is too little history to say what routine explains.")
    far = max(0, matched - len(wearer.weighed) - wearer.left_out)
    probabilities = routine_probabilities(
        [
            *wearer.weighed,
            *[RoutineWindows(0, 0)] * wearer.left_out,  # estimated as the mean of the others
            *[RoutineWindows(0, wearer.days_compared)] * far,
        ]
    )
    expected = math.fsum(probabilities.tolist())
    chance = chance_of_at_least(wearer.hits, probabilities)
    yardstick = yardstick_words(chance)
    return SheetWearer(
        label=wearer.label,
        hits=wearer.hits,
        possibles=wearer.possibles,
        expected=expected,
        chance_of_so_many=chance,
        yardstick=yardstick,
        words=f"{said} By routine alone {_expectation(expected)} would be expected; at least {wearer.hits}:"
        f" {yardstick} ({percent(chance)}).{_left_out(wearer)}",
    )


def _unsaid(wearer: BatchWearer, words: str) -> SheetWearer:
    return SheetWearer(wearer.label, wearer.hits, wearer.possibles, None, None, None, words)


def _expectation(expected: float) -> str:
    return "fewer than 0.01" if expected < 0.01 else f"{expected:.2g}"  # noqa: PLR2004  what the words show


def _left_out(wearer: BatchWearer) -> str:
    if not wearer.left_out:
        return ""
    return (
        f" Near the wearer's places are {wearer.left_out} crimes more than were weighed: they are reckoned with the"
        " mean of those that were."
    )


def _order(wearer: SheetWearer) -> tuple[float, int, int, str]:
    chance = 2.0 if wearer.chance_of_so_many is None else wearer.chance_of_so_many
    return chance, -wearer.hits, -wearer.possibles, wearer.label
