"""From the database through the pure matching: what the tracks say of everybody, or of one person."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version

from crimes.matching.verdict import match_candidates
from crimes.scenes import CandidateTracks, Scene
from geofence.projection import Projection
from model.crimes import Match, MatchingSettings
from model.device_events import DeviceEvent
from store.database import Cursor
from store.match_parts import read_in_parts
from store.match_reads import find_candidates_of, read_events_of

SOFTWARE_VERSION = version("cordon")


@dataclass(frozen=True, slots=True)
class SceneMatches:
    """How many wore a device in a scene's padded windows, and what the tracks say of those who may have been there.

    ``not_monitored`` are those of them of whom nothing let a position in the windows be looked at: nothing can be said.
    """

    scene: Scene
    population: int
    matches: Sequence[Match]
    not_monitored: frozenset[int]


class MatchingEngine:
    """Keep one: its projection costs tens of milliseconds to build."""

    def __init__(self, settings: MatchingSettings, projection: Projection) -> None:
        self.settings = settings
        self.projection = projection

    def match_everybody(self, cursor: Cursor, scenes: Sequence[Scene]) -> list[SceneMatches]:
        """In the order of the scenes. Whoever else of the population has no match was elsewhere."""
        order = sorted(range(len(scenes)), key=lambda place: scenes[place].hull.from_us)
        with closing(read_in_parts(cursor, [scenes[place] for place in order], self.settings)) as parts:
            in_time = [
                SceneMatches(scene, population, matches, frozenset(not_monitored.tolist()))
                for part in parts
                for scene, population, matches, not_monitored in zip(
                    part.scenes,
                    part.candidates.population.tolist(),
                    self._matches(part.scenes, part.candidates.tracks, part.events),
                    part.candidates.not_monitored,
                    strict=True,
                )
            ]
        by_place = dict(zip(order, in_time, strict=True))
        return [by_place[place] for place in range(len(scenes))]

    def match_person(self, cursor: Cursor, scenes: Sequence[Scene], person_id: int) -> list[Match | None]:
        """In the order of the scenes; None where the person wore no device in the padded windows."""
        tracks = find_candidates_of(cursor, scenes, person_id, self.settings)
        events = read_events_of(cursor, scenes, tracks, self.settings)
        return [matches[0] if matches else None for matches in self._matches(scenes, tracks, events)]

    def _matches(
        self, scenes: Sequence[Scene], tracks: CandidateTracks, events: Mapping[int, Sequence[DeviceEvent]]
    ) -> list[list[Match]]:
        """By scene."""
        found: list[list[Match]] = [[] for _ in scenes]
        matches = match_candidates(scenes, tracks, events, self.settings, self.projection)
        for place, match in zip(tracks.scene.tolist(), matches, strict=True):
            found[place].append(match)
        return found
