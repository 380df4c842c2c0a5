"""A crime that is sent again: which fields say something else."""

from dataclasses import replace

import pytest

from crimes.files.versions import changed_fields
from model.crimes import Crime, Window
from tests.crimes.files.police_files import crime_of, police_csv, us

CRIME = crime_of(police_csv({"crime_text": "Phone taken"}))
LATER = (Window(us("2025-01-25T08:30"), us("2025-01-25T10:30")),)


@pytest.mark.parametrize(
    ("after", "changed"),
    [
        (CRIME, ()),
        (replace(CRIME, crime_type="KROB"), ("crime_type",)),
        (replace(CRIME, description="Phone and watch taken"), ("description",)),
        (replace(CRIME, lat=51.499947), ("lat",)),
        (replace(CRIME, lat=51.5, lon=-0.1), ("lat", "lon")),
        (replace(CRIME, place_uncertainty_m=50.0), ("place_uncertainty_m",)),
        (replace(CRIME, windows=LATER), ("windows",)),
        (replace(CRIME, crime_type="TFP", windows=LATER), ("crime_type", "windows")),
        (replace(CRIME, notes=("said otherwise",)), ()),
        (replace(CRIME, lon=CRIME.lon + 1e-12), ()),
    ],
)
def test_the_fields_that_changed(after: Crime, changed: tuple[str, ...]) -> None:
    assert changed_fields(CRIME, after) == changed


def test_an_uncertainty_that_a_database_rounded_is_the_same() -> None:
    stored = replace(CRIME, place_uncertainty_m=33.333333333)
    assert changed_fields(stored, replace(CRIME, place_uncertainty_m=33.333332)) == ()


def test_two_crimes_are_not_compared() -> None:
    with pytest.raises(ValueError, match="are different crimes"):
        changed_fields(CRIME, replace(CRIME, reference="CRI00000002"))
