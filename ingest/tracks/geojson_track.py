"""GeoJSON: Point features with a time among their properties, or LineStrings with ``coordinateProperties.times``."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.protocols.interpretation import PingFields, RefusedError, json_number
from ingest.tracks.csv_track import COMMON_NAMES, REQUIRED
from ingest.tracks.track import Track, TrackFix, TrackOptions, parse_time
from model.enums import RejectionReason
from ops.errors import InputError

Point = tuple[object, object, dict[str, Any]]
"""Coordinates, time, other properties."""

LEAST_COORDINATES = 2


def read_geojson(path: Path, options: TrackOptions) -> Track:
    """InputError for a file that is no GeoJSON."""
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path.name} is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise InputError(f"{path.name} is no GeoJSON: it must be a Feature or a FeatureCollection")
    features = document.get("features") if document.get("type") == "FeatureCollection" else [document]
    if not isinstance(features, list):
        raise InputError(f"{path.name} is no GeoJSON: `features` must be an array")
    track = Track()
    points = (point for feature in features for point in _points(feature, options))
    for place, (coordinates, time, properties) in enumerate(points, 1):
        try:
            fix_time = parse_time(_text(time), options)
            track.fixes.append(TrackFix(place, fix_time, {**_place(coordinates), **_fields(properties)}))
        except RefusedError as refused:
            track.refuse(place, refused)
    return track


def _points(feature: object, options: TrackOptions) -> Iterator[Point]:
    """What cannot be a point is given on with no coordinates, so that it is counted and named."""
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict) or not isinstance(properties, dict | None):
        yield None, None, {}
        return
    properties = properties or {}
    coordinates = geometry.get("coordinates")
    if geometry.get("type") == "LineString" and isinstance(coordinates, list):
        extra = properties.get("coordinateProperties")
        times = extra.get("times") if isinstance(extra, dict) else None
        times = times if isinstance(times, list) else []
        for place, pair in enumerate(coordinates):
            yield pair, times[place] if place < len(times) else None, {}
    else:
        yield coordinates, _time_property(properties, options), properties


def _time_property(properties: dict[str, Any], options: TrackOptions) -> object:
    names = [options.columns["fix_time"]] if "fix_time" in options.columns else COMMON_NAMES["fix_time"]
    return next((properties[name] for name in names if name in properties), None)


def _text(time: object) -> str:
    if time is None:
        raise RefusedError(RejectionReason.MISSING_FIELD, "the point has no time")
    return str(time)


def _place(coordinates: object) -> PingFields:
    """Longitude comes first in GeoJSON."""
    if not isinstance(coordinates, list) or len(coordinates) < LEAST_COORDINATES:
        raise RefusedError(RejectionReason.WRONG_TYPE, "the point must have [longitude, latitude]")
    return {"lon": json_number(coordinates[0], "longitude"), "lat": json_number(coordinates[1], "latitude")}


def _fields(properties: dict[str, Any]) -> PingFields:
    fields: PingFields = {}
    for name in COMMON_NAMES.keys() - set(REQUIRED):
        value = properties.get(name)
        if value is not None:
            fields[name] = value if name == "mechanism" else json_number(value, name)
    return fields
