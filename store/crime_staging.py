"""The rows of one police file as COPY reads them, on disk: memory does not grow with the file, and no lock is held
while it is read.
"""

import tempfile
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import IO, Self

import msgspec

from crimes.files.row_errors import RowError
from model.crimes import Crime
from model.times import from_microseconds
from store.database import Cursor

UNSTORABLE = "\x00"  # no text of PostgreSQL holds it
INSTEAD = "\N{REPLACEMENT CHARACTER}"
CRIME_COLUMNS = (
    "row_number, reference, crime_type, description, lat, lon, place_uncertainty_m, from_time, to_time, windows, notes,"
    " given"
)
ERROR_COLUMNS = "row_number, field, value, problem, remedy"

_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", UNSTORABLE: INSTEAD})


class Staging:
    """The crimes and the errors of one file; gone from the disk when the block ends."""

    def __init__(self) -> None:
        self._crimes = _temporary()
        self._errors = _temporary()
        self.crime_count = 0
        self.error_count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._crimes.close()
        self._errors.close()

    def add_crime(self, row_number: int, crime: Crime, given: Mapping[str, str]) -> None:
        hull = crime.hull
        fields = (
            str(row_number),
            _escaped(crime.reference),
            _escaped(crime.crime_type),
            _escaped(crime.description),
            repr(crime.lat),
            repr(crime.lon),
            repr(crime.place_uncertainty_m),
            from_microseconds(hull.from_us).isoformat(),
            from_microseconds(hull.to_us).isoformat(),
            _document([[one.from_us, one.to_us] for one in crime.windows]),
            _document(crime.notes),
            _document(given),
        )
        self._crimes.write(_line(fields))
        self.crime_count += 1

    def add_error(self, error: RowError) -> None:
        fields = (
            "\\N" if error.row is None else str(error.row),
            _escaped(error.field),
            _escaped(error.value),
            _escaped(error.problem),
            _escaped(error.remedy),
        )
        self._errors.write(_line(fields))
        self.error_count += 1

    def copy(self, cursor: Cursor) -> None:
        """Into the temporary tables ``staged_crimes`` and ``staged_errors``, which end with the transaction."""
        cursor.execute(
            """
            CREATE TEMPORARY TABLE staged_crimes (
              row_number integer, reference text, crime_type text, description text,
              lat double precision, lon double precision, place_uncertainty_m real,
              from_time timestamptz, to_time timestamptz, windows jsonb, notes jsonb, given jsonb) ON COMMIT DROP;
            CREATE TEMPORARY TABLE staged_errors (
              place integer GENERATED ALWAYS AS IDENTITY, row_number integer,
              field text, value text, problem text, remedy text) ON COMMIT DROP
            """
        )
        for file, table, columns in (
            (self._crimes, "staged_crimes", CRIME_COLUMNS),
            (self._errors, "staged_errors", ERROR_COLUMNS),
        ):
            file.seek(0)
            cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN (ENCODING 'UTF8')", file)
            cursor.execute(f"ANALYZE {table}")


def _temporary() -> IO[bytes]:
    return tempfile.TemporaryFile(prefix="cordon-crimes-")


def _line(fields: Iterable[str]) -> bytes:
    return ("\t".join(fields) + "\n").encode("utf-8", "replace")


def _escaped(text: str) -> str:
    return text.translate(_ESCAPED)


def _document(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    if "\\u0000" in text:
        text = msgspec.json.encode(_storable(value)).decode()
    return text.replace("\\", "\\\\")


def _storable(value: object) -> object:
    """The same without the one character that no document of the database holds."""
    if isinstance(value, str):
        return value.replace(UNSTORABLE, INSTEAD)
    if isinstance(value, Mapping):
        return {_storable(name): _storable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(inner) for inner in value]
    return value
