"""The positions as GeoJSON (RFC 7946): the stated place, the crime's circle, each position with all that is known."""

import json
from typing import Any

from crimes.evidence.circles import ring
from crimes.evidence.dossier import Dossier
from crimes.evidence.words import iso, iso_local
from geofence.projection import Projection
from model.crimes import MatchedPosition


def render_geojson(dossier: Dossier) -> str:
    crime, radius_m = dossier.crime, dossier.run.settings.radius_m
    place = {"what": "stated_place", "uncertainty_m": crime.place_uncertainty_m, "crime": crime.reference}
    features = [
        _feature({"type": "Point", "coordinates": [crime.lon, crime.lat]}, place),
        _feature(
            {
                "type": "Polygon",
                "coordinates": [ring(Projection(crime.lat, crime.lon), crime.lat, crime.lon, radius_m)],
            },
            {"what": "crime_circle", "radius_m": radius_m},
        ),
        *(_position(dossier, one) for one in dossier.finding.positions),
    ]
    collection = {"type": "FeatureCollection", "reference": dossier.reference, "features": features}
    return json.dumps(collection, ensure_ascii=False, indent=1)


def _position(dossier: Dossier, one: MatchedPosition) -> dict[str, Any]:
    return _feature(
        {"type": "Point", "coordinates": [one.lon, one.lat]},
        {
            "what": "position",
            "label": one.label,
            "counts": one.label is not None,
            "fix_time": iso(one.fix_time_us),
            "fix_time_london": iso_local(one.fix_time_us),
            "accuracy_m": one.accuracy_m,
            "accuracy_stated": one.accuracy_stated,
            "mechanism": one.mechanism.word,
            "speed_mps": one.speed_mps,
            "heading_deg": one.heading_deg,
            "distance_m": round(one.distance_m, 2),
            "overlap": round(one.overlap, 4),
            "tag": dossier.serial_of(one.device_id),
        },
    )


def _feature(geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}
