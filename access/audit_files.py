"""Records of the audit as lines of a file: CSV for a spreadsheet, or one JSON object a line."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum

import msgspec

from crimes.evidence.text import cell
from store.audit_reads import AuditRecord

COLUMNS = (
    "audit_id",
    "happened_at",
    "subject",
    "role",
    "action",
    "outcome",
    "purpose",
    "request_id",
    "person_id",
    "person_ids",
    "window_from",
    "window_to",
    "row_count",
    "detail",
)


class AuditFileKind(StrEnum):
    CSV = "csv"
    NDJSON = "ndjson"

    @property
    def media_type(self) -> str:
        return "text/csv; charset=utf-8" if self is AuditFileKind.CSV else "application/x-ndjson"


def file_lines(kind: AuditFileKind, pages: Iterable[list[AuditRecord]]) -> Iterator[bytes]:
    """The file in pieces, one a page; CSV begins with the names of its columns."""
    if kind is AuditFileKind.CSV:
        yield _csv_lines([COLUMNS])
    lines = _OF[kind]
    for page in pages:
        yield lines(page)


def _as_csv(page: list[AuditRecord]) -> bytes:
    return _csv_lines([cell(_flat(getattr(record, name))) for name in COLUMNS] for record in page)


def _as_json(page: list[AuditRecord]) -> bytes:
    return b"".join(msgspec.json.encode(record) + b"\n" for record in page)


def _flat(value: object) -> object:
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, Mapping):
        return msgspec.json.encode(value).decode() if value else ""
    return value.isoformat() if hasattr(value, "isoformat") else value


def _csv_lines(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


_OF: Mapping[AuditFileKind, Callable[[list[AuditRecord]], bytes]] = {
    AuditFileKind.CSV: _as_csv,
    AuditFileKind.NDJSON: _as_json,
}
