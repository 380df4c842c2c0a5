"""The shapes of a report's content: what the PDF and the DOCX know how to show."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """``widths`` are parts of the page's width; a cell may hold line ends."""

    columns: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Shown in the order of the fields. ``figure`` is the place of the map."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    numbered: bool = False
    facts: tuple[tuple[str, str], ...] = ()
    table: Table | None = None
    figure: bool = False
