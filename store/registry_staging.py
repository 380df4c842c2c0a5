"""The rows of one file of people, staff or devices as COPY reads them, on disk: memory does not grow with the file, and
no lock is held while it is read.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple
from types import TracebackType
from typing import IO, Self

from psycopg2 import sql

from crimes.files.row_errors import RowError
from store.database import Cursor
from store.rows import insert_rows

_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x00": "\N{REPLACEMENT CHARACTER}"})
ERROR_COLUMNS = {
    "row_number": "integer",
    "field": "text",
    "value": "text",
    "problem": "text",
    "remedy": "text",
}


class RegistryStaging:
    """The good rows and the errors of one file; gone from the disk when the block ends."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        """``columns`` are those of the table ``staged``, with their types."""
        self._columns = {"row_number": "integer", **columns}
        self._rows: IO[bytes] = tempfile.TemporaryFile(prefix="cordon-registry-")  # noqa: SIM115  closed by the block
        self._errors: IO[bytes] = tempfile.TemporaryFile(prefix="cordon-registry-")  # noqa: SIM115  as above
        self.row_count = 0
        self.error_count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()
        self._errors.close()

    def add_row(self, number: int, cells: Mapping[str, str]) -> None:
        values = [str(number), *(cells.get(column) for column in self._columns if column != "row_number")]
        self._rows.write(_line(values))
        self.row_count += 1

    def add_error(self, error: RowError) -> None:
        row = None if error.row is None else str(error.row)
        self._errors.write(_line([row, error.field, error.value, error.problem, error.remedy]))
        self.error_count += 1

    def copy(self, cursor: Cursor) -> None:
        """Into the temporary tables ``staged`` and ``staged_errors``, which end with the transaction."""
        for table, columns, file in (
            ("staged", self._columns, self._rows),
            ("staged_errors", ERROR_COLUMNS, self._errors),
        ):
            listed = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in columns.items()
            )
            cursor.execute(
                sql.SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP").format(sql.Identifier(table), listed)
            )
            file.seek(0)
            cursor.copy_expert(f"COPY {table} FROM STDIN (ENCODING 'UTF8')", file)
            cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))


def count_errors(cursor: Cursor) -> int:
    cursor.execute("SELECT count(*) FROM staged_errors")
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def read_errors(cursor: Cursor, limit: int | None = None) -> Iterator[RowError]:
    """In the order of the rows, those of the whole file first."""
    cursor.execute(
        "SELECT row_number, field, value, problem, remedy FROM staged_errors"
        " ORDER BY row_number NULLS FIRST, field, problem LIMIT %s",
        (limit,),
    )
    while rows := cursor.fetchmany(1000):
        yield from (RowError(*row) for row in rows)


def note_errors(cursor: Cursor, found: str, field: str, problem: str, remedy: str) -> None:
    """Of each row that the query ``found`` gives as (row_number, value)."""
    cursor.execute(
        "INSERT INTO staged_errors (row_number, field, value, problem, remedy)"  # noqa: S608  queries of this package
        f" SELECT row_number, %(field)s, left(coalesce(value, ''), 80), %(problem)s, %(remedy)s FROM ({found}) found",
        {"field": field, "problem": problem, "remedy": remedy},
    )


def note_repeated(cursor: Cursor, column: str, problem: str, remedy: str) -> None:
    """Of each row whose ``column``, in whatever capitals, an earlier row has."""
    found = (
        f"SELECT row_number, {column} AS value FROM (SELECT row_number, {column},"  # noqa: S608  a name of this package
        f" row_number() OVER (PARTITION BY lower({column}) ORDER BY row_number) AS place FROM staged"
        f" WHERE {column} IS NOT NULL) numbered WHERE place > 1"
    )
    note_errors(cursor, found, column, problem, remedy)


def note_unknown_teams(cursor: Cursor) -> None:
    found = (
        "SELECT row_number, team AS value FROM staged"
        " WHERE team IS NOT NULL AND NOT EXISTS (SELECT FROM teams WHERE teams.name = staged.team)"
    )
    note_errors(cursor, found, "team", "there is no such team", "add it first, or correct its name")


def add_errors(cursor: Cursor, errors: Iterable[RowError]) -> None:
    insert_rows(
        cursor,
        "INSERT INTO staged_errors (row_number, field, value, problem, remedy) VALUES %s",
        (astuple(one) for one in errors),
    )


def _line(values: Iterable[str | None]) -> bytes:
    return ("\t".join("\\N" if one is None else one.translate(_ESCAPED) for one in values) + "\n").encode(
        "utf-8", "replace"
    )
