"""How often reviewers and police found that a match held: the precision of matching, in numbers alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from crimes.chance.proportions import wilson_interval
from model.crimes import MatchVerdict

LEAST_CASES = 5
"""Of fewer nothing is published: a figure would tell of single people."""


@dataclass(frozen=True, slots=True)
class JudgedMatches:
    """How many matches of one verdict and one version of the rules reviewers and police have judged."""

    algorithm_version: int
    verdict: MatchVerdict
    confirmed: int  # by a reviewer
    rejected: int
    borne_out: int  # the outcome says that the wearer was there: charged, a witness or a victim
    refuted: int  # the outcome says otherwise: eliminated by other evidence


@dataclass(frozen=True, slots=True)
class Share:
    """Of ``cases``, the part that held, with its 95 % confidence interval; None where cases are too few to publish."""

    cases: int | None
    share: float | None
    least: float | None
    most: float | None


@dataclass(frozen=True, slots=True)
class Precision:
    algorithm_version: int
    verdict: MatchVerdict
    confirmed: Share  # by reviewers, of those confirmed or rejected
    borne_out: Share  # by outcomes, of those that say whether the wearer was there


@dataclass(frozen=True, slots=True)
class PublishedPrecision:
    """By version of the rules and verdict; of fewer than ``least_cases`` cases there is no share."""

    least_cases: int
    precisions: tuple[Precision, ...]


def publish(judged: Iterable[JudgedMatches]) -> PublishedPrecision:
    return PublishedPrecision(LEAST_CASES, tuple(map(precision_of, judged)))


def precision_of(judged: JudgedMatches) -> Precision:
    """Shares of what was decided; what is unclear, under investigation or without further action decides nothing."""
    return Precision(
        judged.algorithm_version,
        judged.verdict,
        _share(judged.confirmed, judged.confirmed + judged.rejected),
        _share(judged.borne_out, judged.borne_out + judged.refuted),
    )


def _share(held: int, cases: int) -> Share:
    if cases < LEAST_CASES:
        return Share(None, None, None, None)
    interval = wilson_interval(held, cases)
    return Share(cases, held / cases, interval.least, interval.most)
