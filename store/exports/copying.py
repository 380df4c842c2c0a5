"""Whole tables out of the database and into it, in PostgreSQL's CSV, and what proves that nothing was lost."""

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any, Protocol, cast

from psycopg2 import sql

from store.database import Cursor, fetch_one

_COLUMNS = """
    SELECT relnamespace::regnamespace || '.' || relname, attname, format_type(atttypid, atttypmod), NOT attnotnull
    FROM pg_class class JOIN pg_attribute ON attrelid = class.oid
    WHERE relnamespace IN ('cordon'::regnamespace, 'cordon_protected'::regnamespace) AND relkind IN ('r', 'p')
      AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    ORDER BY 1, attnum
"""
_KEYS = """
    SELECT relnamespace::regnamespace || '.' || relname, array_agg(attname ORDER BY place)
    FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    CROSS JOIN unnest(conkey) WITH ORDINALITY AS part (number, place)
    JOIN pg_attribute ON attrelid = conrelid AND attnum = number
    WHERE contype = 'p' AND relnamespace IN ('cordon'::regnamespace, 'cordon_protected'::regnamespace)
    GROUP BY 1
"""
_REFERENCES = """
    SELECT DISTINCT own.relnamespace::regnamespace || '.' || own.relname,
           other.relnamespace::regnamespace || '.' || other.relname
    FROM pg_constraint JOIN pg_class own ON own.oid = conrelid JOIN pg_class other ON other.oid = confrelid
    WHERE contype = 'f' AND conrelid <> confrelid
      AND own.relnamespace IN ('cordon'::regnamespace, 'cordon_protected'::regnamespace)
"""
_TRIGGERS = """
    SELECT relnamespace::regnamespace || '.' || relname, tgname, tgenabled
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE NOT tgisinternal AND tgenabled <> 'D' AND tgrelid = ANY (%s::regclass[])
      AND pronamespace IN ('cordon'::regnamespace, 'cordon_protected'::regnamespace)
    ORDER BY 1, 2
"""
_ENABLE = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA"}
_OUT = "(FORMAT csv, HEADER true, ENCODING 'UTF8')"
_IN = "(FORMAT csv, HEADER match, ENCODING 'UTF8')"  # the names of the columns are compared


class Writable(Protocol):
    def write(self, data: bytes, /) -> Any: ...


