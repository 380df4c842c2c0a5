"""Rows of a CSV file with a header, in UTF-8 with or without a byte order mark, one at a time."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from crimes.files.file_text import RowLines, open_text, refused
from crimes.files.row_errors import FORMULA, NO_TEXT, Fault, RowError, row_error, shortened

MOST_ROWS = 200_000
LONGEST_CELL = 4_000
OTHER_DELIMITER = re.compile(r"[;\t|]")
FREE_PREFIXES = ("answer.", "basis.")
"""Columns of a criterion: `answer.knife_offence`, `basis.knife_offence`."""


@dataclass(slots=True)
class Row:
    """Cells by column, without blanks around them; empty ones are left out."""

    number: int  # as a spreadsheet counts, the header is 1
    cells: dict[str, str]
    errors: list[RowError] = field(default_factory=list)

    def fault(self, column: str, problem: str, remedy: str) -> None:
        self.errors.append(row_error(self.number, column, self.cells.get(column, ""), Fault(problem, remedy)))


def read_rows(stream: BinaryIO, columns: Sequence[str], required: Sequence[str]) -> Iterator[Row]:
    """Raises RefusedFileError where the file as a whole cannot be read, or not beyond a place."""
    lines = RowLines(open_text(stream, "CSV"))
    reader = csv.reader(lines, strict=True)
    names: list[str] | None = None
    number = 0
    while True:
        number += 1
        lines.begin_row(number)
        try:
            cells = next(reader, None)
        except csv.Error as error:
            remedy = "close every quotation mark, and double those within a text"
            raise refused(f"this is no CSV: {error}", remedy, row=number) from None
        if cells is None:
            break
        if number > MOST_ROWS + 1:
            raise refused(f"the file has more than {MOST_ROWS} rows", "send it in several files", row=number)
        if names is None:
            names = _header(cells, columns, required)
        elif any(cell.strip() for cell in cells):
            yield _row(number, names, cells)


def _header(cells: Sequence[str], columns: Sequence[str], required: Sequence[str]) -> list[str]:
    """A column that would not be read is refused: a misspelt one would silently say nothing."""
    if len(cells) == 1 and (found := OTHER_DELIMITER.search(cells[0])):
        raise refused(f"its columns are kept apart by {found[0]!r}", "save it with commas between them", row=1)
    names = [cell.strip().lower().replace(" ", "_") for cell in cells]
    unknown = [name for name in names if name not in columns and not name.startswith(FREE_PREFIXES)]
    for wrong, problem, remedy in (
        (unknown, "is unknown", f"use {', '.join(columns)}"),
        ([name for name, times in Counter(names).items() if times > 1], "is there twice", "name each column once"),
        ([name for name in required if name not in names], "is missing", "add it"),
    ):
        if wrong:
            listed = shortened(", ".join(wrong))
            raise refused(f"a column of the header {problem}: {listed}", remedy, row=1, value=listed)
    return names


def _row(number: int, names: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) != len(names):
        row = Row(number, {"row": ",".join(cells)})
        remedy = f"give {len(names)} columns; a text that holds a comma stands in quotation marks"
        row.fault("row", f"the row has {len(cells)} columns, not {len(names)}", remedy)
        return row
    row = Row(number, {name: cell.strip() for name, cell in zip(names, cells, strict=True) if cell.strip()})
    if _is_plain(row.cells):
        return row
    for name, value in row.cells.items():
        if NO_TEXT.search(value) or not value.isprintable():
            row.fault(name, "it holds characters that are no text", "give plain text in UTF-8, on one line")
        elif len(value) > LONGEST_CELL:
            row.fault(name, f"it has more than {LONGEST_CELL} characters", "shorten it")
        elif name != "mobile" and FORMULA.match(value):
            row.fault(name, "a spreadsheet would take it for a formula", "give it without the sign in front")
    return row


def _is_plain(cells: dict[str, str]) -> bool:
    """Whether there is nothing to look at cell by cell: most rows are so."""
    return (
        "".join(cells.values()).isprintable()
        and not any(value[0] in "=+@-" for value in cells.values())
        and max(map(len, cells.values()), default=0) <= LONGEST_CELL
    )
