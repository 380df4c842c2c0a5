"""A change of supplier, the way in: an export into an empty service, all of it or nothing, and every count checked."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psycopg2
import psycopg2.errors
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from crimes.evidence.manifest import ListedFile
from ingest.exports.folder import Manifest, opened, read_folder
from ingest.exports.sealed import SealedReader
from ingest.exports.supplier import FORMAT, refuse_unlisted
from ops.errors import InputError
from store.audit_seals import turn_timeline
from store.database import Cursor
from store.exports.copying import (
    Count,
    Readable,
    Table,
    applied_migrations,
    copy_in,
    count,
    empty,
    fix_formats,
    in_order_of_references,
    read_sequences,
    read_tables,
    set_sequences,
    shut,
    triggers_of,
)
from store.exports.supplied import SEEDED, SUPPLIED


class SuppliedTable(msgspec.Struct, frozen=True):
    table: str
    file: str
    rows: int
    content: str | None  # None: of a protected table, whose seal proves it
    kinds: dict[str, int]


class SupplierContent(msgspec.Struct, frozen=True):
    tables: list[SuppliedTable]
    sequences: dict[str, int | None]
    migrations: dict[str, str]


@dataclass(frozen=True, slots=True)
class Supplied:
    """An export that was found to be as it was written."""

    path: Path
    manifest: Manifest
    content: SupplierContent

    def file_of(self, one: SuppliedTable) -> ListedFile:
        for listed in self.manifest.files:
            if listed.path == one.file:
                return listed
        raise InputError(f"the manifest names {one.file} for {one.table} and does not list it")


def read_supplied(path: Path, public_key: bytes | None) -> Supplied:
    """Check the whole folder, with no database. Raises InputError where anything of it is not as it was written."""
    manifest = read_folder(path, FORMAT, public_key)
    try:
        content = msgspec.convert(manifest.content, SupplierContent)
    except msgspec.ValidationError as error:
        raise InputError(f"the manifest of {path} is none of a change of supplier: {error}") from None
    return Supplied(path, manifest, content)


def import_supplied(cursor: Cursor, supplied: Supplied, key: X25519PrivateKey | None) -> None:
    """Take all of it in and count it again, within the caller's transaction; the audit goes on behind what it held.

    Raises InputError where the service is not empty or of another release, where a key is missing or another one, where
    a file does not hold what its table takes, and where any count is not that of the manifest.
    """
    fix_formats(cursor)
    _refuse_other_release(cursor, supplied.content)
    tables = read_tables(cursor)
    refuse_unlisted(tables)
    unknown = sorted({one.table for one in supplied.content.tables} - SUPPLIED.keys())
    if unknown:
        raise InputError(f"the export holds tables that this program does not take: {unknown}")
    others = sorted(supplied.content.sequences.keys() - read_sequences(cursor).keys())
    if others:
        raise InputError(f"the export names sequences that this service does not have: {others}")
    if key is None and any(one.content is None for one in supplied.content.tables):
        raise InputError("the export holds victims' addresses, sealed: give --protected-key with your private key")
    _refuse_full(cursor, tables)
    by_name = {one.table: one for one in supplied.content.tables}
    switched = triggers_of(cursor, by_name)
    for trigger in switched:
        trigger.switch_off(cursor)
    for name in in_order_of_references(cursor, by_name):
        with _readable(supplied, by_name[name], key) as file, _told(by_name[name]):
            copy_in(cursor, tables[name], file)
    set_sequences(cursor, supplied.content.sequences)
    _reconcile(cursor, tables, supplied.content)
    turn_timeline(cursor)
    for trigger in switched:
        trigger.switch_on(cursor)


def _refuse_other_release(cursor: Cursor, content: SupplierContent) -> None:
    here = applied_migrations(cursor)
    if here != content.migrations:
        missing, more = sorted(content.migrations.keys() - here.keys()), sorted(here.keys() - content.migrations.keys())
        raise InputError(
            f"this service's schema is not that of the export: it lacks {missing}, and the export lacks {more};"
            " run `cordon migrate` of the release that made the export, import, and upgrade then"
        )


def _refuse_full(cursor: Cursor, tables: Mapping[str, Table]) -> None:
    """What migrations put there is replaced; anything else is somebody's."""
    held = shut(cursor, [tables[name] for name in sorted(SUPPLIED)])
    somebodys = sorted(set(held) - SEEDED)
    if somebodys:
        raise InputError(f"this service is not empty, so nothing was taken in: {', '.join(somebodys)} hold rows")
    for name in SEEDED:
        empty(cursor, tables[name])


@contextmanager
def _readable(supplied: Supplied, one: SuppliedTable, key: X25519PrivateKey | None) -> Iterator[Readable]:
    with opened(supplied.path, supplied.file_of(one)) as file:
        yield SealedReader(file, key) if one.content is None and key is not None else file


@contextmanager
def _told(one: SuppliedTable) -> Iterator[None]:
    """The server's message may quote a value: only its kind is told. What stops a read comes as a cancelled COPY."""
    try:
        yield
    except psycopg2.errors.QueryCanceled:
        raise InputError(
            f"{one.file} could not be opened to its end: it was sealed to another key, or changed"
        ) from None
    except (psycopg2.DataError, psycopg2.IntegrityError) as error:
        raise InputError(f"{one.file} holds what {one.table} does not take: {type(error).__name__}") from None


def _reconcile(cursor: Cursor, tables: Mapping[str, Table], content: SupplierContent) -> None:
    differing = []
    for one in content.tables:
        found = count(cursor, tables[one.table], SUPPLIED[one.table])
        stated = Count(one.rows, found.content if one.content is None else one.content, one.kinds)
        if found != stated:
            differing.append(f"{one.table}: {_words(stated)} in the manifest, {_words(found)} here")
    if differing:
        raise InputError(
            "what was taken in is not what the manifest counts; nothing was kept:\n" + "\n".join(differing)
        )


def _words(counted: Count) -> str:
    kinds: dict[str, Any] = counted.kinds
    return f"{counted.rows} rows with the sum {counted.content}{f' {kinds}' if kinds else ''}"
