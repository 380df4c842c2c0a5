"""Many rows in few statements."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from psycopg2.extras import execute_values

from store.database import Cursor

PAGE_ROWS = 1000
PAGE_BYTES = 16 * 1024 * 1024
"""A statement grows to twice its bytes and a half, and the server takes none above 1 GB."""


def insert_rows(cursor: Cursor, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run ``statement``, whose ``VALUES %s`` stands for the rows, for all of them; for none, not at all."""
    for page in _pages(rows):
        execute_values(cursor, statement, page, page_size=PAGE_ROWS)


def _pages(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    """Pages bounded in rows and, as far as a row itself is, in bytes."""
    page: list[Sequence[Any]] = []
    size = 0
    for row in rows:
        row_bytes = sum(len(value) for value in row if isinstance(value, bytes))
        if page and (len(page) == PAGE_ROWS or size + row_bytes > PAGE_BYTES):
            yield page
            page, size = [], 0
        page.append(row)
        size += row_bytes
    if page:
        yield page
