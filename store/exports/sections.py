"""One table of an export about a person: a statement, and the words that say what it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.database import Cursor, fetch_one

FETCHED = 10_000  # rows that are in memory at once


@dataclass(frozen=True, slots=True)
class Section:
    """``query`` takes %(person)s, %(from)s and %(to)s. ``name`` is the file's, without its ending."""

    name: str
    words: str
    query: str


@dataclass(frozen=True, slots=True)
class About:
    """Whom an export is about, and when; both times of a subject's own are without an end."""

    person_id: int
    from_time: datetime | None
    to_time: datetime | None

    @property
    def parameters(self) -> Mapping[str, Any]:
        return {
            "person": self.person_id,
            "from": self.from_time or "-infinity",
            "to": self.to_time or "infinity",
        }


@dataclass(frozen=True, slots=True)
class Rows:
    """``columns`` are names; each row is a value a column."""

    columns: tuple[str, ...]
    rows: Iterator[Sequence[Any]]


def read_section(cursor: Cursor, common: str, section: Section, about: About) -> Rows:
    """The rows as they stream from the server; ``common`` stands before the statement."""
    reader = cursor.connection.cursor(f"section_{section.name}")
    reader.itersize = FETCHED
    reader.execute(common + section.query, about.parameters)
    first = reader.fetchmany(FETCHED)
    columns = tuple(column.name for column in reader.description or ())
    return Rows(columns, _rows(reader, first))


def _rows(reader: Cursor, first: Sequence[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    with reader:
        while first:
            yield from first
            first = reader.fetchmany(FETCHED)


def read_count(cursor: Cursor, common: str, query: str, about: About) -> int:
    cursor.execute(common + query, about.parameters)
    found: int = fetch_one(cursor)[0]
    return found
