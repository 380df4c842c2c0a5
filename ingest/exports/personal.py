"""One export about a person, from the rows to the archive in parts: files in a folder, a manifest, a zip of them."""

import hashlib
import shutil
import zipfile
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crimes.evidence.archives import EARLIEST_ZIP_TIME, REGULAR_FILE, UNIX
from crimes.evidence.manifest import MANIFEST, SIGNATURE, canonical_json
from crimes.evidence.signature import SigningKey
from crimes.evidence.words import iso
from ingest.exports.folder import READ_BYTES, NewFolder
from ingest.exports.messages import NAME as MESSAGES_NAME
from ingest.exports.messages import write_messages
from ingest.exports.tables import write_csv, write_track
from model.redaction import Redactor
from model.times import to_microseconds
from store.clock import service_now
from store.database import Cursor
from store.exports import court, subject
from store.exports.requests import PART_BYTES, Archive, Redaction, StoredExport, add_part
from store.exports.sections import About, read_count, read_section
from store.exports.withheld import QUARANTINED, WITHHELD, count_withheld, read_own, read_phrases

FORMATS = {"subject": "cordon-subject/1", "court": "cordon-court/1"}
ABOUT = "about.txt"
RULES = "settings.json"
UNDER_18 = (
    "{count} periods in which a tag was worn before the 18th birthday are shut away from everybody, and are not in this"
    " export. Ask the data protection officer about them."
)


@dataclass(frozen=True, slots=True)
class Maker:
    """What every export is made with; ``settings`` are those that a court may ask after, without any secret."""

    key: SigningKey | None
    settings: dict[str, Any]


def prepare(cursor: Cursor, asked: StoredExport, maker: Maker) -> Archive:
    """Write the archive's parts, within the caller's transaction: one snapshot is best. Nothing is left on the disk."""
    about = About(asked.person_id, asked.from_time, asked.to_time)
    with TemporaryDirectory(prefix="cordon-export-") as place:
        folder = NewFolder(Path(place) / "files")
        lines, redactions = (_subject if asked.kind == "subject" else _court)(cursor, folder, about, maker)
        shut_away = read_count(cursor, "", QUARANTINED, about)
        if shut_away:
            lines.append(("Not in this export", UNDER_18.format(count=shut_away)))
            redactions.append(Redaction("under 18", "periods that are shut away", shut_away))
        made_at = service_now(cursor)
        folder.write(ABOUT, _about_text(asked, lines, made_at).encode())
        content = {"kind": asked.kind, "from": _time(asked.from_time), "to": _time(asked.to_time)}
        shape = FORMATS[asked.kind]
        manifest = folder.finish(shape, iso(to_microseconds(made_at)), version("cordon"), content, maker.key)
        packed = Path(place) / "archive.zip"
        _pack(Path(place) / "files", packed)
        digest, byte_count = _store(cursor, asked.export_id, packed)
    fingerprint = maker.key.fingerprint if maker.key else None
    return Archive(digest, hashlib.sha256(manifest).digest(), fingerprint, byte_count, tuple(redactions))


Lines = list[tuple[str, str]]
"""A heading, or a file's name, and words."""


def _subject(cursor: Cursor, folder: NewFolder, about: About, _maker: Maker) -> tuple[Lines, list[Redaction]]:
    redactor = Redactor(read_phrases(cursor, about), read_own(cursor, about))
    lines: Lines = []
    for section in subject.SECTIONS:
        if section is subject.TRACK:
            count = write_track(folder, read_section(cursor, subject.COMMON, section, about))
            lines.append(("track.csv, track.geojson", f"{section.words} ({count})"))
            continue
        count = write_csv(
            folder, f"{section.name}.csv", read_section(cursor, subject.COMMON, section, about), redactor.value
        )
        lines.append((f"{section.name}.csv", f"{section.words} ({count})"))
    left_out = dict.fromkeys(one.words for one in WITHHELD)
    lines.append(("Left out by law, where there is any", "\n  ".join(left_out)))
    lines.append(
        ("Replaced", "names and numbers of others, as in [staff], [another person]; staff stand by their role")
    )
    named = [
        Redaction(f"replaced by {place}", "others, in free text", n) for place, n in sorted(redactor.counts.items())
    ]
    return lines, [*count_withheld(cursor, about), *named]


def _court(cursor: Cursor, folder: NewFolder, about: About, maker: Maker) -> tuple[Lines, list[Redaction]]:
    lines: Lines = []
    for section in court.SECTIONS:
        count = write_csv(folder, f"{section.name}.csv", read_section(cursor, court.COMMON, section, about), _as_it_is)
        lines.append((f"{section.name}.csv", f"{section.words} ({count})"))
    lines.append((MESSAGES_NAME, f"{court.MESSAGES.words} ({write_messages(cursor, folder, about)})"))
    folder.write(RULES, canonical_json(maker.settings))
    lines.append((RULES, "the settings that detection goes by when this was made"))
    return lines, []


def _as_it_is(value: Any) -> Any:
    return value


def _about_text(asked: StoredExport, lines: Lines, made_at: datetime) -> str:
    whose = (
        "The data about you that this service holds, as you asked for them."
        if asked.kind == "subject"
        else f"What this service holds about one person from {_time(asked.from_time)} to {_time(asked.to_time)}."
    )
    parts = [f"{heading}\n  {words}" for heading, words in lines]
    hashes = f"{MANIFEST} lists every file with its SHA-256. Times are UTC; places are WGS84 degrees."
    return "\n\n".join([whose, f"Made on {_time(made_at)}.", *parts, hashes]) + "\n"


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else iso(to_microseconds(moment))


def _pack(files: Path, to: Path) -> None:
    """A zip in which what says what the others are comes first."""
    names = sorted(one.name for one in files.iterdir())
    first = [name for name in (MANIFEST, SIGNATURE, ABOUT) if name in names]
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for name in [*first, *(name for name in names if name not in first)]:
            entry = zipfile.ZipInfo(name, EARLIEST_ZIP_TIME)
            entry.create_system, entry.external_attr = UNIX, REGULAR_FILE
            entry.compress_type = zipfile.ZIP_DEFLATED
            with (files / name).open("rb") as file, archive.open(entry, "w", force_zip64=True) as member:
                shutil.copyfileobj(file, member, READ_BYTES)


def _store(cursor: Cursor, export_id: int, packed: Path) -> tuple[bytes, int]:
    digest, byte_count = hashlib.sha256(), 0
    with packed.open("rb") as file:
        for number, piece in enumerate(iter(lambda: file.read(PART_BYTES), b"")):
            add_part(cursor, export_id, number, piece)
            digest.update(piece)
            byte_count += len(piece)
    return digest.digest(), byte_count
