"""Rows of a CSV file: the police form without a header, or the richer form with one."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count

from crimes.crime_fields import KNOWN_COLUMNS, POLICE_COLUMNS, REQUIRED_COLUMNS
from crimes.file_text import RowLines, refused
from crimes.raw_rows import RawRow
from crimes.row_errors import Fault, RowError, row_error

FEWEST_NAMES = 3
"""So many cells that are names of columns make a row a header."""

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
    if first is None:
        raise refused("the file has no rows", "send the file with its crimes")
    number, cells = first
    names = [] if isinstance(cells, Fault) else [_name(cell) for cell in cells]
    if len(KNOWN_COLUMNS.intersection(names)) < FEWEST_NAMES:
        return CsvFile(is_rich=False, rows=_rows(chain([first], records), POLICE_COLUMNS))
    _check_header(number, names)
    return CsvFile(is_rich=True, rows=_rows(records, names))


def _records(lines: RowLines) -> Iterator[Record]:
    """Numbered from 1 as a spreadsheet does, empty lines counted but left out."""
    reader = csv.reader(lines, strict=True)
    for number in count(1):
        lines.begin_row(number)
        lines_before = reader.line_num
        try:
            cells = next(reader, None)
        except csv.Error as error:
            if reader.line_num > lines_before + 1:
                raise refused(
                    f"row {number} runs over {reader.line_num - lines_before} lines and is no CSV: {error}",
                    "close every quotation mark, and double those within a text",
                    row=number,
                ) from None
            yield (
                number,
                Fault(f"this is no CSV: {error}", "close every quotation mark, and double those within a text"),
            )
            continue
        if cells is None:
            return
        if len(cells) > 1 or "".join(cells).strip():
            yield number, cells


def _rows(records: Iterator[Record], columns: Sequence[str]) -> Iterator[RawRow]:
    for number, cells in records:
        if isinstance(cells, Fault):
            yield RawRow(number, {}, (row_error(number, "row", "", cells),))
        elif len(cells) != len(columns):
            yield RawRow(number, {}, (_wrong_count(number, cells, len(columns)),))
        else:
            yield RawRow(number, dict(zip(columns, cells, strict=True)))


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
            listed = ", ".join(map(repr, wrong))
            raise refused(f"a column of the header {problem}: {listed}", remedy, row=number, value=listed)
