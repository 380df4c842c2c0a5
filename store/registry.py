"""The registry's fence: one number that each change of a zone or an activation raises, under one lock.

A batch takes the lock shared and an edit takes it exclusively, each to its commit: an edit is either seen by a batch or
comes after it, and since waiting editors go before later readers, neither starves.
"""

from collections.abc import Iterator
from contextlib import contextmanager

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


def read_revision(cursor: Cursor) -> int:
    cursor.execute("SELECT revision FROM registry_revision")
    return int(fetch_one(cursor)[0])


def next_revision(cursor: Cursor) -> int:
    """Raise the revision, under the exclusive lock; rows that change carry the number returned."""
    cursor.execute("UPDATE registry_revision SET revision = revision + 1 RETURNING revision")
    return int(fetch_one(cursor)[0])
