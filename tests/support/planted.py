"""A person in every table of the schemas, whatever its columns: found again by marks that nothing else has."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg2 import sql
from psycopg2.extras import Json

from ingest.archive import archive
from ingest.source import PartitionBatch
from model.times import to_microseconds
from store.database import Cursor, fetch_one
from store.offsets import GENESIS_HASH
from tests.support.pings import ping

PLANTED_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TOPIC = "tag.pings"

_COLUMNS = """
    SELECT format('%I.%I', nspname, relname), attname, format_type(atttypid, NULL)
    FROM pg_attribute JOIN pg_class class ON class.oid = attrelid JOIN pg_namespace space ON space.oid = relnamespace
    WHERE nspname IN ('cordon', 'cordon_protected') AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
      AND attgenerated = '' ORDER BY 1, attnum
"""
_EMPTY = {"superseded_by", "merged_into", "taken_back_by", "alert_kind", "quarantined_at", "erased_at", "cancelled_at"}
_SAID = {
    ("alerts", "state"): "ended",
    ("alert_cases", "status"): "closed",
    ("visits", "state"): "ended",
    ("victim_tasks", "status"): "told",
    ("zone_versions", "kind"): "exclusion",
    ("condition_versions", "status"): "ended",
    ("response_plans", "alert_kind"): None,
    ("exports", "expires_at"): None,
}


@dataclass(frozen=True, slots=True)
class Planted:
    """``number`` stands in every id of theirs and ``word`` in every text; ``device_id`` and ``serial`` tell nothing."""

    number: int
    word: str
    device_id: int
    degrees: float

    @property
    def uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self.number << 64)

    @property
    def serial(self) -> str:
        return f"TAG-{self.device_id}"

    @property
    def marks(self) -> list[str]:
        return [str(self.number), str(self.uuid), self.word, self.word.encode().hex(), str(self.degrees)]


SAM = Planted(777000001, "SAMPLANTED", 41, 7.770001)
ALEX = Planted(888000001, "ALEXPLANTED", 42, 8.880001)


AUDIT = {"audit_log", "audit_seals"}
"""Not planted: it is append-only, and goes by its own pruning (tests/retention/test_audit.py)."""


def tables(cursor: Cursor) -> dict[str, list[tuple[str, str]]]:
    """Every table of the schemas, those of ``cordon`` without its name, with its columns and their types."""
    cursor.execute(_COLUMNS)
    found: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in cursor.fetchall():
        found.setdefault(table.removeprefix("cordon."), []).append((column, kind))
    return found


def plant(cursor: Cursor, people: Sequence[Planted], left_out: set[str]) -> None:
    """A row of each person in each table but ``left_out``; the checks of the database are gone afterwards."""
    cursor.execute("SET LOCAL session_replication_role = replica")
    cursor.execute(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0"
        " AND connamespace IN ('cordon'::regnamespace, 'cordon_protected'::regnamespace)"
        " AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = conrelid)"
    )
    for table, name in cursor.fetchall():
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {sql.Identifier(name).as_string(cursor)}")
    for one in people:
        cursor.execute(
            "INSERT INTO devices (device_id, serial) OVERRIDING SYSTEM VALUE VALUES (%s, %s)",
            (one.device_id, one.serial),
        )
    found = tables(cursor)
    for table in sorted(set(found) - left_out - {"devices", "raw_batches"}):
        for one in people:
            _insert(cursor, table, found[table], one)
    _plant_archive(cursor, people)
    cursor.execute("SET LOCAL session_replication_role = origin")


def where_found(cursor: Cursor, one: Planted) -> dict[str, int]:
    """How many rows of each table hold a mark of theirs; a message of the archive counts as a row."""
    counts = {}
    for table in tables(cursor):
        if table == "raw_batches":
            continue
        row = sql.SQL("SELECT count(*) FROM {} AS record WHERE record::text LIKE ANY (%s)").format(_named(table))
        cursor.execute(row, ([f"%{mark}%" for mark in one.marks],))
        counts[table] = int(fetch_one(cursor)[0])
    return {table: count for table, count in counts.items() if count}


def _named(table: str) -> sql.Composed:
    return sql.SQL(".").join(map(sql.Identifier, table.split(".")))


def _insert(cursor: Cursor, table: str, columns: list[tuple[str, str]], one: Planted) -> None:
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
    values = [_value(table, name, kind, one) for name, kind in columns]
    cursor.execute(
        sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
            _named(table), names, sql.SQL(", ").join(sql.Placeholder() * len(values))
        ),
        values,
    )


def _value(table: str, name: str, kind: str, one: Planted) -> Any:
    if (table, name) in _SAID:
        return _SAID[table, name]
    if name in _EMPTY:
        return None
    if name == "device_id":
        return one.device_id
    if name == "key":
        return one.serial.encode()
    if name == "hour":
        return int(PLANTED_AT.timestamp()) // 3600
    later = PLANTED_AT + timedelta(hours=1)
    of_kind: dict[str, Any] = {
        "text": one.word,
        "text[]": [one.word],
        "jsonb": Json({"mark": one.word}),
        "bytea": one.word.encode(),
        "uuid": str(one.uuid),
        "bigint": one.number,
        "bigint[]": [one.number],
        "integer": one.number,
        "integer[]": [one.number],
        "smallint": 1,
        "boolean": False,
        "real": one.degrees,
        "double precision": one.degrees,
        "date": PLANTED_AT.date(),
        "time without time zone": PLANTED_AT.time(),
        "xid8": "1",
        "timestamp with time zone": PLANTED_AT,
        "tstzrange": f"[{PLANTED_AT - timedelta(hours=1)},{later})",
    }
    return of_kind[kind]


def _plant_archive(cursor: Cursor, people: Sequence[Planted]) -> None:
    moment_us = to_microseconds(PLANTED_AT)
    count = len(people)
    kept = archive(
        TOPIC,
        PartitionBatch(
            partition=0,
            offsets=list(range(count)),
            timestamps_ms=[moment_us // 1000] * count,
            keys=[one.serial.encode() for one in people],
            values=[ping(one.serial, moment_us, note=one.word) for one in people],
            next_offset=count,
            lag=0,
        ),
        GENESIS_HASH,
    )
    cursor.execute(
        "INSERT INTO raw_batches (topic, partition, first_offset, next_offset, message_count, received_from,"
        " received_to, body, previous_hash, chain_hash) VALUES (%s, 0, %s, %s, %s, %s, %s, %s, %s, %s)",
        (TOPIC, 0, count, count, PLANTED_AT, PLANTED_AT, kept.body, kept.previous_hash, kept.chain_hash),
    )
