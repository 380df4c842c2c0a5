"""Rows of an export as CSV and GeoJSON, written as they come."""

import csv
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from crimes.evidence.text import cell
from ingest.exports.folder import HashedFile, NewFolder
from model.enums import Mechanism, PositionFlag
from store.exports.sections import Rows

Changed = Callable[[Any], Any]
"""What is done with each value before it is written."""


def write_csv(folder: NewFolder, name: str, rows: Rows, changed: Changed) -> int:
    """UTF-8, a line of headings, one row a line; a cell that a spreadsheet would run is harmless. The row count."""
    count = 0
    with folder.file(name) as file:
        writer = csv.writer(_Lines(file), lineterminator="\r\n")
        writer.writerow(rows.columns)
        for row in rows.rows:
            writer.writerow([cell(_text(changed(value))) for value in row])
            count += 1
    return count


class _Lines:
    """Text as the bytes of a file: the writer of CSV gives one line at a time."""

    def __init__(self, file: HashedFile) -> None:
        self._file = file

    def write(self, text: str, /) -> int:
        return self._file.write(text.encode())


def write_track(folder: NewFolder, rows: Rows) -> int:
    """The track as GeoJSON (RFC 7946): one feature a position. The number of positions."""
    count = 0
    with folder.file("track.geojson") as file:
        file.write(b'{"type":"FeatureCollection","features":[')
        for row in rows.rows:
            file.write((",\n" if count else "\n").encode() + _feature(dict(zip(rows.columns, row, strict=True))))
            count += 1
        file.write(b"\n]}\n")
    return count


def plain_track(rows: Rows) -> Rows:
    """The same with words in place of the numbers of mechanism and flags."""
    mechanism, flags = rows.columns.index("mechanism"), rows.columns.index("flags")

    def worded(row: Sequence[Any]) -> Sequence[Any]:
        values = list(row)
        values[mechanism] = Mechanism(row[mechanism]).word
        values[flags] = " ".join(PositionFlag(row[flags]).words)
        return values

    return Rows(rows.columns, map(worded, rows.rows))


def _feature(values: dict[str, Any]) -> bytes:
    point = {"type": "Point", "coordinates": [values.pop("lon"), values.pop("lat")]}
    properties = {name: _text(value) for name, value in values.items()}
    document = {"type": "Feature", "geometry": point, "properties": properties}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value
