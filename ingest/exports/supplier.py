"""A change of supplier, the way out: every table that matters as CSV, counted, hashed, and nothing held in memory."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from crimes.evidence.manifest import canonical_json
from crimes.evidence.signature import SigningKey
from crimes.evidence.words import iso
from ingest.exports.folder import NewFolder
from ingest.exports.sealed import SealedWriter
from model.times import to_microseconds
from ops.errors import ConfigurationError
from store.database import Cursor
from store.exports.copying import (
    Table,
    Writable,
    applied_migrations,
    copy_out,
    count,
    count_where,
    fix_formats,
    read_sequences,
    read_tables,
)
from store.exports.supplied import LEFT_OUT, PROTECTED, SUPPLIED

FORMAT = "cordon-supplier/1"
SCHEMA = "schema.json"
QUARANTINE = (
    "Rows with quarantined_at, and all of the same person and time, are of somebody who was under 18 then. They are"
    " shut away from everybody: a service that takes them in must keep them so, or erase them."
)
_QUARANTINED = {
    "cordon.activation_records": "quarantined_at IS NOT NULL",
    "cordon.matching_result_records": "quarantined_at IS NOT NULL",
    "cordon.scene_search_result_records": "quarantined_at IS NOT NULL",
}


def export_supplier(
    cursor: Cursor, to: Path, made_at: datetime, key: SigningKey | None, protected_key: X25519PublicKey | None
) -> dict[str, Any]:
    """Write all tables as they are in the cursor's one snapshot; the content of the manifest.

    Without ``protected_key`` victims' addresses, and what refers to them, stay: there is no way to write them in clear.
    Raises InputError where the folder is there already, ConfigurationError where a table is in neither list.
    """
    fix_formats(cursor)
    tables = read_tables(cursor)
    refuse_unlisted(tables)
    folder = NewFolder(to)
    supplied = {name: table for name, table in tables.items() if name in SUPPLIED}
    if protected_key is None:
        supplied = {name: table for name, table in supplied.items() if name not in PROTECTED}
    folder.write(SCHEMA, canonical_json({name: _described(table) for name, table in sorted(supplied.items())}))
    counts = [_export_table(cursor, folder, table, protected_key) for _, table in sorted(supplied.items())]
    content = {
        "tables": counts,
        "left_out": _left_out(cursor, tables, protected_key),
        "quarantined": {name: count_where(cursor, tables[name], one) for name, one in _QUARANTINED.items()}
        | {"words": QUARANTINE},
        "sequences": read_sequences(cursor),
        "migrations": applied_migrations(cursor),
    }
    folder.finish(FORMAT, iso(to_microseconds(made_at)), version("cordon"), content, key)
    return content


def refuse_unlisted(tables: Mapping[str, Table]) -> None:
    """Nothing is lost because nobody thought of it."""
    unlisted = sorted(tables.keys() - SUPPLIED.keys() - LEFT_OUT.keys())
    unknown = sorted((SUPPLIED.keys() | LEFT_OUT.keys()) - tables.keys())
    if unlisted or unknown:
        raise ConfigurationError(
            f"the list of what is exported is not that of the tables: {unlisted} are in neither list of"
            f" store/exports/supplied.py, and {unknown} are not in the database"
        )


def _described(table: Table) -> dict[str, Any]:
    return {"columns": [asdict(column) for column in table.columns], "key": list(table.key)}


def _export_table(
    cursor: Cursor, folder: NewFolder, table: Table, protected_key: X25519PublicKey | None
) -> dict[str, Any]:
    """Counted in the same snapshot; the hash of a few protected rows would let somebody try out addresses."""
    sealed_to = protected_key if table.name in PROTECTED else None
    name = f"{table.name}.csv{'.sealed' if sealed_to else ''}"
    with folder.file(name) as file, _sealed(file, sealed_to) as writable:
        copy_out(cursor, table, writable)
    counted = asdict(count(cursor, table, SUPPLIED[table.name]))
    if sealed_to:
        counted["content"] = None
    return {"table": table.name, "file": name, **counted}


@contextmanager
def _sealed(file: Writable, sealed_to: X25519PublicKey | None) -> Iterator[Writable]:
    if sealed_to is None:
        yield file
        return
    writer = SealedWriter(file, sealed_to)
    yield writer
    writer.close()


def _left_out(
    cursor: Cursor, tables: Mapping[str, Table], protected_key: X25519PublicKey | None
) -> list[dict[str, Any]]:
    found = []
    for name, why in sorted(LEFT_OUT.items()):
        waiting = 0 if why.waiting is None else count_where(cursor, tables[name], why.waiting)
        rows = count_where(cursor, tables[name], "true")
        found.append({"table": name, "reason": why.reason, "rows": rows, "waiting": waiting})
    if protected_key is None:
        reason = "victims' addresses, and what refers to them: exported only encrypted to the new supplier's key"
        for name in sorted(PROTECTED):
            rows = count_where(cursor, tables[name], "true")
            found.append({"table": name, "reason": reason, "rows": rows, "waiting": 0})
    return found
