"""The crimes of one police file, staged."""

from collections.abc import Mapping

import msgspec

from model.crimes import Crime
from model.times import from_microseconds
from store.database import Cursor
from store.file_staging import INSTEAD, UNSTORABLE, FileStaging

CRIME_COLUMNS = (
    "row_number, reference, crime_type, description, lat, lon, place_uncertainty_m, from_time, to_time, windows, notes,"
    " given"
)
ERROR_COLUMNS = "row_number, field, value, problem, remedy"


class CrimeStaging(FileStaging):
    """One police file's crimes."""

    def __init__(self) -> None:
        super().__init__("cordon-crimes-")

    def add_crime(self, row_number: int, crime: Crime, given: Mapping[str, str]) -> None:
        hull = crime.hull
        values = (
            str(row_number),
            crime.reference,
            crime.crime_type,
            crime.description,
            repr(crime.lat),
            repr(crime.lon),
            repr(crime.place_uncertainty_m),
            from_microseconds(hull.from_us).isoformat(),
            from_microseconds(hull.to_us).isoformat(),
            _document([[one.from_us, one.to_us] for one in crime.windows]),
            _document(crime.notes),
            _document(given),
        )
        self._add_row(values)

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
            (self._rows, "staged_crimes", CRIME_COLUMNS),
            (self._errors, "staged_errors", ERROR_COLUMNS),
        ):
            file.seek(0)
            cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN (ENCODING 'UTF8')", file)
            cursor.execute(f"ANALYZE {table}")


def _document(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    if "\\u0000" in text:
        return msgspec.json.encode(_storable(value)).decode()
    return text


def _storable(value: object) -> object:
    """The same without the one character that no document of the database holds."""
    if isinstance(value, str):
        return value.replace(UNSTORABLE, INSTEAD)
    if isinstance(value, Mapping):
        return {_storable(name): _storable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(inner) for inner in value]
    return value
