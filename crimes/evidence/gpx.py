"""The positions as GPX 1.1: a waypoint for the stated place, a track for each visit, waypoints for the others."""

from itertools import groupby

import gpxpy.gpx

from crimes.evidence.dossier import Dossier
from crimes.evidence.text import visible
from crimes.evidence.words import accuracy, degrees
from model.crimes import MatchedPosition
from model.times import from_microseconds


def render_gpx(dossier: Dossier) -> str:
    """As XML. Positions of one visit are one track: between visits nothing says how the wearer went."""
    gpx = gpxpy.gpx.GPX()
    gpx.creator = "Cordon"
    gpx.name = visible(f"{dossier.reference}: crime {dossier.crime.reference}")
    gpx.time = from_microseconds(dossier.issued_at_us)
    gpx.description = " ".join(dossier.caveats)
    crime = dossier.crime
    gpx.waypoints.append(
        gpxpy.gpx.GPXWaypoint(
            crime.lat,
            crime.lon,
            name=visible(f"Stated place of crime {crime.reference}"),
            comment=degrees(crime.lat, crime.lon),
        )
    )
    for visit, positions in groupby(dossier.finding.positions, lambda one: _visit(one.label)):
        if visit is None:
            gpx.waypoints.extend(_waypoint(one) for one in positions)
        else:
            gpx.tracks.append(_track(visit, list(positions)))
    return gpx.to_xml(version="1.1")


def _visit(label: str | None) -> str | None:
    return None if label is None else label.rstrip("0123456789")


def _track(visit: str, positions: list[MatchedPosition]) -> gpxpy.gpx.GPXTrack:
    track = gpxpy.gpx.GPXTrack(name=f"Visit {visit}")
    track.segments.append(gpxpy.gpx.GPXTrackSegment([_point(one) for one in positions]))
    return track


def _point(one: MatchedPosition) -> gpxpy.gpx.GPXTrackPoint:
    return gpxpy.gpx.GPXTrackPoint(
        one.lat, one.lon, time=from_microseconds(one.fix_time_us), name=one.label, comment=_comment(one)
    )


def _waypoint(one: MatchedPosition) -> gpxpy.gpx.GPXWaypoint:
    moment = from_microseconds(one.fix_time_us)
    return gpxpy.gpx.GPXWaypoint(one.lat, one.lon, time=moment, name="does not count", comment=_comment(one))


def _comment(one: MatchedPosition) -> str:
    return f"accuracy {accuracy(one.accuracy_m, stated=one.accuracy_stated)}; {one.distance_m:.1f} m from the place"
