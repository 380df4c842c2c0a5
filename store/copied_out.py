"""Many rows out of the database as numpy columns."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geofence.columns import Floats, Integers
from store.copy_binary import microseconds, unpack
from store.database import Cursor

TIMESTAMP = "timestamptz"
_KINDS = {TIMESTAMP: ">i8", "integer": ">i4", "bigint": ">i8", "smallint": ">i2", "real": ">f4", "float8": ">f8"}


class Table:
    """Columns of one length, by name; times are microseconds since 1970 UTC."""

    def __init__(self, columns: Mapping[str, Integers | Floats]) -> None:
        self._columns = columns

    def integers(self, name: str) -> Integers:
        return np.asarray(self._columns[name], np.int64)

    def floats(self, name: str) -> Floats:
        return np.asarray(self._columns[name], np.float64)


def copy_out(cursor: Cursor, query: str, parameters: Mapping[str, Any], types: Mapping[str, str]) -> Table:
    """What ``query`` selects: the columns of ``types``, PostgreSQL's, in that order, none of them NULL."""
    statement = cursor.mogrify(query, parameters).decode()  # COPY takes no parameters: the driver's literals
    stream = io.BytesIO()
    cursor.copy_expert(f"COPY ({statement}) TO STDOUT (FORMAT binary)", stream)
    rows = unpack(stream.getbuffer(), {name: _KINDS[kind] for name, kind in types.items()})
    return Table({name: _column(rows[name], kind) for name, kind in types.items()})


def _column(values: NDArray[np.void], kind: str) -> Integers | Floats:
    if kind == TIMESTAMP:
        return microseconds(values.astype(np.int64))
    return values.astype(np.float64) if kind in {"real", "float8"} else values.astype(np.int64)
