"""Zone files in GeoJSON (RFC 7946), in and out. A file is taken whole or not at all."""

from dataclasses import dataclass
from typing import Any

from geofence.drafts import FeatureReader, ZoneDraft
from geofence.problems import Defect, ZoneProblem
from geofence.projection import Projection
from geofence.structure import shown
from model.zones import Circle, Geometry, MultiPolygon, Region, Ring


@dataclass(frozen=True, slots=True)
class ZoneFile:
    """What a file holds: its drafts in order or, where anything is wrong, no draft and every problem."""

    drafts: tuple[ZoneDraft, ...]
    problems: tuple[ZoneProblem, ...]


def read_zones(document: object, *, region: Region | None = None, projection: Projection | None = None) -> ZoneFile:
    """A parsed Feature or FeatureCollection as zone drafts.

    Properties: reference, name, kind (a ZoneKind), and where wanted crn (the owner; without it the zone is
    shared), radius_m (with a Point), valid_from, active_from, active_to (RFC 3339, with an offset), schedule
    (geofence/schedule_documents.py), policy (geofence/policy_documents.py), disclosed; others
    are ignored, unless they look like a misspelling of one of these. ``region`` is (lat_min, lon_min,
    lat_max, lon_max) of the deployment, for recognising swapped coordinates. With ``projection``, a zone
    that cannot be placed on the deployment's plane is a problem too; without it, ``ZoneIndex.apply`` raises.
    """
    features, problems = features_of(document)
    readers = [FeatureReader(number, region, projection) for number in range(1, len(features) + 1)]
    drafts = [reader.read(feature) for reader, feature in zip(readers, features, strict=True)]
    _find_duplicates(readers)
    problems += [problem for reader in readers for problem in reader.problems]
    if problems:
        return ZoneFile((), tuple(problems))
    return ZoneFile(tuple(draft for draft in drafts if draft is not None), ())


def to_geojson(geometry: Geometry) -> dict[str, Any]:
    """The GeoJSON geometry. A circle is a Point with the foreign member radius_m (RFC 7946 §6.1)."""
    if isinstance(geometry, Circle):
        return {"type": "Point", "coordinates": [geometry.lon, geometry.lat], "radius_m": geometry.radius_m}
    polygons = [[[list(position) for position in ring] for ring in rings] for rings in geometry.polygons]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def from_stored(document: object) -> Geometry:
    """The inverse of ``to_geojson``: only converts, because what is stored was judged at intake.

    Judging 200,000 zones again would keep a worker from its pings for half a minute. Raises ValueError for a
    shape that ``to_geojson`` does not write.
    """
    try:
        match document:
            case {"type": "Point", "coordinates": [lon, lat], "radius_m": radius_m}:
                return Circle(float(lon), float(lat), float(radius_m))
            case {"type": "Polygon", "coordinates": rings}:
                return MultiPolygon((_rings(rings),))
            case {"type": "MultiPolygon", "coordinates": polygons}:
                return MultiPolygon(tuple(map(_rings, polygons)))
    except (TypeError, ValueError) as error:
        raise ValueError(f"no stored geometry of a zone: {shown(document)}") from error
    raise ValueError(f"no stored geometry of a zone: {shown(document)}")


def _rings(rings: Any) -> tuple[Ring, ...]:
    return tuple(tuple([(lon, lat) for lon, lat in ring]) for ring in rings)


def features_of(document: object) -> tuple[list[Any], list[ZoneProblem]]:
    """The features, or the problem of the file as a whole."""
    if not isinstance(document, dict) or document.get("type") not in ("Feature", "FeatureCollection"):
        remedy = "give a GeoJSON Feature or FeatureCollection"
        return [], [ZoneProblem(None, None, "", Defect.NOT_AN_OBJECT, shown(document), remedy)]
    if document["type"] == "Feature":
        return [document], []
    features = document.get("features")
    if not isinstance(features, list):
        remedy = "give an array of features"
        return [], [ZoneProblem(None, None, "features", Defect.WRONG_TYPE, shown(features), remedy)]
    if not features:
        remedy = "give at least one feature"
        return [], [ZoneProblem(None, None, "features", Defect.EMPTY, "no feature", remedy)]
    return features, []


def _find_duplicates(readers: list[FeatureReader]) -> None:
    first: dict[str, int] = {}
    for reader in readers:
        if reader.reference is None:
            continue
        if reader.reference in first:
            reader.duplicate_of(first[reader.reference])
        else:
            first[reader.reference] = reader.number
