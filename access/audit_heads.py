"""Heads of the audit's chain outside the database: lines of a file that is only added to, which the sealer writes.

One line a seal, JSON: ``seal`` (its number), ``hash``, ``sealed_at``, ``rows`` (of the chain so far), ``signature``
(base64, or null). The sealer's log holds the same fields, so its lines can be verified against too.
"""

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from errno import ENOSPC
from pathlib import Path

from ops.errors import InputError
from store.audit_seals import Seal

HASH_BYTES = 32
TAIL_BYTES = 8192  # many times a line


@dataclass(frozen=True, slots=True)
class Head:
    seal_id: int
    hash: bytes


def head_fields(seal: Seal) -> dict[str, object]:
    return {
        "seal": seal.seal_id,
        "hash": seal.hash.hex(),
        "sealed_at": seal.sealed_at.isoformat(),
        "rows": seal.rows_sealed,
        "signature": None if seal.signature is None else base64.b64encode(seal.signature).decode(),
    }


def publish_head(file: Path, seal: Seal) -> None:
    """Add the line, and return once it is on the disk. Raises OSError, where only a part of it fits as well.

    It begins a line of its own, whatever a full disk or a loss of power left of the one before.
    """
    line = json.dumps(head_fields(seal)).encode() + b"\n"
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        if os.write(descriptor, line) < len(line):
            raise OSError(ENOSPC, os.strerror(ENOSPC))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def last_head(file: Path) -> Head | None:
    """The one published last; None where there is no file or nothing in it yet. Raises OSError."""
    try:
        with file.open("rb") as opened:
            opened.seek(max(0, opened.seek(0, os.SEEK_END) - TAIL_BYTES))
            lines = opened.read().splitlines()
    except FileNotFoundError:
        return None
    found = [head for head in map(_read, lines) if head is not None]
    return found[-1] if found else None


def read_heads(file: Path) -> Iterator[Head]:
    """Every head in the file, in its order; lines that hold none are passed over. Raises InputError."""
    try:
        with file.open("rb") as opened:
            for line in opened:
                if (head := _read(line)) is not None:
                    yield head
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}): give a file of published heads") from None


def _read(line: bytes) -> Head | None:
    """None where the line holds no head: a log has others, and a machine that lost power may leave half of one."""
    try:
        said = json.loads(line)
        head = Head(said["seal"], bytes.fromhex(said["hash"]))
    except (ValueError, KeyError, TypeError):
        return None
    return head if isinstance(head.seal_id, int) and len(head.hash) == HASH_BYTES else None
