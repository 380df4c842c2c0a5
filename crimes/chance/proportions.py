"""What a few cases say of a probability."""

import math
from typing import NamedTuple

NORMAL_95 = 1.959963984540054
"""The standard normal's 97.5 % point: 95 % lie within so many standard deviations."""


class Interval(NamedTuple):
    least: float
    most: float


def rule_of_succession(times: int, cases: int) -> float:
    """The probability of what happened ``times`` in ``cases``: ``(times + 1) / (cases + 2)``.

    Source: Laplace, Essai philosophique sur les probabilités (1814): the mean of the posterior when every probability
    was as likely before. It is never 0 or 1, however few the cases. Raises ValueError unless 0 <= times <= cases.
    """
    _check(times, cases)
    return (times + 1) / (cases + 2)


def wilson_interval(times: int, cases: int) -> Interval:
    """The 95 % confidence interval of a share of which ``times`` in ``cases`` were seen.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22 (1927): those shares p from which the seen one is at most z standard deviations away,
    ``(s + z²/2n ± z √(s(1 - s)/n + z²/4n²)) / (1 + z²/n)``. Raises ValueError without a case.
    """
    _check(times, cases)
    if cases == 0:
        raise ValueError("no case says nothing of a share: there is no interval")
    share = times / cases
    squared = NORMAL_95 * NORMAL_95
    middle = share + squared / (2 * cases)
    half = NORMAL_95 * math.sqrt(share * (1 - share) / cases + squared / (4 * cases * cases))
    scale = 1 + squared / cases
    # no rounding may leave the seen share outside
    return Interval(max(0.0, min(share, (middle - half) / scale)), min(1.0, max(share, (middle + half) / scale)))


def _check(times: int, cases: int) -> None:
    if not 0 <= times <= cases:
        raise ValueError(f"{times} in {cases} cases cannot be: give 0 to {cases}")
