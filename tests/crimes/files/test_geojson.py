"""The GeoJSON form: a feature is a row, read one at a time."""

import json
from typing import Any

import pytest

from tests.crimes.files.police_files import (
    GOOD,
    SECOND_CRIME,
    crime_of,
    errors_of,
    geojson,
    police_csv,
    read,
    refusal_of,
    rich_csv,
)
from tests.crimes.files.test_forms import Dripping

FEATURE = json.loads(geojson({}))["features"][0]


def collection(*features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def test_a_feature_says_the_same_as_a_row() -> None:
    more = {"place_uncertainty_m": "25", "crime_text": "Phone taken"}
    assert crime_of(geojson(more)) == crime_of(rich_csv(more))


def test_a_number_may_be_a_number_and_null_is_nothing_said() -> None:
    crime = crime_of(
        geojson({"place_uncertainty_m": 25.5, "crime_reference": 4711, "crime_text": None, "weapon": None})
    )
    assert (crime.place_uncertainty_m, crime.reference, crime.description) == (25.5, "4711", "Robbery")


@pytest.mark.parametrize("lon", [0, 0.0, -0.0, 1e-05, -1e-05, -0.137433, 2.5999999999999996])
def test_a_coordinate_is_the_same_number_afterwards(lon: float) -> None:
    assert crime_of(geojson({}, coordinates=[lon, 51.5])).lon == lon


def test_an_altitude_is_left_out() -> None:
    assert crime_of(geojson({}, coordinates=[-0.137433, 51.499946, 12.5])).lat == 51.499946


@pytest.mark.parametrize(
    ("feature", "field"),
    [
        (None, "type"),
        ({"type": "Point", "coordinates": [0, 51]}, "type"),
        (FEATURE | {"properties": None}, "properties"),
        (FEATURE | {"geometry": None}, "geometry"),
        (FEATURE | {"geometry": {"type": "MultiPoint", "coordinates": [[0, 51]]}}, "geometry"),
        (FEATURE | {"geometry": {"type": "Point", "coordinates": [0]}}, "geometry"),
        (FEATURE | {"geometry": {"type": "Point", "coordinates": ["0", "51"]}}, "geometry"),
        (FEATURE | {"geometry": {"type": "Point", "coordinates": [True, 51]}}, "geometry"),
        (FEATURE | {"properties": FEATURE["properties"] | {"place_uncertainty": 50}}, "place_uncertainty"),
        (FEATURE | {"properties": FEATURE["properties"] | {"latitude": 51.5}}, "latitude"),
        (FEATURE | {"properties": FEATURE["properties"] | {"easting": 529381, "northing": 179534}}, "place"),
        (FEATURE | {"properties": FEATURE["properties"] | {"crime_text": ["a", "b"]}}, "crime_text"),
        (FEATURE | {"properties": FEATURE["properties"] | {"crime_text": "\x00"}}, "crime_text"),
        (FEATURE | {"properties": FEATURE["properties"] | {"crime_text": "\ud800"}}, "crime_text"),
    ],
)
def test_a_bad_feature_is_an_error_of_its_row(feature: Any, field: str) -> None:
    good = json.loads(geojson(SECOND_CRIME))["features"][0]
    parsed, (failed,), facts = read(collection(feature, good))
    assert [error.field for error in failed.errors] == [field]
    assert (failed.row_number, [row.row_number for row in parsed]) == (1, [2])
    assert facts.row_count == 2


def test_swapped_coordinates_are_out_of_range_in_both_and_the_remedy_says_so() -> None:
    errors = errors_of(geojson({}, coordinates=[51.499946, -0.137433]))
    assert [error.field for error in errors] == ["latitude", "longitude"]
    assert all("swapped" in error.remedy for error in errors)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{}", 'this is no GeoJSON of type "FeatureCollection"'),
        (json.dumps(FEATURE).encode(), 'this is no GeoJSON of type "FeatureCollection"'),
        (collection(), "the file has no crimes"),
        (b'{"type": "FeatureCollection"}', "the file has no crimes"),
        (b'{"type": "FeatureCollection", "features": {}}', "from here on this is no JSON"),
        (b'{"type": "FeatureCollection" "features": []}', "from here on this is no JSON"),
        (b'{"type": "FeatureCollection", "features": []} more', "from here on this is no JSON"),
        (b'{"type": "FeatureCollection", 1: []}', "from here on this is no JSON"),
        (b'{"a": NaN}', "from here on this is no JSON"),
        (b'{"a": ' + b"[" * 5000, "from here on this is no JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "from here on this is no JSON"),
        (b'{"a": "\xa3"}', "the file is no UTF-8"),
        (b'{"a": "\xc3', "the file is no UTF-8"),
    ],
)
def test_what_is_no_feature_collection_is_one_clear_error(content: bytes, problem: str) -> None:
    refusal = refusal_of(content)
    assert refusal.problem.startswith(problem)
    assert refusal.remedy


def test_a_file_that_breaks_off_is_refused() -> None:
    parsed, failed, facts = read(geojson({}, SECOND_CRIME)[:-20])
    assert len(parsed) == 1
    assert not failed
    assert facts.refusals[0].problem.startswith("from here on this is no JSON")


def test_other_members_before_and_after_the_features_are_passed_over() -> None:
    document = {"name": "crimes", "crs": {"a": [1, {}]}, "n": 12, "features": [FEATURE], "x": None}
    assert crime_of(json.dumps(document | {"type": "FeatureCollection"}).encode()) == crime_of(police_csv({}))


def test_features_that_straddle_pieces_of_the_stream_are_whole() -> None:
    references = [{"crime_reference": f"CRI{number}", "crime_text": "é" * 50} for number in range(20)]
    content = json.dumps(json.loads(geojson(*references)), ensure_ascii=False, indent=1).encode()
    for at_a_time in (1, 7, 4096):
        parsed, failed, _ = read(Dripping(content, at_a_time))
        assert [row.crime.reference for row in parsed] == [row["crime_reference"] for row in references]
        assert not failed


def test_what_was_given_is_kept_by_field() -> None:
    (row,), _, _ = read(geojson({}))
    assert row.given == GOOD
