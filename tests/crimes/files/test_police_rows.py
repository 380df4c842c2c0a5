"""The rules of one row: what is taken, and each error with its field."""

from collections.abc import Callable

import pytest

from crimes.files.crime_types import CRIME_TYPES
from crimes.files.forces import FORCES, Force
from model.crimes import Crime, Window
from tests.crimes.files.police_files import (
    GOOD,
    ON_GRID,
    SECOND_CRIME,
    crime_of,
    errors_of,
    geojson,
    police_csv,
    read,
    rich_csv,
    us,
)

Form = Callable[..., bytes]
NOW_US = us("2025-01-25T12:00")


def test_a_row_becomes_a_crime() -> None:
    (row,), failed, facts = read(police_csv({"crime_text": "Phone taken, £20 too"}))
    assert row.crime == Crime(
        force="Metropolitan",
        reference="CRI00000001",
        crime_type="RB",
        description="Phone taken, £20 too",
        lat=51.499946,
        lon=-0.137433,
        place_uncertainty_m=0.0,
        windows=(Window(us("2025-01-25T08:30"), us("2025-01-25T09:30")),),
    )
    assert (row.row_number, row.given["batch_id"]) == (1, "MPS20250126")
    assert not failed
    assert (facts.format, facts.force, facts.batch) == ("police_csv", "Metropolitan", "MPS20250126")
    assert (facts.row_count, facts.refusals) == (1, ())


@pytest.mark.parametrize(
    ("row", "field", "problem"),
    [
        ({"police_force": ""}, "police_force", "the police force is missing"),
        ({"police_force": "Metropolitain"}, "police_force", "this is no police force that we know"),
        ({"crime_type_id": ""}, "crime_type_id", "the crime type is missing"),
        ({"crime_type_id": "ROBBERY"}, "crime_type_id", "this is no crime type that we know"),
        ({"batch_id": ""}, "batch_id", "the batch id is missing"),
        ({"batch_id": "MPS2025012"}, "batch_id", "this is no batch id"),
        ({"batch_id": "MPS20250126-X"}, "batch_id", "this is no batch id"),
        ({"batch_id": "MPS20250126-R-2"}, "batch_id", "this is no batch id"),
        ({"batch_id": "MPS20250126 again"}, "batch_id", "this is no batch id"),
        ({"batch_id": "MPS20250230"}, "batch_id", "the batch id's date is none of the calendar"),
        ({"batch_id": "WMP20250126"}, "batch_id", "the batch is not of the row's force, Metropolitan"),
        ({"crime_reference": " "}, "crime_reference", "the crime reference is missing"),
        ({"crime_reference": "C" * 101}, "crime_reference", "the crime reference is too long"),
        ({"crime_reference": "C\n1"}, "crime_reference", "the crime reference has a tab or runs over several lines"),
        ({"date_from": ""}, "date_from", "the time is missing"),
        ({"date_from": "2025-01-25T08:30:00Z"}, "date_from", "this is no time"),
        ({"date_from": "2.0250125E+13"}, "date_from", "this is no time"),
        ({"date_from": "20250230083000"}, "date_from", "no calendar or clock shows this time"),
        ({"date_from": "20250125246000"}, "date_from", "no calendar or clock shows this time"),
        ({"date_from": "19000101000000"}, "date_from", "no tag was worn at this time"),
        ({"date_to": "99991231235959"}, "date_to", "no tag was worn at this time"),
        ({"date_to": "20250125082959"}, "date_to", "the crime ends before it begins"),
        ({"date_to": "20250125203001"}, "date_to", "the crime's window is 12 h 1 s long"),
        ({"latitude": "", "longitude": ""}, "place", "no place is given"),
        (ON_GRID | {"latitude": "51.5", "longitude": "-0.1"}, "place", "two places are given"),
        (ON_GRID | {"longitude": "-0.1"}, "place", "two places are given"),
        ({"longitude": ""}, "longitude", "the longitude is missing"),
        ({"latitude": ""}, "latitude", "the latitude is missing"),
        (ON_GRID | {"northing": ""}, "northing", "the northing is missing"),
        ({"latitude": "49.49"}, "latitude", "this is out of range"),
        ({"latitude": "61.51"}, "latitude", "this is out of range"),
        ({"longitude": "-8.51"}, "longitude", "this is out of range"),
        ({"longitude": "2.61"}, "longitude", "this is out of range"),
        ({"latitude": "nan"}, "latitude", "this is no number in digits"),
        ({"latitude": "51,5"}, "latitude", "this is no number in digits"),
        (ON_GRID | {"easting": "5.29E+05"}, "easting", "this is no number in digits"),
        (ON_GRID | {"easting": "-1"}, "easting", "this is out of range"),
        (ON_GRID | {"easting": "600001"}, "easting", "the police form's eastings end at 600000, west of this place"),
        (ON_GRID | {"easting": "700001"}, "easting", "this is out of range"),
        (ON_GRID | {"northing": "1300001"}, "northing", "this is out of range"),
        (
            ON_GRID | {"easting": "0", "northing": "0"},
            "easting, northing",
            "the British National Grid's transformation",
        ),
        ({"datum": "OSGB36"}, "datum", "latitude and longitude on this datum lie about 100 m from those of WGS84"),
        ({"datum": "ED50"}, "datum", "this is no datum that we know"),
        ({"crime_text": "bell \x07"}, "crime_text", "this has bytes that are no UTF-8 text"),
    ],
)
def test_a_bad_value_is_an_error_of_its_field_and_the_other_rows_are_kept(
    row: dict[str, str], field: str, problem: str
) -> None:
    parsed, (failed,), facts = read(police_csv(SECOND_CRIME, row))
    (error,) = failed.errors
    assert (error.row, error.field) == (2, field)
    assert error.problem.startswith(problem)
    assert error.remedy
    assert [one.crime.reference for one in parsed] == ["CRI00000002"]
    assert (facts.row_count, facts.refusals) == (2, ())


