"""Who may send pings. A source's key is shown once; only its SHA-256 is kept."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg2.errors

from ops.errors import InputError
from store.database import SERVICE, Cursor, Pool

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class SourceAccess:
    """A source whose key was right. With a ``device_serial`` it speaks for that device only."""

    source_id: int
    name: str
    device_serial: str | None


@dataclass(frozen=True, slots=True)
class StoredSource:
    """A source as it is kept; without a ``device_serial`` it speaks for any device."""

    name: str
    device_serial: str | None
    created_at: datetime
    revoked_at: datetime | None


def create_source(cursor: Cursor, name: str, device_serial: str | None = None) -> str:
    """Add a source and return its key, which is not kept. InputError for a name in use or an unknown device."""
    key = secrets.token_urlsafe(KEY_BYTES)
    try:
        cursor.execute(
            "INSERT INTO sources (name, key_hash, device_id)"
            " SELECT %(name)s, %(hash)s, device_id"
            " FROM (SELECT 1) one LEFT JOIN devices ON serial = %(serial)s"
            " WHERE %(serial)s IS NULL OR device_id IS NOT NULL",
            {"name": name, "hash": hash_of_key(key), "serial": device_serial},
        )
    except psycopg2.errors.UniqueViolation:
        raise InputError(f"a source named {name} exists: choose another name; a revoked source keeps its own") from None
    except psycopg2.errors.CheckViolation:
        raise InputError("the name of a source has 1 to 100 characters") from None
    if cursor.rowcount == 0:
        raise InputError(f"no device has the serial {device_serial}: register it first")
    return key


def revoke_source(cursor: Cursor, name: str) -> None:
    """From now on its key is refused. InputError when no live source has the name."""
    cursor.execute("UPDATE sources SET revoked_at = service_clock() WHERE name = %s AND revoked_at IS NULL", (name,))
    if cursor.rowcount == 0:
        raise InputError(f"no live source is named {name}")


def list_sources(cursor: Cursor) -> list[StoredSource]:
    """Every source, the revoked ones too, in the order in which they were made."""
    cursor.execute(
        "SELECT source.name, device.serial, source.created_at, source.revoked_at"
        " FROM sources source LEFT JOIN devices device USING (device_id) ORDER BY source_id"
    )
    return [StoredSource(*row) for row in cursor.fetchall()]


def authenticate_source(pool: Pool, key: str) -> SourceAccess | None:
    """The live source of ``key``, or None. UnavailableError when the database does not answer."""
    with pool.transaction(SERVICE) as cursor:
        cursor.execute("SELECT source_id, name, device_serial FROM authenticate_source(%s)", (hash_of_key(key),))
        row = cursor.fetchone()
    return None if row is None else SourceAccess(*row)


def device_states(pool: Pool, serials: Sequence[str]) -> dict[str, bool]:
    """For each registered serial, whether the device is on somebody now; unknown serials are left out."""
    with pool.transaction(SERVICE) as cursor:
        cursor.execute("SELECT serial, on_somebody FROM device_states(%s)", (list(serials),))
        return dict(cursor.fetchall())


def hash_of_key(key: str) -> bytes:
    """Keys are 32 random bytes, so one round of SHA-256 is enough. A lone surrogate is hashed as it came."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
