"""Wards from files that others made, and the area that several of them are together."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from geofence.geojson import to_geojson
from geofence.validation import read_geometry
from geofence.wards import read_wards, union_of
from model.zones import MultiPolygon


def square(west: float, east: float) -> dict[str, Any]:
    ring = [[west, 51.5], [east, 51.5], [east, 51.51], [west, 51.51], [west, 51.5]]
    return {"type": "Polygon", "coordinates": [ring]}


def ward(code: str, geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"code": code, "name": f"Ward {code}"} | properties, "geometry": geometry}


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def area(geometry: MultiPolygon) -> float:
    return float(shapely.from_geojson(json.dumps(to_geojson(geometry))).area)


def test_everything_that_is_wrong_comes_at_once() -> None:
    bow_tie = {"type": "Polygon", "coordinates": [[[0, 51], [1, 52], [1, 51], [0, 52], [0, 51]]]}
    read = read_wards(
        collection(
            ward("A", square(-0.1, -0.09)),
            ward("A", square(-0.2, -0.19)),
            ward("B", bow_tie),
            ward("C", {"type": "Point", "coordinates": [0, 51]}),
            ward("", square(0, 1), name=7),
            "no feature",
        ),
        "code",
        "name",
    )
    assert read.wards == ()
    assert {(one.feature, one.field) for one in read.problems} == {
        (2, "properties.code"),
        (3, "geometry"),
        (4, "geometry"),
        (5, "properties.code"),
        (5, "properties.name"),
        (6, ""),
    }
    assert all(one.remedy for one in read.problems)


@pytest.mark.parametrize(
    "rubbish", [None, [], {}, {"type": "FeatureCollection"}, {"type": "FeatureCollection", "features": []}]
)
def test_what_is_no_file_of_wards_is_refused(rubbish: Any) -> None:
    assert read_wards(rubbish, "code", "name").problems


def test_neighbours_become_one_polygon_and_strangers_stay_apart() -> None:
    read = read_wards(
        collection(ward("A", square(-0.1, -0.09)), ward("B", square(-0.09, -0.08)), ward("C", square(0, 0.01))),
        "code",
        "name",
    )
    shapes = [one.geometry for one in read.wards]
    assert len(union_of(shapes[:2]).polygons) == 1
    assert len(union_of(shapes).polygons) == 2
    assert union_of(shapes[:1] * 2) == union_of(shapes[:1])


@pytest.mark.parametrize("name", ["westminster_wards_2018", "london_boroughs"])
def test_real_wards_together_are_a_valid_area_as_large_as_they_are(shared_data: Path, name: str) -> None:
    document = json.loads((shared_data / "boundaries" / f"{name}.geojson").read_text(encoding="utf-8"))
    read = read_wards(document, "GSS_CODE", "NAME", (49.0, -9.0, 61.0, 2.5))
    assert read.problems == ()
    shapes = [one.geometry for one in read.wards]
    together = union_of(shapes)
    assert read_geometry(to_geojson(together))[1] == [], "it can be published as a zone"
    assert area(together) == pytest.approx(sum(map(area, shapes)), rel=1e-6), "they do not overlap"