class Readable(Protocol):
    def read(self, size: int = -1, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    nullable: bool


@dataclass(frozen=True, slots=True)
class Table:
    """One table, by its schema and name; the columns that are copied, and those of the primary key."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def identifier(self) -> sql.Composable:
        return sql.Identifier(*self.name.split("."))

    @property
    def column_list(self) -> sql.Composable:
        return sql.SQL(", ").join(sql.Identifier(column.name) for column in self.columns)

    @property
    def order(self) -> sql.Composable:
        """Of the rows: by the key, so that the same rows are the same file."""
        return sql.SQL(", ").join(map(sql.Identifier, self.key)) if self.key else self.column_list


@dataclass(frozen=True, slots=True)
class Count:
    """``content`` is the sum of a 64-bit hash of each row: the same for the same rows in whatever order."""

    rows: int
    content: str
    kinds: dict[str, int]


def read_tables(cursor: Cursor) -> dict[str, Table]:
    """Every table of the service, by its name with its schema."""
    cursor.execute(_KEYS)
    keys = {name: tuple(columns) for name, columns in cursor.fetchall()}
    cursor.execute(_COLUMNS)
    columns: dict[str, list[Column]] = {}
    for table, *column in cursor.fetchall():
        columns.setdefault(table, []).append(Column(*column))
    return {name: Table(name, tuple(found), keys.get(name, ())) for name, found in columns.items()}


def fix_formats(cursor: Cursor) -> None:
    """Until the transaction ends, the same value is the same text as in every other server."""
    cursor.execute(
        "SELECT set_config('extra_float_digits', '1', true), set_config('bytea_output', 'hex', true),"
        " set_config('datestyle', 'ISO, YMD', true), set_config('intervalstyle', 'postgres', true),"
        " set_config('timezone', 'UTC', true)"
    )


def in_order_of_references(cursor: Cursor, names: Iterable[str]) -> list[str]:
    """The tables so that each comes after those that it refers to."""
    wanted = set(names)
    cursor.execute(_REFERENCES)
    graph: dict[str, set[str]] = {name: set() for name in sorted(wanted)}
    for table, referred in cursor.fetchall():
        if table in wanted and referred in wanted:
            graph[table].add(referred)
    return list(TopologicalSorter(graph).static_order())


def copy_out(cursor: Cursor, table: Table, file: Writable) -> None:
    """All rows in the order of their key, with one line of headings, as they stream from the server."""
    statement = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT {}").format(
        table.column_list, table.identifier, table.order, sql.SQL(_OUT)
    )
    cursor.copy_expert(statement, file)


def copy_in(cursor: Cursor, table: Table, file: Readable) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN {}").format(table.identifier, table.column_list, sql.SQL(_IN))
    cursor.copy_expert(statement, cast("Any", file))  # its types ask for readline, which it never calls


def count(cursor: Cursor, table: Table, by: str | None) -> Count:
    """``by`` is an expression of ``store.exports.supplied``; the rows are counted by its value."""
    statement = sql.SQL(
        "SELECT coalesce(({by})::text, ''), count(*), coalesce(sum(hashtextextended(ROW({columns})::text, 0)), 0)"
        " FROM {table} GROUP BY 1 ORDER BY 1"
    ).format(by=sql.SQL(by or "''"), columns=table.column_list, table=table.identifier)
    cursor.execute(statement)
    found = cursor.fetchall()
    return Count(
        sum(rows for _, rows, _ in found),
        str(sum(content for *_, content in found)),
        {kind: rows for kind, rows, _ in found} if by else {},
    )


def count_where(cursor: Cursor, table: Table, condition: str) -> int:
    cursor.execute(sql.SQL("SELECT count(*) FROM {} WHERE {}").format(table.identifier, sql.SQL(condition)))
    rows: int = fetch_one(cursor)[0]
    return rows


def read_sequences(cursor: Cursor) -> dict[str, int | None]:
    """The last number that each gave out; None where it gave none yet."""
    cursor.execute(
        "SELECT schemaname || '.' || sequencename, last_value FROM pg_sequences"
        " WHERE schemaname IN ('cordon', 'cordon_protected') ORDER BY 1"
    )
    return dict(cursor.fetchall())


def set_sequences(cursor: Cursor, last: dict[str, int | None]) -> None:
    """Each goes on behind the last number that it gave out; one that gave none is left."""
    for name, number in last.items():
        if number is not None:
            cursor.execute("SELECT setval(%s::regclass, %s)", (name, number))


@dataclass(frozen=True, slots=True)
class Trigger:
    table: str
    name: str
    mode: str

    def switch(self, cursor: Cursor, words: str) -> None:
        table, name = sql.Identifier(*self.table.split(".")), sql.Identifier(self.name)
        cursor.execute(sql.SQL("ALTER TABLE {} {} TRIGGER {}").format(table, sql.SQL(words), name))

    def switch_off(self, cursor: Cursor) -> None:
        self.switch(cursor, "DISABLE")

    def switch_on(self, cursor: Cursor) -> None:
        self.switch(cursor, _ENABLE[self.mode])


def triggers_of(cursor: Cursor, names: Iterable[str]) -> list[Trigger]:
    """The service's own triggers on these tables: what they do was done when the rows were first written."""
    cursor.execute(_TRIGGERS, (sorted(names),))
    return [Trigger(*row) for row in cursor.fetchall()]


def shut(cursor: Cursor, tables: Iterable[Table]) -> list[str]:
    """Shut the tables to everybody else until the transaction ends; the names of those that hold rows."""
    held = []
    for table in tables:
        cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(table.identifier))
        cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(table.identifier))
        if fetch_one(cursor)[0]:
            held.append(table.name)
    return held


def empty(cursor: Cursor, table: Table) -> None:
    cursor.execute(sql.SQL("DELETE FROM {}").format(table.identifier))


def applied_migrations(cursor: Cursor) -> dict[str, str]:
    """Name and checksum of each."""
    cursor.execute("SELECT name, checksum FROM cordon.schema_migrations ORDER BY name")
    return dict(cursor.fetchall())
