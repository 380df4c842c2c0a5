"""Zip archives that are the same bytes for the same files, and the careful reading of foreign ones.

Members are stored, not compressed: what compresses well (PDF, PNG) already is, and compressed bytes would depend on
the compressing library's version.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
REGULAR_FILE = 0o100644 << 16
UNIX = 3
MEMBERS_MAX = 200


def stored_zip(members: Mapping[str, bytes]) -> bytes:
    """An archive of the members, in the order given, with no time in it."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, EARLIEST_ZIP_TIME)
            entry.create_system, entry.external_attr = UNIX, REGULAR_FILE
            archive.writestr(entry, content)
    return written.getvalue()


def read_members(content: bytes, member_max_bytes: int) -> dict[str, bytes]:
    """Every member, whatever its content. Raises ValueError where the archive is damaged or a member too large."""
    with opened(content) as archive:
        return {entry.filename: read_member(archive, entry, member_max_bytes) for entry in archive.infolist()}


@contextmanager
def opened(content: bytes) -> Iterator[zipfile.ZipFile]:
    """Raises ValueError where it is no zip archive, or has more members than any of ours."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if len(archive.infolist()) > MEMBERS_MAX:
                raise ValueError(f"it has {len(archive.infolist())} members, and a bundle has at most {MEMBERS_MAX}")
            yield archive
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise ValueError(f"it is no zip archive that can be read: {error}") from None


def read_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, max_bytes: int) -> bytes:
    """The member's bytes. What it says of its size is not believed: reading stops above ``max_bytes``.

    Raises ValueError where it is larger, encrypted or damaged.
    """
    try:
        with archive.open(entry) as member:
            content = member.read(max_bytes + 1)
            if len(content) > max_bytes:
                raise ValueError(f"it is larger than {max_bytes} bytes")
            return content
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OSError, zlib.error) as error:
        raise ValueError(f"its bytes were changed or cannot be read: {error}") from None
