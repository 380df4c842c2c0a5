"""A world of wearers: who they are, where they may not go, what their tags report, and what truly happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sim.truth import TrueVisit, intervals_inside
from sim.wearer import Plot, Wearer, draw_wearer

SOON_EVERY = 8
LATER_EVERY = 4


@dataclass(frozen=True)
class World:
    """``count`` wearers drawn from ``seed``. People, tags and zones do not depend on when it starts.

    Every wearer's report has a time of its own, so the pings of an interval are the same however it is cut into steps.
    """

    seed: int
    count: int
    start_us: int

    @cached_property
    def wearers(self) -> tuple[Wearer, ...]:
        return tuple(draw_wearer(self.seed, index, plot_of(index)) for index in range(self.count))

    @property
    def zones(self) -> dict[str, Any]:
        """Every wearer's exclusion zone, as one GeoJSON feature collection."""
        return {"type": "FeatureCollection", "features": [wearer.zone for wearer in self.wearers]}

    def pings(self, from_us: int, until_us: int) -> list[dict[str, Any]]:
        """The canonical pings with fix times in ``[from_us, until_us)``, in the order of their fix times."""
        due = [
            (elapsed_us, index, sequence)
            for index, wearer in enumerate(self.wearers)
            for sequence, elapsed_us in wearer.fixes(from_us - self.start_us, until_us - self.start_us)
        ]
        return [
            self.wearers[index].ping(sequence, elapsed_us, self.start_us) for elapsed_us, index, sequence in sorted(due)
        ]

    def true_visits(self, from_us: int, until_us: int) -> list[TrueVisit]:
        """Every stay of a noiseless path in the wearer's own zone within the interval, cut at its bounds."""
        visits = [
            TrueVisit(wearer.serial, _reference(wearer.zone), self.start_us + entered, self.start_us + left)
            for wearer in self.wearers
            for entered, left in intervals_inside(
                wearer.path, wearer.zone, from_us - self.start_us, until_us - self.start_us
            )
        ]
        return sorted(visits, key=lambda visit: (visit.entered_us, visit.serial))


def plot_of(index: int) -> Plot:
    """The first wearer enters soon; one in eight does, and one in four later."""
    if index % SOON_EVERY == 0:
        return Plot.SOON
    return Plot.LATER if index % LATER_EVERY == 1 else Plot.NEVER


def _reference(feature: Mapping[str, Any]) -> str:
    reference: str = feature["properties"]["reference"]
    return reference
