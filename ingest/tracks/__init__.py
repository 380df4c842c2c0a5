"""Track files become canonical pings; what cannot is named by its line. Nothing is guessed about times or units."""

from ingest.tracks.read import read_track
from ingest.tracks.track import Track, TrackOptions, TrackProblem

__all__ = ["Track", "TrackOptions", "TrackProblem", "read_track"]
