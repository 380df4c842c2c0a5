"""The bytes of a police file as text, a piece at a time: memory does not grow with the file."""

from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from crimes.files.row_errors import Fault, RowError, row_error

PIECE_BYTES = 65_536
LONGEST_ROW_BYTES = 100_000
MOST_ROWS = 200_000
"""Of one file, empty ones included: some 20 MB of references are held to find one that comes twice."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
KINDS = (
    (b"PK\x03\x04", "a zip or a spreadsheet (xlsx)"),
    (b"PK\x05\x06", "an empty zip"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"7z\xbc\xaf\x27\x1c", "compressed with 7z"),
    (b"Rar!", "compressed with RAR"),
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet or a document (xls, doc, msg)"),
    (b"\xff\xfe", "in UTF-16"),
    (b"\xfe\xff", "in UTF-16"),
)
"""How files begin that are none of ours."""


class RefusedFileError(Exception):
    """The file cannot be read at all, or not beyond this place. Never leaves the reader: it becomes a value there."""

    def __init__(self, error: RowError) -> None:
        super().__init__(str(error))
        self.error = error


def refused(problem: str, remedy: str, *, row: int | None = None, value: str = "") -> RefusedFileError:
    return RefusedFileError(row_error(row, "file", value, Fault(problem, remedy)))


def check_row_count(row: int) -> None:
    """Raises RefusedFileError where a file runs on."""
    if row > MOST_ROWS:
        raise refused(f"the file has more than {MOST_ROWS} rows", "send it in several files, each with its batch id")


def open_text(stream: BinaryIO, form: str = "CSV or GeoJSON") -> Iterator[bytes]:
    """The pieces of a file that may be text, without its byte order mark. Raises RefusedFileError for any other.

    ``form`` is what is wanted, as an error names it.
    """
    head = _head(stream)
    _refuse_what_is_no_text(head, form)
    yield head.removeprefix(BYTE_ORDER_MARK)
    while piece := stream.read(PIECE_BYTES):
        yield piece


def _head(stream: BinaryIO) -> bytes:
    """The first bytes; a stream may hand out fewer than it is asked for."""
    head = b""
    while len(head) < PIECE_BYTES and (piece := stream.read(PIECE_BYTES - len(head))):
        head += piece
    return head


def _refuse_what_is_no_text(head: bytes, form: str) -> None:
    if not head.removeprefix(BYTE_ORDER_MARK).strip():
        raise refused("the file is empty", f"send the {form} file with its rows")
    for beginning, kind in KINDS:
        if head.startswith(beginning):
            raise refused(f"the file is {kind}", f"send the {form} file itself, saved as UTF-8")
    if b"\x00" in head:
        raise refused("the file is binary, or in UTF-16", f"send a {form} file, saved as UTF-8")


class RowLines:
    """Lines for the CSV module. A byte that is no UTF-8 becomes a lone surrogate, which the row's own check finds.

    ``begin_row`` starts the count of a row's bytes: a row that runs on is refused before it fills the memory.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._ready: deque[bytes] = deque()
        self._rest = b""
        self._row = 1
        self._row_bytes = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        while not self._ready:
            self._refill()
        line = self._ready.popleft()
        self._count(len(line))
        return line.decode("utf-8", "surrogateescape")

    def begin_row(self, row: int) -> None:
        self._row = row
        self._row_bytes = 0

    def _refill(self) -> None:
        piece = next(self._pieces, b"")
        lines = (self._rest + piece).splitlines(keepends=True)
        if not lines:
            raise StopIteration
        self._rest = lines.pop() if piece else b""
        self._ready.extend(lines)
        if not lines:
            self._check(len(self._rest))

    def _count(self, line_bytes: int) -> None:
        self._row_bytes += line_bytes
        self._check(self._row_bytes)

    def _check(self, row_bytes: int) -> None:
        if row_bytes > LONGEST_ROW_BYTES:
            raise refused(
                f"row {self._row} is longer than {LONGEST_ROW_BYTES} bytes, and what follows cannot be told apart",
                "close every quotation mark, and end each row with a line break",
                row=self._row,
            )