@pytest.mark.parametrize(
    "row",
    [
        {"date_to": "20250125203000"},
        {"date_to": GOOD["date_from"]},
        {"latitude": "49.5", "longitude": "-8.5"},
        {"latitude": "61.5", "longitude": "2.6"},
        {"latitude": "+51.", "longitude": "-.5"},
        ON_GRID | {"datum": "OSGB36"},
        ON_GRID | {"datum": "WGS84"},
        {"datum": "wgs 84"},
        {"batch_id": "MPS20250126-2"},
        {"batch_id": "MPS20250126-R"},
        {"batch_id": "mps20250126-12-a"},
        {"police_force": " metropolitan "},
        {"police_force": "MPS"},
        {"crime_type_id": "biad"},
        {"crime_type_id": "KROB"},
    ],
)
def test_what_stands_at_a_limit_or_is_written_otherwise_is_taken(row: dict[str, str]) -> None:
    assert crime_of(police_csv(row)).force == "Metropolitan"


def test_all_that_is_wrong_with_a_row_is_said_at_once() -> None:
    bad = dict.fromkeys(GOOD, "?")
    assert [error.field for error in errors_of(police_csv(bad))] == [
        *("police_force", "batch_id", "crime_type_id", "date_from", "date_to", "place"),
    ]
    empty = dict.fromkeys(GOOD, "")
    assert [error.field for error in errors_of(police_csv(empty))] == [
        *("police_force", "batch_id", "crime_reference", "crime_type_id", "date_from", "date_to", "place"),
    ]


def test_a_force_with_a_slip_is_answered_with_what_was_meant() -> None:
    (error,) = errors_of(police_csv({"police_force": "Metropolitain"}))
    assert error.value == "Metropolitain"
    assert error.remedy == "did you mean Metropolitan?"


@pytest.mark.parametrize("force", FORCES, ids=lambda force: force.identifier)
def test_every_force_sends_its_own_batches(force: Force) -> None:
    content = police_csv({"police_force": force.identifier, "batch_id": f"{force.code}20250126"})
    assert crime_of(content).force == force.identifier


def test_no_two_forces_share_a_word() -> None:
    words = [word.lower() for one in FORCES for word in {one.identifier.lower(), one.name.lower(), one.code.lower()}]
    assert len(words) == len(set(words))
    assert len(FORCES) == 44


@pytest.mark.parametrize("code", CRIME_TYPES)
def test_a_crime_without_a_text_is_described_by_its_type(code: str) -> None:
    row = {"crime_type_id": code, "crime_type_description": ""}
    assert crime_of(police_csv(row)).description == CRIME_TYPES[code]


