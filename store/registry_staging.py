"""The rows of one file of people, staff or devices, staged, and what is found wrong with them beside each other."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple

from psycopg2 import sql

from crimes.files.row_errors import RowError
from store.database import Cursor
from store.file_staging import FileStaging
from store.rows import insert_rows

ERROR_COLUMNS = {
    "row_number": "integer",
    "field": "text",
    "value": "text",
    "problem": "text",
    "remedy": "text",
}


class RegistryStaging(FileStaging):
    """One file's rows as they are given, cell by cell."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        """``columns`` are those of the table ``staged``, with their types."""
        super().__init__("cordon-registry-")
        self._columns = {"row_number": "integer", **columns}

    def add_row(self, number: int, cells: Mapping[str, str]) -> None:
        values = [str(number), *(cells.get(column) for column in self._columns if column != "row_number")]
        self._add_row(values)

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
