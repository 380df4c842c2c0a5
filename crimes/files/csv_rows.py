"""Rows of a CSV file: the police form without a header, or the richer form with one."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

from crimes.files.crime_fields import KNOWN_COLUMNS, POLICE_COLUMNS, REQUIRED_COLUMNS
from crimes.files.file_text import RowLines, check_row_count, refused
from crimes.files.raw_rows import RawRow
from crimes.files.row_errors import COLUMNS as ERROR_COLUMNS
from crimes.files.row_errors import Fault, RowError, row_error, shortened

FEWEST_NAMES = 3
"""So many cells that are names of columns make a row a header."""

REMEDY = "close every quotation mark, and double those within a text"
CORRECT = "correct the rows that it names in the police file that it is about, and send that file, or those rows"
SWALLOWED = re.compile(r"[\r\n].*,[ \"]*[0-9]{4}-?[0-9]{2}-?[0-9]{2}T?[0-9]{2}:?[0-9]{2}[^,\r\n]*,")
"""A time between commas, in a later line of a text: another row, which a stray quotation mark has made part of it."""

Record = tuple[int, list[str] | Fault]


@dataclass(frozen=True, slots=True)
class CsvFile:
    """``is_rich``: the file has a header."""

    is_rich: bool
    rows: Iterator[RawRow]


def open_csv(pieces: Iterator[bytes]) -> CsvFile:
    """The file's form, and its rows as they are read. Raises RefusedFileError, as do the rows."""
    records = _records(RowLines(pieces))
    first = next(records, None)
    number, cells = first or (1, [])
    names = [] if isinstance(cells, Fault) else [_name(cell) for cell in cells]
    if tuple(names) == ERROR_COLUMNS:
        raise refused("this is a list of errors, not the crimes themselves", CORRECT, row=number)
    if len(KNOWN_COLUMNS.intersection(names)) < FEWEST_NAMES:
        return CsvFile(is_rich=False, rows=_rows(chain([first] if first else [], records), POLICE_COLUMNS))
    _check_header(number, names)
    return CsvFile(is_rich=True, rows=_rows(records, names))


def _records(lines: RowLines) -> Iterator[Record]:
    """Numbered from 1 as a spreadsheet does, empty lines counted but left out."""
    reader = csv.reader(lines, strict=True)
    for number in count(1):
        check_row_count(number)
        lines.begin_row(number)
        cells = _next_record(reader, number)
        if cells is None:
            return
        if isinstance(cells, Fault) or len(cells) > 1 or "".join(cells).strip():
            yield number, cells


def _next_record(reader: Any, number: int) -> list[str] | Fault | None:
    """None at the end of the file. ``reader`` is the CSV module's, which goes on with the next line after an error."""
    lines_before = reader.line_num
    try:
        cells: list[str] | None = next(reader, None)
    except csv.Error as error:
        if reader.line_num == lines_before + 1:
            return Fault(f"this is no CSV: {error}", REMEDY)
        problem = f"row {number} runs over {reader.line_num - lines_before} lines and is no CSV: {error}"
        raise refused(problem, REMEDY, row=number) from None
    if cells and reader.line_num > lines_before + 1 and any(map(SWALLOWED.search, cells)):
        lines = reader.line_num - lines_before
        return Fault(f"a text of this row runs over {lines} lines and holds other rows", REMEDY)
    return cells


def _rows(records: Iterator[Record], columns: Sequence[str]) -> Iterator[RawRow]:
    for number, cells in records:
        if isinstance(cells, Fault):
            yield RawRow(number, {}, (row_error(number, "row", "", cells),))
        elif len(cells) != len(columns):
            yield RawRow(number, {}, (_wrong_count(number, cells, len(columns)),))
        else:
            yield RawRow(number, dict(zip(columns, map(str.strip, cells), strict=True)))


def _wrong_count(number: int, cells: list[str], wanted: int) -> RowError:
    found = f"{len(cells)} column{'' if len(cells) == 1 else 's'}"
    remedy = f"give {wanted} columns, separated by commas; a text that holds a comma stands in quotation marks"
    return row_error(number, "row", ",".join(cells), Fault(f"the row has {found}, not {wanted}", remedy))


def _name(cell: str) -> str:
    return cell.strip().lower().replace(" ", "_")


def _check_header(number: int, names: list[str]) -> None:
    """A column that we would not read is refused: a misspelt one would silently say nothing."""
    for wrong, problem, remedy in (
        (
            [name for name in names if name not in KNOWN_COLUMNS],
            "is unknown",
            f"use {', '.join(sorted(KNOWN_COLUMNS))}",
        ),
        ([name for name, times in Counter(names).items() if times > 1], "is there twice", "name each column once"),
        ([name for name in REQUIRED_COLUMNS if name not in names], "is missing", "add it"),
    ):
        if wrong:
            listed = shortened(", ".join(wrong))
            raise refused(f"a column of the header {problem}: {listed}", remedy, row=number, value=listed)
