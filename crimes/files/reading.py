"""The one entrance of police files: a stream of bytes in, crimes and errors out, row by row."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from itertools import chain
from typing import BinaryIO

import numpy as np

from crimes.files.crime_rows import RowDraft, RowReader, RowRules
from crimes.files.csv_rows import open_csv
from crimes.files.feature_rows import feature_rows
from crimes.files.file_text import RefusedFileError, open_text, refused
from crimes.files.one_batch import OneBatch
from crimes.files.osgb36 import to_wgs84
from crimes.files.raw_rows import RawRow
from crimes.files.row_errors import Fault, RowError, row_error
from model.crimes import Crime

ROWS_AT_ONCE = 4096
"""So many places are converted together."""


class CrimeFormat(StrEnum):
    """The forms of file, as ``crime_batches.format`` has them."""

    POLICE_CSV = "police_csv"
    CSV = "csv"
    GEOJSON = "geojson"


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A row with nothing wrong. ``given`` is what stood in the file, by field, without space about it."""

    row_number: int
    crime: Crime
    given: dict[str, str]


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A row that is not taken, with all that is wrong with it."""

    row_number: int
    errors: tuple[RowError, ...]


ReadRow = ParsedRow | FailedRow


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of a file once its rows have been read.

    Where ``refusals`` has anything, the file is refused as a whole: no crime of it may be kept, not even those of rows
    handed out before. ``force`` and ``batch`` are those of the first row that has them.
    """

    format: CrimeFormat | None
    force: str | None  # crimes.files.forces.Force.identifier
    batch: str | None
    row_count: int  # of rows with crimes; headers and empty lines are none
    refusals: tuple[RowError, ...]


@dataclass
class CrimeFileReader:
    """Reads a police file once, from its beginning; ``facts`` holds when the iteration has ended.

    ``now_us`` is when the file came: a crime that begins later is an error. None: no such check. ``zones`` has the
    time zone of each force, by its identifier, that has declared to write local times; of all others they are UTC.
    Errors are values: only what ``stream.read`` raises is raised. Memory grows with the file by the references of its
    rows alone, and no further than those of ``file_text.MOST_ROWS``.
    """

    stream: BinaryIO
    now_us: int | None = None
    zones: Mapping[str, tzinfo] = field(default_factory=dict)
    _format: CrimeFormat | None = None
    _batch: OneBatch = field(default_factory=OneBatch)
    _row_count: int = 0
    _refusal: RowError | None = None

    def __iter__(self) -> Iterator[ReadRow]:
        pending: list[RowDraft | FailedRow] = []
        try:
            raw_rows = self._raw_rows()
            rules = RowRules(self.now_us, self.zones, is_rich=self._format is not CrimeFormat.POLICE_CSV)
            for raw in raw_rows:
                pending.append(self._read(raw, rules))
                if len(pending) == ROWS_AT_ONCE:
                    yield from self._finished(pending)
                    pending.clear()
            if not self._row_count:
                raise refused("the file has no crimes", "send the file with its crimes")
        except RefusedFileError as refusal:
            self._refusal = refusal.error
        yield from self._finished(pending)

    @property
    def facts(self) -> FileFacts:
        refusals = self._batch.refusals() if self._refusal is None else (self._refusal, *self._batch.refusals())
        return FileFacts(
            format=self._format,
            force=self._batch.force.identifier if self._batch.force else None,
            batch=str(self._batch.batch) if self._batch.batch else None,
            row_count=self._row_count,
            refusals=refusals,
        )

    def _raw_rows(self) -> Iterator[RawRow]:
        """Raises RefusedFileError, at once or later."""
        pieces = open_text(self.stream)
        first = next(pieces)
        pieces = chain([first], pieces)
        beginning = first.lstrip()[:1]
        if beginning == b"{":
            self._format = CrimeFormat.GEOJSON
            return feature_rows(pieces)
        if beginning == b"[":
            raise refused("the file is JSON, but no FeatureCollection", "send a GeoJSON FeatureCollection, or CSV")
        opened = open_csv(pieces)
        self._format = CrimeFormat.CSV if opened.is_rich else CrimeFormat.POLICE_CSV
        return opened.rows

    def _read(self, raw: RawRow, rules: RowRules) -> RowDraft | FailedRow:
        self._row_count += 1
        if raw.errors and not raw.given:
            return FailedRow(raw.row_number, raw.errors)
        reader = RowReader(raw.row_number, raw.given, rules, list(raw.errors))
        draft = reader.read()
        self._batch.compare(reader)
        return FailedRow(raw.row_number, tuple(reader.errors)) if draft is None or reader.errors else draft

    def _finished(self, rows: list[RowDraft | FailedRow]) -> Iterator[ReadRow]:
        """In the order of the file, the grid references converted together."""
        on_grid = [row.place for row in rows if isinstance(row, RowDraft) and row.place.on_grid]
        lat, lon = to_wgs84(np.array([one.first for one in on_grid]), np.array([one.second for one in on_grid]))
        converted = zip(lat.tolist(), lon.tolist(), strict=True)
        for row in rows:
            if isinstance(row, FailedRow):
                yield row
            elif row.place.on_grid:
                yield _from_grid(row, *next(converted))
            else:
                yield ParsedRow(row.row_number, _crime(row, row.place.first, row.place.second), row.given)


def _from_grid(row: RowDraft, lat: float, lon: float) -> ReadRow:
    given = f"{row.given['easting']}, {row.given['northing']}"
    if np.isnan(lat):
        problem = "the British National Grid's transformation does not reach this place: it is out at sea"
        fault = Fault(problem, "check easting and northing, or give latitude and longitude")
        return FailedRow(row.row_number, (row_error(row.row_number, "easting, northing", given, fault),))
    note = f"The place was given as the British National Grid's {given} and converted with OSTN15."
    return ParsedRow(row.row_number, _crime(row, lat, lon, note), row.given)


def _crime(row: RowDraft, lat: float, lon: float, *notes: str) -> Crime:
    return Crime(
        force=row.force.identifier,
        reference=row.reference,
        crime_type=row.crime_type,
        description=row.description,
        lat=lat,
        lon=lon,
        place_uncertainty_m=row.place_uncertainty_m,
        windows=row.windows,
        notes=row.notes + notes,
    )
