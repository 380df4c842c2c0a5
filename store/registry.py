"""The registry's fence: one number that each change of a zone or an activation raises, under one lock.

A batch takes the lock shared and an edit takes it exclusively, each to its commit: an edit is either seen by a batch or
comes after it, and since waiting editors go before later readers, neither starves.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg2.errors

from ops.errors import UnavailableError
from store.database import Connection, Cursor, fetch_one
from store.locks import Lock, hold_until_commit, limit_lock_wait


def lock_registry_shared(cursor: Cursor) -> None:
    cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", (Lock.REGISTRY,))


@contextmanager
def registry_held(connection: Connection, wait_ms: int) -> Iterator[None]:
    """Keep every edit out while the block runs, over several transactions: for a batch that edits keep overtaking."""
    with connection, connection.cursor() as cursor:
        limit_lock_wait(cursor, wait_ms)
        cursor.execute("SELECT pg_advisory_lock_shared(%s)", (Lock.REGISTRY,))
    try:
        yield
    finally:
        if not connection.closed:  # a session that ended holds nothing
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock_shared(%s)", (Lock.REGISTRY,))


def lock_registry_exclusive(cursor: Cursor) -> None:
    hold_until_commit(cursor, Lock.REGISTRY)


def lock_registry_for_edit(cursor: Cursor, timeout_ms: int) -> datetime:
    """The same for an edit that somebody waits for; the moment from which on no batch was being judged.

    Raises UnavailableError when the lock is not had in time.
    """
    try:
        limit_lock_wait(cursor, timeout_ms)
        lock_registry_exclusive(cursor)
    except psycopg2.errors.LockNotAvailable:
        raise UnavailableError("the registry is busy: nothing was changed, try again in a moment") from None
    cursor.execute("SELECT service_clock()")
    held_at: datetime = fetch_one(cursor)[0]
    return held_at


def read_revision(cursor: Cursor) -> int:
    cursor.execute("SELECT revision FROM registry_revision")
    return int(fetch_one(cursor)[0])


def next_revision(cursor: Cursor) -> int:
    """Raise the revision, under the exclusive lock; rows that change carry the number returned."""
    cursor.execute("UPDATE registry_revision SET revision = revision + 1 RETURNING revision")
    return int(fetch_one(cursor)[0])
