"""Sessions of people who have signed in. The cookie's value is known to the browser alone; its SHA-256 is kept."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import timedelta

from access.audit import Action, Subject, record_allowed
from access.openid.sign_in import Arrival, Attempt
from access.refusals import HAS_LEFT, Because, NotLetInError
from access.tokens import Bearer, hash_token, known_role
from store import sessions
from store.database import Cursor, Identity

SECRET_BYTES = 32
SIGNING_IN = "signing in"


@dataclass(frozen=True, slots=True)
class OpenedSession:
    session_id: int
    secret: str = field(repr=False)


def new_secret() -> str:
    """256 random bits in 43 characters."""
    return secrets.token_urlsafe(SECRET_BYTES)


def open_session(
    cursor: Cursor,
    arrival: Arrival,
    attempt: Attempt,
    lasts: timedelta,
    request_id: str,
    instead_of: str | None = None,
) -> OpenedSession:
    """A session under a new secret, recorded; that of the secret ``instead_of``, which the browser had, ends.

    Raises NotLetInError for who has left, or where the attempt is replayed.
    """
    account = arrival.account
    if sessions.has_left(cursor, account.subject):
        raise NotLetInError(Because.HAS_LEFT, HAS_LEFT, account.subject)
    secret = new_secret()
    wanted = sessions.NewSession(
        hash_token(secret),
        hash_token(attempt.secret),
        account.subject,
        account.role.value,
        account.force,
        arrival.provider_subject,
        arrival.provider_session,
    )
    session_id = sessions.open_session(cursor, wanted, lasts)
    if session_id is None:
        raise NotLetInError(Because.REPLAYED, "This sign-in was used before. Start again.", account.subject)
    identity = Identity(account.subject, account.role.value, SIGNING_IN, request_id, account.force or "")
    _record(cursor, identity, "provider", session_id, _end(cursor, instead_of))
    return OpenedSession(session_id, secret)


def open_local_session(
    cursor: Cursor, token: str, lasts: timedelta, request_id: str, instead_of: str | None = None
) -> OpenedSession:
    """The same for the bearer of a live token, in a demonstration alone. Raises NotLetInError."""
    secret = new_secret()
    opened = sessions.open_local_session(cursor, hash_token(secret), hash_token(token), lasts)
    if opened is None:
        raise NotLetInError(Because.NO_LIVE_TOKEN, "This is no token that is live, or this is no demonstration.")
    session_id, subject, role = opened
    _record(cursor, Identity(subject, role, SIGNING_IN, request_id), "token", session_id, _end(cursor, instead_of))
    return OpenedSession(session_id, secret)


def end_session(cursor: Cursor, identity: Identity, secret: str) -> None:
    """Its owner signs out."""
    session_id = _end(cursor, secret)
    record_allowed(cursor, identity, Action.SIGN_OUT, Subject(detail={"by": "session", "session_id": session_id}))


def end_sessions_of_provider(
    cursor: Cursor, provider_subject: str | None, provider_session: str | None, request_id: str
) -> int:
    """The provider has signed somebody out; how many sessions here end with that."""
    ended = sessions.end_sessions_of_provider(cursor, provider_subject, provider_session)
    for session in ended:
        identity = Identity(session.subject, session.role, "signing out", request_id)
        about = Subject(detail={"by": "provider", "session_id": session.session_id})
        record_allowed(cursor, identity, Action.SIGN_OUT, about)
    return len(ended)


def _end(cursor: Cursor, secret: str | None) -> int | None:
    return None if secret is None else sessions.end_session(cursor, hash_token(secret))


def _record(cursor: Cursor, identity: Identity, by: str, session_id: int, instead_of: int | None) -> None:
    detail = {"by": by, "session_id": session_id, "instead_of": instead_of}
    record_allowed(cursor, identity, Action.SIGN_IN, Subject(detail=detail))


def find_session(cursor: Cursor, secret: str, idle: timedelta, *, is_use: bool) -> Bearer | None:
    """Whose session it is; None for one that is unknown or over."""
    row = sessions.find_session(cursor, hash_token(secret), idle, is_use=is_use)
    if row is None:
        return None
    subject, stored_role, expires_at, force, has_left = row
    return Bearer(subject, known_role(stored_role), expires_at, force, has_left)


def csrf_token(secret: str) -> str:
    """By this a page shows that it is the session's: no other site can read it, nor find it out without the cookie."""
    digest = hmac.digest(secret.encode(), b"csrf token", hashlib.sha256)
    return urlsafe_b64encode(digest).decode().rstrip("=")


def is_csrf_token(secret: str, given: str) -> bool:
    return hmac.compare_digest(csrf_token(secret).encode(), given.encode("utf-8", "replace"))
