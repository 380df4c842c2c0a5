"""What is wrong with a police file, as values: each says where it is, what was found and what to do."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, astuple, dataclass, fields

LONGEST_VALUE = 80
NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Characters that no text holds, among them what a byte that is no UTF-8 is read as. Tab and line ends are text."""

FORMULA = re.compile(r"[=+@\t\r]|-(?![\d.]+$)")
"""How a cell begins that a spreadsheet would compute; a negative number is none."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one value, and what to do about it; whoever knows the row makes a RowError of it."""

    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing that is wrong with one row. ``row`` counts from 1, the header included; None: the file is meant."""

    row: int | None
    field: str
    value: str  # as it was given, shortened
    problem: str
    remedy: str

    def __str__(self) -> str:
        """The whole error as one sentence for a person."""
        where = "file" if self.row is None else f"row {self.row}"
        found = f" {self.value!r}" if self.value else ""
        return f"{where}, {self.field}{found}: {self.problem}; {self.remedy}"


COLUMNS = tuple(one.name for one in fields(RowError))


def shortened(value: str) -> str:
    """A value as an error shows it: on one line, only of text, and never long."""
    short = value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…"
    return " ".join(NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", short).split())


def row_error(row: int | None, field: str, value: str, fault: Fault) -> RowError:
    return RowError(row, field, shortened(value), fault.problem, fault.remedy)


def to_document(error: RowError) -> dict[str, int | str | None]:
    """The error as a JSON document holds it."""
    return asdict(error)


def to_csv(errors: Iterable[RowError]) -> Iterator[str]:
    """The errors as the lines of a CSV file to send back, a header first.

    It begins with a byte order mark, so that a spreadsheet reads it as UTF-8. A value that a spreadsheet would take for
    a formula has an apostrophe before it.
    """
    line: list[str] = []
    writer = csv.writer(_Line(line))
    writer.writerow(COLUMNS)
    yield "\N{ZERO WIDTH NO-BREAK SPACE}" + line.pop()
    for error in errors:
        writer.writerow([_cell(value) for value in astuple(error)])
        yield line.pop()


@dataclass(frozen=True, slots=True)
class _Line:
    """Where the CSV module writes: one line at a time."""

    into: list[str]

    def write(self, text: str) -> None:
        self.into.append(text)


def _cell(value: int | str | None) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if FORMULA.match(text) else text
