"""The 657 wards of London as zones: the index, the naive way and the oracle agree on every position."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geofence.columns import Points
from geofence.geojson import read_zones
from geofence.naive import NaiveIndex
from model.zones import Geometry, ZoneVersion
from tests.geofence.examples import (
    PROJECTION,
    Columns,
    corners_and_midpoints,
    expected,
    found,
    index_of,
    joined,
    points_on_plane,
    version,
)

REGION = (49.0, -9.0, 61.0, 3.0)
PEOPLE = 50


def as_zones(document: dict[str, Any], reference: str) -> dict[str, Any]:
    """The same features with the properties that a zone file has."""
    for feature in document["features"]:
        named = feature["properties"][reference]
        feature["properties"] = {"reference": named, "name": named, "kind": "exclusion"}
    return document


@pytest.fixture(scope="module")
def wards(shared_data: Path) -> list[Geometry]:
    text = (shared_data / "boundaries" / "london_wards_2018.geojson").read_text(encoding="utf-8")
    read = read_zones(as_zones(json.loads(text), "GSS_CODE"), region=REGION)
    assert read.problems == ()
    return [draft.geometry for draft in read.drafts]


def places(wards: list[Geometry]) -> Points:
    """Thousands of random positions all over London; corners and edge midpoints of every ward."""
    rng = np.random.default_rng(657)
    special = [corners_and_midpoints(ward) for ward in wards]
    some = [points.take(rng.permutation(len(points))[:3]) for points in special]
    scattered = points_on_plane(rng.uniform(-30_000, 30_000, 1_500), rng.uniform(-25_000, 25_000, 1_500))
    return joined([scattered, *some])


def columns_at(where: Points, people: int) -> Columns:
    person_id = np.random.default_rng(1).integers(0, people, len(where))
    return person_id, where, np.zeros(len(where), np.int64)


def test_all_657_wards_are_accepted(wards: list[Geometry]) -> None:
    assert len(wards) == 657


@pytest.mark.parametrize("name", ["boundaries/london_boroughs", "geometry/lsoa_multipolygons_real"])
def test_real_multipolygons_are_accepted(shared_data: Path, name: str) -> None:
    document = json.loads((shared_data / f"{name}.geojson").read_text(encoding="utf-8"))
    reference = "GSS_CODE" if "boroughs" in name else "LSOA11CD"
    read = read_zones(as_zones(document, reference), region=REGION)
    assert read.problems == ()
    assert len(read.drafts) == len(document["features"])


@pytest.mark.parametrize("shared", [True, False], ids=["as shared zones", "as own zones"])
def test_index_naive_way_and_oracle_agree(wards: list[Geometry], shared: bool) -> None:
    zones: list[ZoneVersion] = [
        version(ward, zone_id=at, person_id=None if shared else at % PEOPLE) for at, ward in enumerate(wards)
    ]
    columns = columns_at(places(wards), PEOPLE)
    by_index = found(index_of(*zones), columns)
    assert len(by_index) > (2_000 if shared else 25)
    assert by_index == expected(zones, columns)
    assert by_index == NaiveIndex(zones, PROJECTION).match(*columns)
