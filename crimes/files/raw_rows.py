"""A row of a police file before anything in it is judged, whatever form the file has."""

from dataclasses import dataclass

from crimes.files.row_errors import RowError


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as texts by field, without space about them.

    ``errors`` is what its form alone shows; without fields nothing else can be judged.
    """

    row_number: int
    given: dict[str, str]
    errors: tuple[RowError, ...] = ()
