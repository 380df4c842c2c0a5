"""For any file: nothing but errors as values comes out, and what is well formed is read as it was written."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from convertbng import cutil
from hypothesis import given
from hypothesis import strategies as st

from crimes.files.crime_fields import KNOWN_COLUMNS, POLICE_COLUMNS
from crimes.files.crime_types import CRIME_TYPES
from crimes.files.forces import FORCES
from crimes.files.reading import CrimeFileReader, FailedRow, ParsedRow
from crimes.files.row_errors import NO_TEXT, RowError
from model.crimes import Window
from model.times import to_microseconds
from tests.crimes.files.police_files import GOOD, LONDON, ON_GRID, geojson, police_csv, read, rich_csv

ZONES = {"Metropolitan": LONDON}
FORMS = [police_csv, rich_csv, geojson]
TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=30)
PIECES = st.sampled_from(
    [
        police_csv({}),
        rich_csv({}),
        geojson({}),
        b'"',
        b"\n",
        b",",
        b"{",
        b"[",
        b'"features":',
        b"\xff\xfe",
        b"\x00",
        b"\xa3",
    ]
)
CELLS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [*GOOD.values(), *ON_GRID.values(), "20251026013000", "20250330013000", "1e5", "-0", "\N{FULLWIDTH DIGIT NINE}"]
    ),
)


def no_more_than_errors(content: bytes) -> None:
    """Every row is taken or has its errors, in order, and each error is text that a database takes."""
    reader = CrimeFileReader(io.BytesIO(content), now_us=to_microseconds(datetime(2026, 1, 1, tzinfo=UTC)), zones=ZONES)
    rows = list(reader)
    facts = reader.facts
    numbers = [row.row_number for row in rows]
    failed = [row for row in rows if isinstance(row, FailedRow)]
    assert numbers == sorted(set(numbers))
    assert facts.row_count == len(rows)
    assert rows or facts.refusals
    assert all(row.errors for row in failed)
    for error in (*facts.refusals, *(error for row in failed for error in row.errors)):
        assert error.problem
        assert error.remedy
        assert not NO_TEXT.search(_all_of(error))
    for row in rows:
        if isinstance(row, ParsedRow):
            assert all(window.from_us <= window.to_us for window in row.crime.windows)
            assert 49 < row.crime.lat < 62
            assert -9.1 < row.crime.lon < 2.7


def _all_of(error: RowError) -> str:
    return f"{error.field}{error.value}{error.problem}{error.remedy}"


@given(st.binary(max_size=300))
def test_any_bytes(content: bytes) -> None:
    no_more_than_errors(content)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=10)), max_size=6).map(b"".join))
def test_anything_made_of_pieces_of_files(content: bytes) -> None:
    no_more_than_errors(content)


@given(st.sampled_from(FORMS), st.lists(st.dictionaries(st.sampled_from(POLICE_COLUMNS), CELLS), max_size=4))
def test_any_values_in_any_form(form: Any, rows: list[dict[str, str]]) -> None:
    if form is geojson:
        rows = [{name: value for name, value in row.items() if name not in {"latitude", "longitude"}} for row in rows]
    no_more_than_errors(form(*rows))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(KNOWN_COLUMNS)) | st.text(max_size=5), JSON, max_size=4), JSON)
def test_any_properties_and_coordinates(properties: dict[str, Any], coordinates: Any) -> None:
    no_more_than_errors(geojson(properties, coordinates=coordinates))


@given(
    form=st.sampled_from(FORMS),
    force=st.sampled_from(FORCES),
    crime_type=st.sampled_from(sorted(CRIME_TYPES)),
    texts=st.tuples(TEXTS, TEXTS),
    start=st.integers(0, 3_000_000_000).map(lambda seconds: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(0, seconds)),
    minutes=st.integers(0, 720),
    place=st.tuples(st.floats(49.5, 61.5), st.floats(-8.5, 2.6)),
)
def test_what_is_well_formed_is_read_as_it_was_written(
    form: Any, force: Any, crime_type: str, texts: tuple[str, str], start: datetime, minutes: int, place: Any
) -> None:
    reference, told = (text.strip() or "x" for text in texts)
    end = start + timedelta(minutes=minutes)
    lat, lon = (round(degrees, 6) for degrees in place)
    row = {
        "police_force": force.identifier,
        "batch_id": f"{force.code}20250126",
        "crime_type_id": crime_type,
        "crime_reference": reference,
        "crime_text": told,
        "date_from": f"{start:%Y%m%d%H%M%S}",
        "date_to": f"{end:%Y%m%d%H%M%S}",
    }
    if form is geojson:
        content = geojson(row, coordinates=[lon, lat])
    else:
        content = form(row | {"latitude": f"{lat:.6f}", "longitude": f"{lon:.6f}"})
    (parsed,), failed, facts = read(content)
    crime = parsed.crime
    assert not failed
    assert not facts.refusals
    assert (crime.force, crime.crime_type, crime.reference, crime.description) == (
        *(force.identifier, crime_type, reference, told),
    )
    assert crime.windows == (Window(to_microseconds(start), to_microseconds(end)),)
    assert (crime.lat, crime.lon) == (lat, lon)


@given(st.tuples(st.floats(51.0, 53.0), st.floats(-3.0, 0.3)))
def test_a_grid_reference_comes_back_to_where_it_was_taken_from(place: tuple[float, float]) -> None:
    lat, lon = place
    easting, northing = (float(found[0]) for found in cutil.convert_to_osgb36([lon], [lat]))
    row = ON_GRID | {"easting": f"{easting:.3f}", "northing": f"{northing:.3f}"}
    (parsed,), _, _ = read(police_csv(row))
    assert (parsed.crime.lat, parsed.crime.lon) == pytest.approx((lat, lon), abs=1e-7)
    assert np.isfinite(easting)


@given(
    start=st.integers(0, 600).map(lambda minutes: datetime(2025, 10, 25, 20, tzinfo=UTC) + timedelta(minutes=minutes)),
    minutes=st.integers(0, 300),
)
def test_whenever_it_was_by_the_clock_the_true_time_is_searched(start: datetime, minutes: int) -> None:
    """The true times are known; what a clock in London showed of them is all that the file says."""
    end = start + timedelta(minutes=minutes)
    shown = {
        "date_from": f"{start.astimezone(LONDON):%Y%m%d%H%M%S}",
        "date_to": f"{end.astimezone(LONDON):%Y%m%d%H%M%S}",
    }
    (parsed,), _, _ = read(police_csv(shown), zones=ZONES)
    truth = Window(to_microseconds(start), to_microseconds(end))
    assert any(window.from_us <= truth.from_us and truth.to_us <= window.to_us for window in parsed.crime.windows)
