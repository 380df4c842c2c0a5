"""The figures of an evaluation, from the judged stays of all wearers (pure); the words are sim/evaluation.py's."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.cohort_zones import Meaning
from sim.evaluation import LONG_DEPTH_M, JudgedTold, JudgedTruth, Method, WearerResult
from sim.phenomena import Phenomenon

EXCLUSION = (Meaning.VICTIM_HOME, Meaning.TOWN_CENTRE)
PERCENTILES = (50, 95, 99)
LENGTHS_S = {"under_1_min": 60.0, "1_to_3_min": 180.0, "3_to_10_min": 600.0, "10_to_60_min": 3600.0, "longer": np.inf}
"""Names of lengths and where each ends."""

Figures = dict[str, Any]
"""As JSON writes them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was evaluated."""

    seed: int
    wearers: int
    days: int


def evaluation_figures(asked: Asked, results: Sequence[WearerResult]) -> Figures:
    """All figures, ready for JSON.

    At the top and under ``plain_dot``: false alerts are those of all zones, visits those to exclusion zones. Each
    meaning of a zone stands by itself too, and each preset with every exclusion zone judged by it.
    """
    judged = _Judged(results)
    return {
        "seed": asked.seed,
        "wearers": asked.wearers,
        "days": asked.days,
        "wearer_days": round(judged.wearer_days, 3),
        "positions": sum(one.positions for one in results),
        **judged.headline(Method.OWN),
        "approach_warnings_per_wearer_day": judged.a_day(sum(one.approaches for one in results)),
        "by_meaning": judged.by_meaning(Method.OWN),
        "by_preset": {one.value: judged.figures(one, EXCLUSION) for one in (Method.FAST, Method.STEADY)},
        "plain_dot": {**judged.headline(Method.PLAIN_DOT), "by_meaning": judged.by_meaning(Method.PLAIN_DOT)},
    }


class _Judged:
    """The judged stays of all wearers, to be asked by method and meaning."""

    def __init__(self, results: Sequence[WearerResult]) -> None:
        self.wearer_days = sum(one.wearer_days for one in results)
        self._told = [told for one in results for told in one.told]
        self._truths = [truth for one in results for truth in one.truths]

    def a_day(self, count: int) -> float:
        return round(count / self.wearer_days, 6)

    def headline(self, method: Method) -> Figures:
        visits, alerts = self.figures(method, EXCLUSION), self.alert_figures(method, tuple(Meaning))
        return {**visits, **alerts}

    def by_meaning(self, method: Method) -> Figures:
        return {meaning.value: self.figures(method, (meaning,)) for meaning in Meaning}

    def figures(self, method: Method, meanings: Collection[Meaning]) -> Figures:
        truths = [one for one in self._truths if one.method is method and one.meaning in meanings]
        return {**self.alert_figures(method, meanings), **visit_figures(truths)}

    def alert_figures(self, method: Method, meanings: Collection[Meaning]) -> Figures:
        told = [one for one in self._told if one.method is method and one.meaning in meanings]
        confirmed = [one for one in told if not one.inferred]
        false = [one for one in confirmed if one.false]
        inferred = [one for one in told if one.inferred]
        return {
            "confirmed": len(confirmed),
            "false_confirmed": len(false),
            "false_confirmed_per_wearer_day": self.a_day(len(false)),
            "false_confirmed_with": _phenomena(false),
            "inferred": len(inferred),
            "false_inferred": sum(one.false for one in inferred),
        }


def visit_figures(truths: Sequence[JudgedTruth]) -> Figures:
    """What became of these true stays."""
    long = [one for one in truths if one.is_long]
    seen = [one for one in long if not one.blind]
    found = [one for one in truths if one.told]
    return {
        "true_visits": len(truths),
        "long_visits": len(long),
        "missed_long_visits": sum(not one.found for one in seen),
        "long_visits_without_gps": len(long) - len(seen),
        "missed_long_visits_without_gps": sum(not one.found for one in long) - sum(not one.found for one in seen),
        "confirmed_within_two": _share(sum(one.within_two for one in seen), len(seen)),
        "confirmed_within_two_gps": _share(sum(one.within_two_gps for one in seen), len(seen)),
        "delay_seconds": _percentiles([one.delay_s for one in long if one.found]),
        "delay_received_seconds": _percentiles([one.delay_received_s for one in long if one.found]),
        "flapping": _share(sum(one.told - 1 for one in found), len(found)),
        "visits_by_length": {
            "50_m_or_deeper": _by_length([one for one in truths if one.depth_m >= LONG_DEPTH_M]),
            "shallower": _by_length([one for one in truths if one.depth_m < LONG_DEPTH_M]),
        },
    }


def _by_length(truths: Iterable[JudgedTruth]) -> Mapping[str, Figures]:
    binned: dict[str, list[JudgedTruth]] = {name: [] for name in LENGTHS_S}
    for one in truths:
        binned[next(name for name, end_s in LENGTHS_S.items() if one.lasted_s < end_s)].append(one)
    return {name: _outcomes(those) for name, those in binned.items()}


def _outcomes(truths: Sequence[JudgedTruth]) -> Figures:
    missed = [one for one in truths if not one.found and not one.inferred]
    return {
        "true_visits": len(truths),
        "confirmed": sum(one.found for one in truths),
        "inferred": sum(one.inferred for one in truths),
        "missed": len(missed),
        "missed_without_gps": sum(one.blind for one in missed),
    }


def _phenomena(told: Iterable[JudgedTold]) -> dict[str, int]:
    """How many of them have each phenomenon among their positions."""
    counted = Counter(name for one in told for name in _names(one.phenomena))
    return dict(sorted(counted.items()))


def _names(phenomena: int) -> list[str]:
    return [str(one.name).lower() for one in Phenomenon(phenomena)] or ["none"]


def _share(count: int, of: int) -> float | None:
    """None where there is nothing to be a share of."""
    return round(count / of, 6) if of else None


def _percentiles(values_s: Sequence[float]) -> dict[str, float | None]:
    """Linear between neighbours, as numpy does it."""
    if not values_s:
        return {f"p{one}": None for one in PERCENTILES}
    found = np.percentile(values_s, PERCENTILES).tolist()
    return {f"p{one}": round(value, 1) for one, value in zip(PERCENTILES, found, strict=True)}
