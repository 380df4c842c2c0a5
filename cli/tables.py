"""Rows as people read them in a terminal."""

from collections.abc import Sequence

UNSEEN = "\N{REPLACEMENT CHARACTER}"


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest value, two blanks apart. Foreign text is not let command the terminal."""
    shown = [[_seen(value) for value in row] for row in (headings, *rows)]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        print("  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip())


def _seen(value: str) -> str:
    return "".join(one if one.isprintable() else UNSEEN for one in value)
