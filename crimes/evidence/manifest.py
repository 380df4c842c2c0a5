"""The manifest: every file of a bundle with its size and hash, and what made it, in canonical JSON."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated, Any

import msgspec

from crimes.evidence.dossier import Dossier
from crimes.evidence.templates import Templates
from crimes.evidence.words import iso

FORMAT = "cordon-evidence/1"
MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "manifest.sig", "public-key.pem"
MAKERS = ("typst", "python-docx", "gpxpy")

Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class ListedFile(msgspec.Struct, frozen=True):
    path: str
    bytes: Annotated[int, msgspec.Meta(ge=0)]
    sha256: Hash


class Manifest(msgspec.Struct, frozen=True):
    """What of a manifest is needed to check a bundle by it."""

    format: str
    reference: str
    issued_at: str
    key_fingerprint: str
    files: list[ListedFile]


@dataclass(frozen=True, slots=True)
class MadeWith:
    """The libraries that wrote the files."""

    versions: dict[str, str]


def made_with() -> MadeWith:
    return MadeWith({name: version(name) for name in MAKERS})


def write_manifest(files: Mapping[str, bytes], dossier: Dossier, templates: Templates, key_fingerprint: str) -> bytes:
    """The bytes that are signed."""
    document = {
        "format": FORMAT,
        "reference": dossier.reference,
        "issued_at": iso(dossier.issued_at_us),
        "key_fingerprint": key_fingerprint,
        "made_by": {
            "cordon": dossier.software_version,
            "matching_rules": dossier.run.algorithm_version,
            "matching_software": dossier.run.software_version,
            **made_with().versions,
        },
        "templates": templates.hashes(),
        "files": [
            {"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for path, content in sorted(files.items())
        ],
    }
    return canonical_json(document)


def read_manifest(content: bytes) -> Manifest:
    """Raises ValueError where it is no manifest of this format."""
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"it is no manifest: {error}") from None
    if manifest.format != FORMAT:
        raise ValueError(f"its format is {manifest.format}, and this program knows {FORMAT}")
    return manifest


def canonical_json(document: Any) -> bytes:
    """One text for one content: sorted keys, no blanks, UTF-8, and a line end at the end."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return f"{text}\n".encode()
