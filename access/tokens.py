"""Bearer tokens. A token is shown once, when it is made; only its SHA-256 is kept."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from access.roles import POLICE_ROLES, Role
from ops.errors import InputError
from store import tokens
from store.checks import checked_subject
from store.database import Cursor

PREFIX = "cordon_"  # lets a secret scanner find a token that was left lying about
SECRET_BYTES = 32
DEFAULT_LIFETIME = timedelta(hours=12)
LONGEST_LIFETIME = timedelta(days=90)

TOKEN_PATTERN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")


@dataclass(frozen=True, slots=True)
class NewToken:
    token_id: int
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a token speaks for. ``role`` is None when this release does not know the stored one: it may do nothing."""

    subject: str
    role: Role | None
    expires_at: datetime
    force: str | None  # the police force that the bearer works for
    has_left: bool = False  # was on the staff and is no more: may do nothing


def create_token(
    cursor: Cursor, role: Role, subject: str, now: datetime, lifetime: timedelta, force: str | None = None
) -> NewToken:
    """Make a token for ``subject`` and return it, the only time it is seen.

    Raises InputError on a wrong lifetime, and unless ``force``, by its identifier, is given for police and nobody else.
    """
    if not timedelta(0) < lifetime <= LONGEST_LIFETIME:
        raise InputError(f"a token lasts more than no time and at most {LONGEST_LIFETIME.days} days")
    subject = checked_subject(subject)
    _check_force(role, force)
    token = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    expires_at = now + lifetime
    token_id = tokens.insert_token(cursor, hash_token(token), subject, role, expires_at, force)
    return NewToken(token_id, token, expires_at)


def authenticate(cursor: Cursor, token: str) -> Bearer | None:
    """The bearer of a live token; None for one that is unknown, expired or revoked."""
    if TOKEN_PATTERN.fullmatch(token) is None:
        return None
    row = tokens.find_bearer(cursor, hash_token(token))
    if row is None:
        return None
    subject, stored_role, expires_at, force, has_left = row
    return Bearer(subject, known_role(stored_role), expires_at, force, has_left)


def _check_force(role: Role, force: str | None) -> None:
    if role not in POLICE_ROLES:
        if force is not None:
            raise InputError(f"a {role} works for no police force: leave the force out")
    elif force is None:
        raise InputError(f"a {role} works for a police force, and sees no crime without it: name it with --force")


def known_role(stored: str) -> Role | None:
    """None for one that a newer release wrote."""
    try:
        return Role(stored)
    except ValueError:
        return None


def hash_token(token: str) -> bytes:
    """A plain hash will do: 256 random bits cannot be guessed, so there is nothing for a slow one to slow down."""
    return hashlib.sha256(token.encode()).digest()
