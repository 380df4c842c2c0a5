"""GPX: the points of its tracks, in their order."""

from pathlib import Path

import gpxpy
import gpxpy.gpx

from ingest.protocols.interpretation import PingFields, RefusedError
from ingest.tracks.track import Track, TrackFix, TrackOptions, parse_time
from model.enums import RejectionReason
from ops.errors import InputError

NO_FIX = "none"


def read_gpx(path: Path, options: TrackOptions) -> Track:
    """InputError for a file that is no GPX."""
    try:
        document = gpxpy.parse(path.read_text(encoding="utf-8-sig"))
    except (gpxpy.gpx.GPXException, ValueError) as error:
        raise InputError(f"{path.name} is no GPX: {error}") from None
    track = Track()
    points = [point for part in document.tracks for segment in part.segments for point in segment.points]
    for place, point in enumerate(points, 1):
        try:
            track.fixes.append(_read_point(place, point, options))
        except RefusedError as refused:
            track.refuse(place, refused)
    return track


def _read_point(place: int, point: gpxpy.gpx.GPXTrackPoint, options: TrackOptions) -> TrackFix:
    if point.time is None:
        raise RefusedError(RejectionReason.MISSING_FIELD, "the point has no time")
    if point.type_of_gpx_fix == NO_FIX:
        raise RefusedError(RejectionReason.NOT_A_PING, "the receiver had no fix")
    fields: PingFields = {"lat": point.latitude, "lon": point.longitude}
    if point.satellites is not None:
        fields["satellites"] = point.satellites
    if point.horizontal_dilution is not None:
        fields["hdop"] = point.horizontal_dilution
    if point.speed is not None:
        fields["speed_mps"] = point.speed  # metres a second by GPX 1.0
    return TrackFix(place, parse_time(point.time.isoformat(), options), fields)
