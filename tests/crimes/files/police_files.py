"""Police files to test with, said in few words."""

import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from crimes.files.crime_fields import POLICE_COLUMNS
from crimes.files.reading import CrimeFileReader, FailedRow, FileFacts, ParsedRow
from crimes.files.row_errors import RowError
from model.crimes import Crime
from model.times import to_microseconds

LONDON = ZoneInfo("Europe/London")
GOOD = {
    "police_force": "Metropolitan",
    "crime_type_id": "RB",
    "crime_type_description": "Robbery",
    "batch_id": "MPS20250126",
    "crime_reference": "CRI00000001",
    "date_from": "20250125083000",
    "date_to": "20250125093000",
    "easting": "",
    "northing": "",
    "latitude": "51.499946",
    "longitude": "-0.137433",
    "datum": "WGS84",
    "crime_text": "",
}
ON_GRID = {"easting": "529381", "northing": "179534", "latitude": "", "longitude": "", "datum": ""}
SECOND_CRIME = {"crime_reference": "CRI00000002"}


def us(text: str) -> int:
    """Of a UTC time such as 2025-01-25T08:30."""
    return to_microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC))


def police_csv(*rows: dict[str, str]) -> bytes:
    """The police form: each row is GOOD but for the fields it names."""
    return _table(list((GOOD | row).values()) for row in rows)


def rich_csv(*rows: dict[str, str]) -> bytes:
    """The form with a header, which names GOOD's fields and those of the rows."""
    columns = list(dict.fromkeys([*GOOD, *(name for row in rows for name in row)]))
    return _table([columns, *([(GOOD | row).get(name, "") for name in columns] for row in rows)])


def geojson(*rows: dict[str, Any], coordinates: Any = (-0.137433, 51.499946)) -> bytes:
    given = {name: value for name, value in GOOD.items() if name not in {"latitude", "longitude"}}
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": coordinates},
            "properties": given | row,
        }
        for row in rows
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def read(content: bytes | BinaryIO, **how: Any) -> tuple[list[ParsedRow], list[FailedRow], FileFacts]:
    """Rows taken, rows not taken, and the facts."""
    reader = CrimeFileReader(io.BytesIO(content) if isinstance(content, bytes) else content, **how)
    rows = list(reader)
    parsed = [row for row in rows if isinstance(row, ParsedRow)]
    failed = [row for row in rows if isinstance(row, FailedRow)]
    return parsed, failed, reader.facts


def crime_of(content: bytes, **how: Any) -> Crime:
    """Of a file with one crime and nothing wrong."""
    (row,), failed, facts = read(content, **how)
    assert not failed
    assert not facts.refusals
    return row.crime


def errors_of(content: bytes, **how: Any) -> list[RowError]:
    return [error for row in read(content, **how)[1] for error in row.errors]


def refusal_of(content: bytes | BinaryIO) -> RowError:
    parsed, failed, facts = read(content)
    (refusal,) = facts.refusals
    assert not parsed
    assert not failed
    return refusal


def _table(rows: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


assert tuple(GOOD) == POLICE_COLUMNS
