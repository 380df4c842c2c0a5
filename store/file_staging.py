"""A file's rows on disk, as COPY reads them: memory does not grow with the file, and no lock is held meanwhile."""

import tempfile
from collections.abc import Iterable
from types import TracebackType
from typing import IO, Self

from crimes.files.row_errors import RowError

UNSTORABLE = "\x00"  # no text of PostgreSQL holds it
INSTEAD = "\N{REPLACEMENT CHARACTER}"

_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", UNSTORABLE: INSTEAD})


class FileStaging:
    """The good rows and the errors of one file, as lines of COPY; gone from the disk when the block ends."""

    def __init__(self, prefix: str) -> None:
        """``prefix`` is that of the temporary files' names."""
        self._rows: IO[bytes] = tempfile.TemporaryFile(prefix=prefix)  # noqa: SIM115  closed by the block
        self._errors: IO[bytes] = tempfile.TemporaryFile(prefix=prefix)  # noqa: SIM115  as above
        self.row_count = 0
        self.error_count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()
        self._errors.close()

    def add_error(self, error: RowError) -> None:
        row = None if error.row is None else str(error.row)
        self._errors.write(_line([row, error.field, error.value, error.problem, error.remedy]))
        self.error_count += 1

    def _add_row(self, values: Iterable[str | None]) -> None:
        self._rows.write(_line(values))
        self.row_count += 1


def _line(values: Iterable[str | None]) -> bytes:
    return ("\t".join("\\N" if one is None else one.translate(_ESCAPED) for one in values) + "\n").encode(
        "utf-8", "replace"
    )
