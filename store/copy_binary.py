"""PostgreSQL's COPY BINARY format, packed from numpy columns.

Format: https://www.postgresql.org/docs/17/sql-copy.html#SQL-COPY-FILE-FORMATS. A row is the count of its fields, then
each field's length in bytes and its value, all big-endian; a NULL is the length -1 and no value.
"""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)  # no flags, no header extension
TRAILER = b"\xff\xff"
POSTGRES_EPOCH_US = 946_684_800_000_000
"""2000-01-01 UTC, from which PostgreSQL counts microseconds, in microseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Column:
    """``values`` of the shape ``(n,)`` as ``kind``; rows where ``null`` holds are NULL."""

    name: str
    kind: str  # of numpy, big-endian: ">i4", ">i8", ">f8" …
    values: NDArray[np.float64] | NDArray[np.int64]
    null: NDArray[np.bool_] | None = None


def timestamps(microseconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Microseconds since 1970 as the value of a ``timestamptz``."""
    return microseconds - POSTGRES_EPOCH_US


def pack(columns: list[Column]) -> io.BytesIO:
    """The COPY BINARY stream of the rows, ready for ``copy_expert``."""
    count = len(columns[0].values)
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for column in columns:
        layout += [(f"{column.name} length", ">i4"), (column.name, column.kind)]
    rows = np.zeros(count, dtype=np.dtype(layout))
    rows["fields"] = len(columns)
    kept = np.ones((count, rows.dtype.itemsize), dtype=bool)
    for column in columns:
        _fill(rows, kept, column)
    # tobytes: joining structured big-endian arrays would turn them native without a word
    body = rows.view(np.uint8).reshape(count, rows.dtype.itemsize)[kept].tobytes() if count else b""
    return io.BytesIO(SIGNATURE + body + TRAILER)


def _fill(rows: NDArray[np.void], kept: NDArray[np.bool_], column: Column) -> None:
    field = np.dtype(column.kind)
    length = rows[f"{column.name} length"]
    length[:] = field.itemsize
    if column.null is None:
        rows[column.name] = column.values
        return
    rows[column.name] = np.where(column.null, 0, column.values)
    length[column.null] = -1
    if rows.dtype.fields is None:
        raise TypeError("rows are structured")
    start = rows.dtype.fields[column.name][1]
    kept[:, start : start + field.itemsize] = ~column.null[:, None]


def unpack(stream: bytes | memoryview, kinds: dict[str, str]) -> NDArray[np.void]:
    """The rows of a COPY BINARY stream, as they lie: fields by the names of ``kinds``, which are numpy's as in Column.

    No value may be NULL: every row is as long as every other then. Raises ValueError where it is otherwise.
    """
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name, kind in kinds.items():
        layout += [(f"{name} length", ">i4"), (name, kind)]
    body, row = memoryview(stream)[len(SIGNATURE) : -len(TRAILER)], np.dtype(layout)
    rows = np.frombuffer(body, row, count=len(body) // row.itemsize)
    # a NULL would move all that follows, so the count of fields would not be found where it should be
    if len(body) % row.itemsize or (rows["fields"] != len(kinds)).any():
        raise ValueError(f"the stream's rows are not the {row.itemsize} bytes that {list(kinds)} take: is one NULL?")
    return rows


def microseconds(stamps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Values of a ``timestamptz`` as microseconds since 1970, the infinite ones as they are."""
    infinite = (stamps == np.iinfo(np.int64).min) | (stamps == np.iinfo(np.int64).max)
    return np.asarray(np.where(infinite, stamps, stamps + np.where(infinite, 0, POSTGRES_EPOCH_US)))
