"""A dossier as the files of a bundle, and the bundle as a signed archive: the same bytes whenever it is made again."""

from dataclasses import dataclass

import msgspec

from crimes.evidence.archives import stored_zip
from crimes.evidence.content import content_of
from crimes.evidence.document import render_document
from crimes.evidence.dossier import Dossier
from crimes.evidence.geojson import render_geojson
from crimes.evidence.gpx import render_gpx
from crimes.evidence.kml import render_kml
from crimes.evidence.manifest import MANIFEST, PUBLIC_KEY, SIGNATURE, canonical_json, write_manifest
from crimes.evidence.map import draw_map, map_in_words
from crimes.evidence.report import render_map, render_report
from crimes.evidence.signature import SigningKey
from crimes.evidence.tables import coverage_csv, events_csv, originals_csv, positions_csv, rejected_csv
from crimes.evidence.templates import Templates


@dataclass(frozen=True, slots=True)
class Bundle:
    content: bytes  # the zip archive
    manifest: bytes
    key_fingerprint: str


def make_files(dossier: Dossier, templates: Templates) -> dict[str, bytes]:
    """Every file but the manifest and its signature, by its name.

    Raises ValueError where a template is wrong.
    """
    content = content_of(dossier, templates.statement)
    drawn, maker = draw_map(dossier), dossier.maker.name
    picture = render_map(drawn, dossier.issued_at_us)
    return {
        "report.pdf": render_report(
            content, drawn, map_in_words(dossier), maker, dossier.issued_at_us, templates.report
        ),
        "report.docx": render_document(content, picture, maker, dossier.issued_at_us),
        "map.png": picture,
        "map.svg": drawn.encode(),
        "positions.csv": positions_csv(dossier).encode(),
        "coverage.csv": coverage_csv(dossier).encode(),
        "rejected.csv": rejected_csv(dossier).encode(),
        "events.csv": events_csv(dossier).encode(),
        "originals.csv": originals_csv(dossier).encode(),
        "positions.gpx": render_gpx(dossier).encode(),
        "positions.kml": render_kml(dossier).encode(),
        "positions.geojson": render_geojson(dossier).encode(),
        "dossier.json": canonical_json(dossier_document(dossier)),
    }


def make_bundle(dossier: Dossier, templates: Templates, key: SigningKey) -> Bundle:
    """The signed archive. Raises ValueError where a template is wrong."""
    files = make_files(dossier, templates) | {PUBLIC_KEY: key.public_pem}
    manifest = write_manifest(files, dossier, templates, key.fingerprint)
    return Bundle(pack(files, manifest, key.sign(manifest)), manifest, key.fingerprint)


def pack(files: dict[str, bytes], manifest: bytes, signature: bytes) -> bytes:
    """The archive of these files: what says what the others are comes first."""
    return stored_zip({MANIFEST: manifest, SIGNATURE: signature} | dict(sorted(files.items())))


def dossier_document(dossier: Dossier) -> object:
    """The dossier as JSON holds it; ``dossier_of`` reads it back."""
    return msgspec.to_builtins(dossier)


def dossier_of(document: object) -> Dossier:
    """Raises msgspec.ValidationError where it is none."""
    return msgspec.convert(document, Dossier)
