"""Whether a bundle is as it was issued: every file's hash, the signature, the key, and nothing more or less."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crimes.evidence.archives import opened, read_member
from crimes.evidence.bundle import pack
from crimes.evidence.manifest import MANIFEST, PUBLIC_KEY, SIGNATURE, ListedFile, Manifest, read_manifest
from crimes.evidence.signature import fingerprint, is_signed_by

FILE_MAX_BYTES = 100_000_000
BUNDLE_MAX_BYTES = 250_000_000


@dataclass(frozen=True, slots=True)
class Verification:
    """``faults`` is empty where the bundle is as it was issued.

    ``key_is_known`` says whether it was checked with a key from elsewhere: one that only came with the bundle shows
    that nothing was changed since, and not who signed.
    """

    faults: tuple[str, ...]
    reference: str | None
    issued_at: str | None
    key_fingerprint: str | None
    key_is_known: bool
    files: tuple[ListedFile, ...]


def verify_bundle(content: bytes, public_key: bytes | None = None) -> Verification:
    """Check the archive by itself, with no network and no database; ``public_key`` is a PEM from elsewhere.

    Raises ValueError where ``public_key`` is no Ed25519 public key.
    """
    known_fingerprint = None if public_key is None else fingerprint(public_key)
    if len(content) > BUNDLE_MAX_BYTES:
        return _unreadable(f"the bundle is larger than {BUNDLE_MAX_BYTES} bytes: it was not opened")
    try:
        files, faults = _read(content)
    except ValueError as error:
        return _unreadable(f"the bundle cannot be opened: {error}")
    manifest_bytes = files.get(MANIFEST)
    if manifest_bytes is None:
        return _unreadable(*faults, f"{MANIFEST} is missing: nothing says what the bundle should hold")
    signed_by, signature_faults = _check_signature(files, manifest_bytes, public_key)
    faults += signature_faults
    try:
        manifest = read_manifest(manifest_bytes)
    except ValueError as error:
        return _unreadable(*faults, f"{MANIFEST}: {error}")
    faults += _check_files(files, manifest, {fault.partition(":")[0] for fault in faults})
    if signed_by is not None and signed_by != manifest.key_fingerprint:
        faults.append(f"{MANIFEST} names the key {manifest.key_fingerprint}, and it is signed by {signed_by}")
    if not faults and _packed_again(files, manifest_bytes) != content:
        faults.append(
            "every file is as it was issued, but the archive about them is not: it was packed again, or holds bytes"
            " beside its files"
        )
    return Verification(
        tuple(faults),
        manifest.reference,
        manifest.issued_at,
        signed_by,
        known_fingerprint is not None,
        tuple(manifest.files),
    )


def _read(content: bytes) -> tuple[dict[str, bytes], list[str]]:
    """The members that can be read, and what is wrong with the others. ValueError where nothing can be."""
    files: dict[str, bytes] = {}
    faults: list[str] = []
    total = 0
    with opened(content) as archive:
        for entry in archive.infolist():
            name = entry.orig_filename
            problem = _name_problem(name)
            if problem or name in files:
                faults.append(f"{name!r}: {problem or 'it is there twice'}")
                continue
            try:
                files[name] = read_member(archive, entry, FILE_MAX_BYTES)
            except ValueError as error:
                faults.append(f"{name}: {error}")
                continue
            total += len(files[name])
            if total > BUNDLE_MAX_BYTES:
                raise ValueError(f"its files are larger than {BUNDLE_MAX_BYTES} bytes together")
    return files, faults


def _name_problem(name: str) -> str | None:
    """A bundle's files have plain names: one that leads elsewhere was made to be unpacked there."""
    if not name.isascii() or not name.isprintable() or any(one in name for one in ("/", "\\", ":")):
        return "its name is a path or no plain name: do not unpack this archive"
    return "its name is no file's" if name in {"", ".", ".."} else None


def _check_signature(
    files: Mapping[str, bytes], manifest: bytes, public_key: bytes | None
) -> tuple[str | None, list[str]]:
    """The fingerprint of the key that signed the manifest, where one did, and what is wrong."""
    key, signature = public_key or files.get(PUBLIC_KEY), files.get(SIGNATURE)
    if signature is None:
        return None, [f"{SIGNATURE}: it is missing, so nothing shows who issued the bundle"]
    if key is None:
        return None, [f"{PUBLIC_KEY}: it is missing; give --public-key"]
    try:
        if is_signed_by(key, signature, manifest):
            return fingerprint(key), []
    except ValueError as error:
        return None, [f"{PUBLIC_KEY}: {error}"]
    whose = "the key that you gave" if public_key else f"the key in {PUBLIC_KEY}"
    fault = f"{SIGNATURE}: {MANIFEST} is not signed by {whose}: one of them was changed, or somebody else issued it"
    return None, [fault]


def _check_files(files: Mapping[str, bytes], manifest: Manifest, named: set[str]) -> list[str]:
    listed = {one.path: one for one in manifest.files}
    faults = [] if len(listed) == len(manifest.files) else [f"{MANIFEST}: it lists a file twice"]
    for path, one in listed.items():
        if path in files:
            faults += _check_file(path, files[path], one)
        elif path not in named:
            faults.append(f"{path}: the manifest lists it and it is missing")
    extra = files.keys() - listed.keys() - {MANIFEST, SIGNATURE}
    return faults + [f"{path}: it was added; the manifest does not list it" for path in sorted(extra)]


def _check_file(path: str, content: bytes, listed: ListedFile) -> Iterable[str]:
    found = hashlib.sha256(content).hexdigest()
    if len(content) != listed.bytes or found != listed.sha256:
        yield (
            f"{path}: it was changed: the manifest says {listed.bytes} bytes with SHA-256 {listed.sha256}, and it has"
            f" {len(content)} bytes with {found}"
        )


def _packed_again(files: dict[str, bytes], manifest: bytes) -> bytes:
    listed = {name: content for name, content in files.items() if name not in {MANIFEST, SIGNATURE}}
    return pack(listed, manifest, files[SIGNATURE])


def _unreadable(*faults: str) -> Verification:
    return Verification(faults, None, None, None, key_is_known=False, files=())
