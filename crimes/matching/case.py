"""Pairs that are matched together, with all that is known of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from crimes.matching.held import SceneTable
from crimes.matching.pairs import PairFacts
from crimes.matching.worn import Events
from crimes.scenes import Scene, Worn
from model.crimes import MatchingSettings, Window


@dataclass(frozen=True, slots=True)
class Case:
    table: SceneTable
    pairs: PairFacts
    worn: Mapping[int, tuple[Worn, ...]]
    events: Events
    settings: MatchingSettings
    unmonitored: Mapping[int, tuple[Window, ...]]

    def scene(self, pair: int) -> Scene:
        return self.table.scenes[int(self.pairs.held.scene[pair])]

    def hull(self, pair: int) -> Window:
        """Of the padded windows."""
        return self.table.hulls[int(self.pairs.held.scene[pair])]

    def gaps(self, pair: int) -> slice:
        """Where the pair's gaps stand in those of the coverage."""
        return slice(int(self.pairs.gaps_from[pair]), int(self.pairs.gaps_from[pair + 1]))
