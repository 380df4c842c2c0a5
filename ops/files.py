"""Files that are read whole, or written where none is yet."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ops.errors import InputError

OWNER_ONLY = 0o600


def read_whole(file: Path, max_bytes: int) -> bytes:
    """Raises InputError where it is not there or larger than any of ours."""
    try:
        with file.open("rb") as opened_file:
            content = opened_file.read(max_bytes + 1)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    if len(content) > max_bytes:
        raise InputError(f"{file} is larger than {max_bytes} bytes: it is none of ours")
    return content


def write_new(file: Path, content: bytes, mode: int) -> None:
    """Raises InputError where the file is there already: nothing is ever overwritten."""
    write_pieces(file, [content], mode)


def write_pieces(file: Path, pieces: Iterable[bytes], mode: int) -> None:
    """The same, with one piece in memory at a time. Raises InputError as ``write_new`` does."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise InputError(f"{file} is there already: give another name, or move it away first") from None
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as written:
            for piece in pieces:
                written.write(piece)
    except OSError as error:
        with suppress(OSError):
            file.unlink()
        raise InputError(f"{file} could not be written: {error.strerror}") from None
