"""Crimes that police published, as the file that the force would have sent. Only the times are made up."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from convertbng import cutil

from model.times import to_microseconds
from tests.crimes.files.police_files import ON_GRID, police_csv, read

TYPES = {"Burglary": "BIAD", "Robbery": "RB", "Theft from the person": "TFP", "Vehicle crime": "TFMV"}
FILES = {
    "2019-06-metropolitan-burglary.csv": {"police_force": "Metropolitan", "batch_id": "MPS20190701"},
    "2019-06-city-of-london-street.csv": {"police_force": "CoLP", "batch_id": "CoLP20190701"},
}
HALF_A_METRE_DEG = 8e-6


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("on_grid", [False, True], ids=["degrees", "grid"])
def test_published_crimes_are_read_where_and_when_they_were(shared_data: Path, name: str, *, on_grid: bool) -> None:
    published = [row for row in _published(shared_data / "crimes" / name) if row["Crime type"] in TYPES]
    lat = np.array([float(row["Latitude"]) for row in published])
    lon = np.array([float(row["Longitude"]) for row in published])
    rows = [FILES[name] | _row(number, row) for number, row in enumerate(published)]
    if on_grid:
        grid = zip(*cutil.convert_to_osgb36(lon, lat), strict=True)
        rows = [
            row | ON_GRID | {"easting": f"{easting:.0f}", "northing": f"{northing:.0f}"}
            for row, (easting, northing) in zip(rows, grid, strict=True)
        ]
    parsed, failed, facts = read(police_csv(*rows))
    assert not failed
    assert not facts.refusals
    assert len(published) > 100
    assert [one.crime.reference for one in parsed] == [row["crime_reference"] for row in rows]
    assert np.allclose([one.crime.lat for one in parsed], lat, rtol=0, atol=HALF_A_METRE_DEG)
    assert np.allclose([one.crime.lon for one in parsed], lon, rtol=0, atol=HALF_A_METRE_DEG)
    assert [one.crime.hull.from_us for one in parsed] == [to_microseconds(_time(number)) for number in range(len(rows))]


def _published(path: Path) -> list[dict[str, str]]:
    """Without those that have no place: published so, and never sent."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["Latitude"]]


def _time(number: int) -> datetime:
    return datetime(2019, 6, 1, tzinfo=UTC) + timedelta(minutes=7 * number)


def _row(number: int, published: dict[str, str]) -> dict[str, str]:
    return {
        "crime_type_id": TYPES[published["Crime type"]],
        "crime_reference": f"{published['Crime ID'][:40]}-{number}",
        "date_from": f"{_time(number):%Y%m%d%H%M%S}",
        "date_to": f"{_time(number) + timedelta(hours=2):%Y%m%d%H%M%S}",
        "latitude": published["Latitude"],
        "longitude": published["Longitude"],
        "crime_text": published["Location"],
    }
