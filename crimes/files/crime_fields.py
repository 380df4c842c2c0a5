"""The fields of a reported crime: their names in every form of file, their limits, and each from text to value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from crimes.files.row_errors import Fault

POLICE_COLUMNS = (
    "police_force",
    "crime_type_id",
    "crime_type_description",
    "batch_id",
    "crime_reference",
    "date_from",
    "date_to",
    "easting",
    "northing",
    "latitude",
    "longitude",
    "datum",
    "crime_text",
)
"""The columns of a police file, in their order, and the names of the same things in the richer forms."""

MORE_COLUMNS = ("place_uncertainty_m", "time_uncertainty_min", "time_zone", "weapon")
"""What the richer forms can say besides."""

KNOWN_COLUMNS = frozenset(POLICE_COLUMNS + MORE_COLUMNS)
REQUIRED_COLUMNS = ("police_force", "crime_type_id", "batch_id", "crime_reference", "date_from", "date_to")

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
LATITUDES_DEG = (49.5, 61.5)
LONGITUDES_DEG = (-8.5, 2.6)
POLICE_EASTINGS_M = (0.0, 600_000.0)
GRID_EASTINGS_M = (0.0, 700_000.0)
NORTHINGS_M = (0.0, 1_300_000.0)
PLACE_UNCERTAINTIES_M = (0.0, 10_000.0)
TIME_UNCERTAINTIES_MIN = (0.0, 360.0)
LONGEST_REFERENCE = 100
TIME_ZONES: Mapping[str, tzinfo] = {"UTC": UTC, "Europe/London": ZoneInfo("Europe/London")}
WGS84_NAMES = frozenset({"WGS84", "EPSG4326", "4326", "ETRS89"})
GRID_NAMES = frozenset({"OSGB36", "OSGB1936", "OSGB", "BNG", "BRITISHNATIONALGRID", "EPSG27700", "27700"})


@dataclass(frozen=True, slots=True)
class Place:
    """As it was given: degrees of WGS84, or metres of the British National Grid."""

    first: float  # latitude, or easting
    second: float  # longitude, or northing
    on_grid: bool


def number_of(text: str, bounds: tuple[float, float]) -> float | Fault:
    """A number in decimal digits, both bounds included."""
    if not NUMBER.fullmatch(text):
        return Fault(
            "this is no number in digits",
            "give digits, with a point and a sign where needed: a spreadsheet may have cut it to the form 5.29E+05",
        )
    value = float(text)
    least, most = bounds
    if least <= value <= most:
        return value
    if bounds == POLICE_EASTINGS_M and most < value <= GRID_EASTINGS_M[1]:
        return Fault(
            "the police form's eastings end at 600000, west of this place",
            "give latitude and longitude in place of easting and northing, or use a richer form",
        )
    return Fault("this is out of range", f"give {least:.10g} to {most:.10g}; see whether two columns are swapped")


def reference_of(text: str) -> str | Fault:
    """The force's own reference of the crime."""
    if not text:
        return Fault("the crime reference is missing", "give the force's reference of the crime")
    if len(text) > LONGEST_REFERENCE:
        return Fault("the crime reference is too long", f"give at most {LONGEST_REFERENCE} characters")
    if len(text.splitlines()) > 1 or "\t" in text:
        return Fault("the crime reference has a tab or runs over several lines", "give it on one line")
    return text


def datum_fault(text: str, *, on_grid: bool) -> Fault | None:
    """What is wrong with the datum beside a place. None needs to be given; a grid reference says itself what it is."""
    name = re.sub(r"[^A-Z0-9]", "", text.upper())
    if name in WGS84_NAMES or not name or (on_grid and name in GRID_NAMES):
        return None
    if name in GRID_NAMES:
        return Fault(
            "latitude and longitude on this datum lie about 100 m from those of WGS84",
            "give easting and northing, or latitude and longitude of WGS84",
        )
    return Fault("this is no datum that we know", "give WGS84 or OSGB36, or leave it empty")


def time_zone_of(text: str) -> tzinfo | Fault:
    """The zone whose clock the row's times are by."""
    zone = TIME_ZONES.get(text)
    return zone or Fault("this is no time zone that we take", f"give {' or '.join(TIME_ZONES)}, or leave it empty")
