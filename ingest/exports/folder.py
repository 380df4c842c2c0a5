"""A folder of files with a manifest of their hashes: written file by file, and checked before any of it is used."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from crimes.evidence.manifest import MANIFEST, PUBLIC_KEY, SIGNATURE, ListedFile, canonical_json
from crimes.evidence.signature import SigningKey, is_signed_by
from ops.errors import InputError
from ops.files import OWNER_ONLY, read_whole

READ_BYTES = 1_048_576
MANIFEST_MAX_BYTES = 10_000_000


class Manifest(msgspec.Struct, frozen=True):
    """What every manifest says; ``content`` is of its format."""

    format: str
    made_at: str
    cordon: str
    key_fingerprint: str | None
    content: dict[str, Any]
    files: list[ListedFile]


@dataclass(slots=True)
class HashedFile:
    """A file that is being written."""

    path: str
    file: BinaryIO
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def write(self, data: bytes, /) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self.file.write(data)

    def listed(self) -> ListedFile:
        return ListedFile(self.path, self.size, self.digest.hexdigest())


class HashingReader:
    """Reads a file and hashes what it gives: what was used is what is hashed, whatever the file is afterwards."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


class NewFolder:
    """Files of the owner's alone; nothing that is there already is written over."""

    def __init__(self, path: Path) -> None:
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            raise InputError(f"{path} is there already: give another name, or move it away first") from None
        except OSError as error:
            raise InputError(f"{path} cannot be made: {error.strerror}") from None
        self._path = path
        self.listed: list[ListedFile] = []

    @contextmanager
    def file(self, name: str) -> Iterator[HashedFile]:
        """One file, listed once it is written whole."""
        handle = os.open(self._path / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(handle, "wb") as opened:
            written = HashedFile(name, opened)
            yield written
            opened.flush()
            os.fsync(handle)
        self.listed.append(written.listed())

    def write(self, name: str, content: bytes) -> None:
        with self.file(name) as file:
            file.write(content)

    def finish(
        self, shape: str, made_at: str, cordon: str, content: Mapping[str, Any], key: SigningKey | None
    ) -> bytes:
        """Sign the list of what was written, and write it last: a folder without it is not finished. The manifest."""
        if key is not None:
            self.write(PUBLIC_KEY, key.public_pem)
        manifest = write_manifest(shape, made_at, cordon, content, self.listed, key)
        if key is not None:
            (self._path / SIGNATURE).write_bytes(key.sign(manifest))
        (self._path / MANIFEST).write_bytes(manifest)
        return manifest


def write_manifest(
    shape: str,
    made_at: str,
    cordon: str,
    content: Mapping[str, Any],
    files: list[ListedFile],
    key: SigningKey | None,
) -> bytes:
    """The bytes that are signed."""
    listed = sorted(files, key=lambda file: file.path)
    fingerprint = key.fingerprint if key else None
    return canonical_json(msgspec.to_builtins(Manifest(shape, made_at, cordon, fingerprint, dict(content), listed)))


def read_folder(path: Path, shape: str, public_key: bytes | None) -> Manifest:
    """The manifest of a folder that is exactly as it was written, by its hashes and, where it has one, its signature.

    Raises InputError that names every fault: a file that is changed, cut off, missing or added, another format, a
    signature that is wrong, or, with ``public_key`` as PEM, one that is missing.
    """
    manifest_bytes = read_whole(path / MANIFEST, MANIFEST_MAX_BYTES)
    try:
        manifest = msgspec.json.decode(manifest_bytes, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path / MANIFEST} is no manifest: {error}") from None
    if manifest.format != shape:
        raise InputError(f"{path} is {manifest.format!r}, and this command takes {shape!r}")
    faults = [*_signature_faults(path, manifest_bytes, manifest, public_key), *_file_faults(path, manifest)]
    if faults:
        raise InputError(f"{path} is not as it was written; nothing of it was used:\n" + "\n".join(faults))
    return manifest


@contextmanager
def opened(path: Path, listed: ListedFile) -> Iterator[HashingReader]:
    """A listed file. Raises InputError at the end where what was read is not what is listed."""
    with (path / listed.path).open("rb") as file:
        reader = HashingReader(file)
        yield reader
        while reader.read(READ_BYTES):
            pass
    if reader.digest.hexdigest() != listed.sha256:
        raise InputError(f"{listed.path} was changed while it was read: nothing was taken in")


def _signature_faults(path: Path, content: bytes, manifest: Manifest, public_key: bytes | None) -> Iterator[str]:
    if manifest.key_fingerprint is None and not (path / SIGNATURE).exists():
        if public_key is not None:
            yield f"{SIGNATURE}: it is missing, so nothing shows who made it"
        return
    try:
        key = public_key or read_whole(path / PUBLIC_KEY, MANIFEST_MAX_BYTES)
        if not is_signed_by(key, read_whole(path / SIGNATURE, MANIFEST_MAX_BYTES), content):
            yield f"{SIGNATURE}: {MANIFEST} was changed, or somebody else signed it"
    except (InputError, ValueError) as error:
        yield f"{SIGNATURE}: {error}"


def _file_faults(path: Path, manifest: Manifest) -> Iterator[str]:
    listed = {one.path: one for one in manifest.files}
    there = {one.name for one in path.iterdir()} - {MANIFEST, SIGNATURE}
    yield from (f"{name}: it was added; the manifest does not list it" for name in sorted(there - listed.keys()))
    yield from (f"{name}: the manifest lists it and it is missing" for name in sorted(listed.keys() - there))
    for name in sorted(listed.keys() & there):
        if (path / name).is_symlink() or not (path / name).is_file():
            yield f"{name}: it is no plain file"
            continue
        with (path / name).open("rb") as file:
            size, found = os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest()
        if (size, found) != (listed[name].bytes, listed[name].sha256):
            yield f"{name}: it was changed: {size} bytes with SHA-256 {found}, and the manifest says otherwise"
