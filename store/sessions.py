"""Sessions as they are kept, by hashes of their cookies. The API reaches them by functions, the owner as they are."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from store.database import Cursor, fetch_one


@dataclass(frozen=True, slots=True)
class StoredSession:
    session_id: int
    subject: str
    role: str
    force: str | None
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class EndedSession:
    session_id: int
    subject: str
    role: str


@dataclass(frozen=True, slots=True)
class NewSession:
    """For whom one is opened, and what the provider calls them and its own session."""

    session_hash: bytes
    attempt_hash: bytes
    subject: str
    role: str
    force: str | None
    provider_subject: str
    provider_session: str | None


def open_session(cursor: Cursor, session: NewSession, lasts: timedelta) -> int | None:
    """Its id; None where this attempt to sign in has opened one before."""
    cursor.execute(
        "SELECT open_session(%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            session.session_hash,
            session.attempt_hash,
            session.subject,
            session.role,
            session.force,
            session.provider_subject,
            session.provider_session,
            lasts,
        ),
    )
    session_id: int | None = fetch_one(cursor)[0]
    return session_id


def open_local_session(
    cursor: Cursor, session_hash: bytes, token_hash: bytes, lasts: timedelta
) -> tuple[int, str, str] | None:
    """Its id, subject and role; None without a live token, and anywhere but in a demonstration."""
    cursor.execute(
        "SELECT session_id, subject, role FROM open_local_session(%s, %s, %s)", (session_hash, token_hash, lasts)
    )
    return cursor.fetchone()


def find_session(
    cursor: Cursor, session_hash: bytes, idle: timedelta, *, is_use: bool
) -> tuple[str, str, datetime, str | None, bool] | None:
    """Subject, role, end, police force, and whether they have left, of a session that lasts. A use puts off its end."""
    cursor.execute(
        "SELECT subject, role, expires_at, force, has_left FROM authenticate_session(%s, %s, %s)",
        (session_hash, idle, is_use),
    )
    return cursor.fetchone()


def end_session(cursor: Cursor, session_hash: bytes) -> int | None:
    """The session's id; None where it lasts no more."""
    cursor.execute("SELECT end_session(%s)", (session_hash,))
    session_id: int | None = fetch_one(cursor)[0]
    return session_id


def end_sessions_of_provider(
    cursor: Cursor, provider_subject: str | None, provider_session: str | None
) -> list[EndedSession]:
    """Those of this person of the provider, or of this session of theirs there."""
    cursor.execute(
        "SELECT session_id, subject, role FROM end_sessions_of_provider(%s, %s)", (provider_subject, provider_session)
    )
    return [EndedSession(*row) for row in cursor.fetchall()]


def has_left(cursor: Cursor, subject: str) -> bool:
    """Whether they were on the staff and are no more."""
    cursor.execute("SELECT has_left(%s)", (subject,))
    left: bool = fetch_one(cursor)[0]
    return left


def is_demonstration(cursor: Cursor) -> bool:
    cursor.execute("SELECT is_demonstration()")
    answer: bool = fetch_one(cursor)[0]
    return answer


def mark_as_demonstration(cursor: Cursor) -> None:
    """The owner's word that everybody in this database is invented."""
    cursor.execute("INSERT INTO demonstration DEFAULT VALUES ON CONFLICT DO NOTHING")


def list_sessions(cursor: Cursor) -> list[StoredSession]:
    """The newest first, at most a thousand; an open one may have been idle for too long."""
    cursor.execute(
        "SELECT session_id, subject, role, force, created_at, used_at, expires_at, ended_at FROM sessions"
        " ORDER BY session_id DESC LIMIT 1000"
    )
    return [StoredSession(*row) for row in cursor.fetchall()]


def end_sessions_of(cursor: Cursor, subject: str, now: datetime) -> int:
    """How many of the subject's sessions there were to end."""
    cursor.execute(
        "UPDATE sessions SET ended_at = %s WHERE bare_subject(subject) = bare_subject(%s) AND ended_at IS NULL",
        (now, subject),
    )
    return cursor.rowcount
