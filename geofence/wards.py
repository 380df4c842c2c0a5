"""Wards (boroughs, counties) from a GeoJSON file, and the area that several of them are together (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.polygon import orient

from geofence.geojson import features_of
from geofence.problems import Defect, GeometryProblem, ZoneProblem
from geofence.structure import shown
from geofence.validation import read_geometry
from model.zones import MultiPolygon, Region, Ring

LONGEST_CODE = 20
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class WardShape:
    code: str
    name: str
    geometry: MultiPolygon


@dataclass(frozen=True, slots=True)
class WardFile:
    """Its wards in order or, where anything is wrong, none and every problem."""

    wards: tuple[WardShape, ...]
    problems: tuple[ZoneProblem, ...]


def read_wards(document: object, code_property: str, name_property: str, region: Region | None = None) -> WardFile:
    """A parsed Feature or FeatureCollection of polygons; the properties hold each ward's code and name."""
    features, problems = features_of(document)
    wards: list[WardShape] = []
    first: dict[str, int] = {}
    for number, feature in enumerate(features, start=1):
        reader = _WardReader(number, code_property, name_property, region)
        ward = reader.read(feature)
        problems += reader.problems
        if ward is None:
            continue
        if first.setdefault(ward.code, number) != number:
            found = f"{ward.code}, the same as feature {first[ward.code]}"
            remedy = "give each code once"
            where = f"properties.{code_property}"
            problems.append(ZoneProblem(number, ward.code, where, Defect.DUPLICATE_REFERENCE, found, remedy))
        wards.append(ward)
    return WardFile((), tuple(problems)) if problems else WardFile(tuple(wards), ())


def union_of(geometries: Sequence[MultiPolygon]) -> MultiPolygon:
    """The area that they cover together, in degrees. Lines of common borders are gone where both draw them alike."""
    merged = shapely.union_all([_to_shapely(one) for one in geometries])
    return MultiPolygon(tuple(_rings(orient(part)) for part in shapely.get_parts(merged)))


class _WardReader:
    def __init__(self, number: int, code_property: str, name_property: str, region: Region | None) -> None:
        self._number = number
        self._properties = code_property, name_property
        self._region = region
        self._code: str | None = None
        self.problems: list[ZoneProblem] = []

    def read(self, feature: object) -> WardShape | None:
        if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
            remedy = 'give an object of type "Feature" with properties'
            self._add("", Defect.NOT_AN_OBJECT, shown(feature), remedy)
            return None
        code_property, name_property = self._properties
        self._code = self._text(feature["properties"], code_property, LONGEST_CODE)
        name = self._text(feature["properties"], name_property, LONGEST_NAME)
        geometry, problems = read_geometry(feature.get("geometry"), None, self._region)
        for one in problems:
            self._add("geometry", one.defect, one.value, one.remedy, one)
        if not isinstance(geometry, MultiPolygon) or self._code is None or name is None:
            return None
        return WardShape(self._code, name, geometry)

    def _text(self, properties: dict[str, Any], name: str, longest: int) -> str | None:
        value = properties.get(name)
        if isinstance(value, str) and value.strip() and value.isprintable() and len(value.strip()) <= longest:
            return value.strip()
        defect = Defect.MISSING if value is None else Defect.WRONG_TYPE
        remedy = f"give a line of text of at most {longest} characters, or name the property that holds it"
        self._add(f"properties.{name}", defect, shown(value), remedy)
        return None

    def _add(
        self, where: str, defect: Defect, value: str, remedy: str, geometry: GeometryProblem | None = None
    ) -> None:
        self.problems.append(ZoneProblem(self._number, self._code, where, defect, value, remedy, geometry))


def _to_shapely(geometry: MultiPolygon) -> Any:
    return shapely.MultiPolygon([shapely.Polygon(rings[0], rings[1:]) for rings in geometry.polygons])


def _rings(polygon: Any) -> tuple[Ring, ...]:
    return tuple(
        tuple((float(lon), float(lat)) for lon, lat in ring.coords) for ring in (polygon.exterior, *polygon.interiors)
    )
