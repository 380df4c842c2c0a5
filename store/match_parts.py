"""The next crimes read from the database while those before are decided, so that both have a core."""

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from crimes.scenes import Candidates, Scene
from model.crimes import MatchingSettings
from model.device_events import DeviceEvent
from store.database import Cursor
from store.match_reads import find_candidates, read_events_of

SCENES_AT_ONCE = 25


@dataclass(frozen=True, slots=True)
class Part:
    """Some scenes with all that matching needs of them."""

    scenes: Sequence[Scene]
    candidates: Candidates
    events: dict[int, list[DeviceEvent]]  # by device


def read_in_parts(cursor: Cursor, scenes: Sequence[Scene], settings: MatchingSettings) -> Generator[Part]:
    """The candidates of all scenes in their order, the next part read while the caller matches one.

    It is quickest where they are in the order of their times: what is read together then lies together. Memory is that
    of two parts, however many scenes and positions there are. The cursor is the reader's until the last part is out:
    another statement on its connection waits for the one under way. Close what is returned: that waits for the reader.
    """
    parts = [scenes[first : first + SCENES_AT_ONCE] for first in range(0, len(scenes), SCENES_AT_ONCE)]
    with ThreadPoolExecutor(1, "match-reads") as reader:
        ahead: deque[Future[Part]] = deque()
        for part in parts:
            ahead.append(reader.submit(_read_part, cursor, part, settings))
            if len(ahead) > 1:
                yield ahead.popleft().result()
        if ahead:
            yield ahead.popleft().result()


def _read_part(cursor: Cursor, scenes: Sequence[Scene], settings: MatchingSettings) -> Part:
    candidates = find_candidates(cursor, scenes, settings)
    return Part(scenes, candidates, read_events_of(cursor, scenes, candidates.tracks, settings))
