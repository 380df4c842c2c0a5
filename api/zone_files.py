"""A zone file from bytes to drafts, for the route and the command alike."""

from functools import lru_cache

import msgspec

from geofence.drafts import ZoneDraft
from geofence.geojson import read_zones
from geofence.problems import ZoneProblem
from geofence.projection import Projection
from ops.errors import InputError
from ops.settings import Settings


class ZoneFileError(InputError):
    """The file is wrong; ``problems`` holds every reason."""

    def __init__(self, problems: tuple[ZoneProblem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def read_zone_file(content: bytes, settings: Settings) -> tuple[ZoneDraft, ...]:
    """The drafts of a GeoJSON file. Raises InputError where it is no JSON, ZoneFileError with all that is wrong."""
    document = parsed(content)
    read = read_zones(document, region=settings.region, projection=projection_of(settings))
    if read.problems:
        raise ZoneFileError(read.problems)
    return read.drafts


def parsed(content: bytes) -> object:
    """A JSON document. Raises InputError where it is none."""
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"this is no JSON: {error}") from None
    except RecursionError:
        raise InputError("this JSON is nested too deeply to be a zone file") from None


def projection_of(settings: Settings) -> Projection:
    """The deployment's plane, built once."""
    return _projection(settings.centre_lat, settings.centre_lon)


@lru_cache(maxsize=4)
def _projection(lat: float, lon: float) -> Projection:
    return Projection(lat, lon)
