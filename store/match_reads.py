"""Who may have been at a scene, and their tracks: all that matching reads from the database."""

from collections.abc import Collection, Sequence

from crimes.scenes import Candidates, CandidateTracks, Scene
from model.crimes import MatchingSettings, Window
from model.device_events import DeviceEvent
from store.database import Cursor


def find_candidates(cursor: Cursor, scenes: Sequence[Scene], settings: MatchingSettings) -> Candidates:
    """Everybody who may have been at each scene, with their tracks; whoever is left out is absent."""
    raise NotImplementedError


def find_candidates_of(
    cursor: Cursor, scenes: Sequence[Scene], person_id: int, settings: MatchingSettings
) -> CandidateTracks:
    """The tracks of one person at each scene whose padded windows they wore a device in, candidate or not."""
    raise NotImplementedError


def read_device_events(cursor: Cursor, device_ids: Collection[int], window: Window) -> dict[int, list[DeviceEvent]]:
    """The events of each device in the window and, of each kind, the last one before it, in the order of their times."""
    raise NotImplementedError