def test_a_crime_that_begins_after_its_file_came_is_an_error() -> None:
    content = police_csv({"date_from": "20250125120001", "date_to": "20250125123000"})
    (error,) = errors_of(content, now_us=NOW_US)
    assert (error.field, error.problem) == ("date_from", "the crime begins after the file came")
    assert crime_of(content)


def test_a_crime_whose_window_is_still_open_is_taken() -> None:
    content = police_csv({"date_from": "20250125120000", "date_to": "20250125190000"})
    assert crime_of(content, now_us=NOW_US).windows[0].to_us > NOW_US


def test_a_reference_twice_in_a_file_keeps_the_first() -> None:
    parsed, (failed,), _ = read(police_csv({}, SECOND_CRIME, {}))
    (error,) = failed.errors
    assert (error.row, error.field, error.problem) == (3, "crime_reference", "row 1 has the same reference")
    assert [row.row_number for row in parsed] == [1, 2]


@pytest.mark.parametrize(
    ("other", "field", "problem"),
    [
        (
            {"police_force": "Kent", "batch_id": "KNT20250126"},
            "police_force",
            "the file is of Metropolitan, but has Kent in row 2, Kent in row 3",
        ),
        (
            {"batch_id": "MPS20250126-2"},
            "batch_id",
            "the file is of MPS20250126, but has MPS20250126-2 in row 2, MPS20250126-2 in row 3",
        ),
    ],
)
def test_a_file_of_two_forces_or_batches_is_refused_and_the_rows_named(
    other: dict[str, str], field: str, problem: str
) -> None:
    references = ({"crime_reference": f"CRI{number}"} for number in range(4))
    content = police_csv(next(references), *(other | next(references) for _ in range(2)), next(references))
    _, failed, facts = read(content)
    (refusal,) = facts.refusals
    assert (refusal.row, refusal.field, refusal.problem) == (None, field, problem)
    assert [(row.row_number, row.errors[0].field) for row in failed] == [(2, field), (3, field)]


@pytest.mark.parametrize("form", [rich_csv, geojson])
def test_the_richer_forms_say_how_sure_the_force_is(form: Form) -> None:
    more = {
        "place_uncertainty_m": "50",
        "time_uncertainty_min": "30",
        "weapon": "kitchen knife",
        "crime_text": "Stabbed",
    }
    crime = crime_of(form(more))
    assert crime.place_uncertainty_m == 50
    assert crime.windows == (Window(us("2025-01-25T08:00"), us("2025-01-25T10:00")),)
    assert crime.description == "Stabbed [weapon: kitchen knife]"
    assert crime.notes == ("The times are uncertain: the window is longer by 30 min on both sides.",)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"place_uncertainty_m": "-1"}, "place_uncertainty_m"),
        ({"place_uncertainty_m": "10001"}, "place_uncertainty_m"),
        ({"place_uncertainty_m": "about 50"}, "place_uncertainty_m"),
        ({"time_uncertainty_min": "361"}, "time_uncertainty_min"),
        ({"time_uncertainty_min": "331"}, "date_to"),
        ({"time_zone": "Europe/Paris"}, "time_zone"),
        ({"date_from": "2025-01-25T08:30:00"}, "date_from"),
        ({"date_from": "2025-01-25T08:30:00+25:00"}, "date_from"),
    ],
)
@pytest.mark.parametrize("form", [rich_csv, geojson])
def test_the_richer_forms_are_judged_as_strictly(form: Form, row: dict[str, str], field: str) -> None:
    assert [error.field for error in errors_of(form(row))] == [field]


@pytest.mark.parametrize("form", [rich_csv, geojson])
def test_the_richer_forms_take_times_with_their_offset(form: Form) -> None:
    times = {"date_from": "2025-06-25T08:30:00+01:00", "date_to": "2025-06-25T08:30Z"}
    assert crime_of(form(times)).windows == (Window(us("2025-06-25T07:30"), us("2025-06-25T08:30")),)


def test_the_richer_form_reaches_the_east_coast() -> None:
    lowestoft = ON_GRID | {"easting": "655000", "northing": "293000"}
    crime = crime_of(rich_csv(lowestoft))
    assert (crime.lat, crime.lon) == pytest.approx((52.4783, 1.7509), abs=0.01)
