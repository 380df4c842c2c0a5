"""Rows of an export as CSV and GeoJSON, written as they come."""

import csv
import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import msgspec

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
    """The track as ``track.csv`` and, one feature a position, as ``track.geojson`` (RFC 7946). The number of positions.

    Words stand in place of the numbers of mechanism and flags.
    """
    count = 0
    with folder.file("track.csv") as table, folder.file("track.geojson") as features:
        writer = csv.writer(_Lines(table), lineterminator="\r\n")
        writer.writerow(rows.columns)
        features.write(b'{"type":"FeatureCollection","features":[')
        for row in rows.rows:
            values = dict(zip(rows.columns, row, strict=True))
            values["mechanism"] = Mechanism(values["mechanism"]).word
            values["flags"] = " ".join(PositionFlag(values["flags"]).words)
            writer.writerow([cell(_text(value)) for value in values.values()])
            features.write((b",\n" if count else b"\n") + _feature(values))
            count += 1
        features.write(b"\n]}\n")
    return count


def _feature(values: dict[str, Any]) -> bytes:
    point = {"type": "Point", "coordinates": (values.pop("lon"), values.pop("lat"))}
    return msgspec.json.encode({"type": "Feature", "geometry": point, "properties": values})


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value
