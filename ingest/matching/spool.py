"""A police file on its way in: kept on disk, so that its hash is known before it is read and memory stays flat."""

import hashlib
import io
import tempfile
from types import TracebackType
from typing import BinaryIO, Self

from ops.errors import InputError

CHUNK_BYTES = 1024 * 1024
PARTS_OF_A_BATCH = "send it in parts, each with a batch id of its own"


class FileTooLargeError(InputError):
    """The file has more bytes than the service takes."""

    def __init__(self, max_bytes: int, remedy: str) -> None:
        self.problem = f"the file is larger than the {max_bytes} bytes of CORDON_CRIME_FILE_MAX_BYTES"
        self.remedy = remedy
        super().__init__(f"{self.problem}: {self.remedy}")


class Spool:
    """What has arrived of one file; gone from the disk when the block ends."""

    def __init__(self, max_bytes: int, remedy: str = PARTS_OF_A_BATCH) -> None:
        self.file = tempfile.TemporaryFile(prefix="cordon-police-file-")  # noqa: SIM115  closed by the block
        self.size_bytes = 0
        self._max_bytes = max_bytes
        self._remedy = remedy
        self._hash = hashlib.sha256()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()

    @property
    def content_hash(self) -> bytes:
        """SHA-256 of all that has arrived."""
        return self._hash.digest()

    def write(self, chunk: bytes) -> None:
        """Raises FileTooLargeError where it becomes too much."""
        self.refuse_size(self.size_bytes + len(chunk))
        self.file.write(chunk)
        self._hash.update(chunk)
        self.size_bytes += len(chunk)

    def write_all(self, stream: BinaryIO) -> None:
        """All of ``stream``. Raises FileTooLargeError, for a file on disk before anything of it is copied."""
        if stream.seekable():
            self.refuse_size(stream.seek(0, io.SEEK_END))
            stream.seek(0)
        while chunk := stream.read(CHUNK_BYTES):
            self.write(chunk)

    def refuse_size(self, size_bytes: int) -> None:
        """Raises FileTooLargeError where a file of this size is not taken."""
        if size_bytes > self._max_bytes:
            raise FileTooLargeError(self._max_bytes, self._remedy)
