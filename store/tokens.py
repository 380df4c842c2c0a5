"""Tokens as they are kept: hashes. Only the owner's connection makes, lists and revokes them."""

from dataclasses import dataclass
from datetime import datetime

from store.database import Cursor, fetch_one


@dataclass(frozen=True, slots=True)
class StoredToken:
    token_id: int
    subject: str
    role: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    force: str | None


def insert_token(
    cursor: Cursor, token_hash: bytes, subject: str, role: str, expires_at: datetime, force: str | None
) -> int:
    cursor.execute(
        "INSERT INTO access_tokens (token_hash, subject, role, expires_at, force) VALUES (%s, %s, %s, %s, %s)"
        " RETURNING token_id",
        (token_hash, subject, role, expires_at, force),
    )
    token_id: int = fetch_one(cursor)[0]
    return token_id


def find_bearer(cursor: Cursor, token_hash: bytes) -> tuple[str, str, datetime, str | None, bool] | None:
    """Subject, role, end, police force, and whether they have left, of a live token."""
    cursor.execute("SELECT subject, role, expires_at, force, has_left FROM authenticate_token(%s)", (token_hash,))
    return cursor.fetchone()


def list_tokens(cursor: Cursor) -> list[StoredToken]:
    cursor.execute(
        "SELECT token_id, subject, role, created_at, expires_at, revoked_at, force FROM access_tokens ORDER BY token_id"
    )
    return [StoredToken(*row) for row in cursor.fetchall()]


def revoke_token(cursor: Cursor, token_id: int, now: datetime) -> bool:
    """Whether there was such a token; one revoked before keeps its first time."""
    cursor.execute(
        "UPDATE access_tokens SET revoked_at = coalesce(revoked_at, %s) WHERE token_id = %s", (now, token_id)
    )
    return cursor.rowcount == 1
