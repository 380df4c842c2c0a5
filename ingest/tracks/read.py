"""Which reader takes which file."""

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from ingest.tracks.csv_track import read_csv
from ingest.tracks.geojson_track import read_geojson
from ingest.tracks.gpx_track import read_gpx
from ingest.tracks.nmea_track import read_nmea
from ingest.tracks.track import Track, TrackOptions
from ops.errors import InputError

READERS: dict[str, Callable[[Path, TrackOptions], Track]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".txt": read_csv,
    ".gpx": read_gpx,
    ".nmea": read_nmea,
    ".log": read_nmea,
    ".geojson": read_geojson,
    ".json": read_geojson,
}


def read_track(path: Path, options: TrackOptions) -> Track:
    """The fixes of a file in its own order, and what it held that is none.

    Raises InputError for a file that cannot be read at all, and for options that do not fit it.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path.name}: no reader for this ending; known are {', '.join(sorted(READERS))}")
    if options.zone is not None:
        try:
            ZoneInfo(options.zone)
        except (ValueError, OSError, LookupError):
            raise InputError(f"--zone {options.zone} is no IANA time zone: give one such as Europe/London") from None
    try:
        return reader(path, options)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}") from None
