"""Connections. Every statement goes to the schema ``cordon``; parameters travel beside the SQL, never in it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
import psycopg2.extensions
import psycopg2.pool

from ops.errors import UnavailableError

Connection = psycopg2.extensions.connection
Cursor = psycopg2.extensions.cursor

SCHEMA = "cordon"
CONNECT_TIMEOUT_S = 5


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: what row security and the audit go by."""

    subject: str
    role: str
    purpose: str
    request_id: str


SERVICE = Identity(subject="cordon", role="service", purpose="running the service", request_id="")


def connect(url: str, application: str) -> Connection:
    """One connection; UnavailableError, without the URL's password, when the server does not answer."""
    try:
        connection: Connection = psycopg2.connect(
            url,
            application_name=application,
            connect_timeout=CONNECT_TIMEOUT_S,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            options=f"-c search_path={SCHEMA},public -c timezone=UTC",
        )
    except psycopg2.OperationalError as error:
        raise UnavailableError(f"the database does not answer: {str(error).strip()}") from None
    return connection


class Pool:
    """A pool that lets a request wait for a connection; psycopg2's own raises at once when it is empty."""

    def __init__(self, url: str, application: str, size: int, wait_s: float = 10) -> None:
        self._free = threading.BoundedSemaphore(size)
        self._wait_s = wait_s
        try:
            self._pool = psycopg2.pool.ThreadedConnectionPool(
                0,
                size,
                url,
                application_name=application,
                connect_timeout=CONNECT_TIMEOUT_S,
                options=f"-c search_path={SCHEMA},public -c timezone=UTC",
            )
        except psycopg2.OperationalError as error:
            raise UnavailableError(f"the database does not answer: {str(error).strip()}") from None

    @contextmanager
    def transaction(self, identity: Identity) -> Iterator[Cursor]:
        """A cursor in one transaction under ``identity``; committed at the end, rolled back on an error.

        Raises UnavailableError when no connection comes free in time or the server does not answer.
        """
        if not self._free.acquire(timeout=self._wait_s):
            raise UnavailableError("every database connection is busy: try again in a moment")
        try:
            with self._connection() as connection, connection, connection.cursor() as cursor:
                set_identity(cursor, identity)
                yield cursor
        finally:
            self._free.release()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        try:
            connection = self._pool.getconn()
        except psycopg2.OperationalError as error:
            raise UnavailableError(f"the database does not answer: {str(error).strip()}") from None
        try:
            yield connection
        finally:
            self._pool.putconn(connection, close=bool(connection.closed))

    def close(self) -> None:
        self._pool.closeall()


def set_identity(cursor: Cursor, identity: Identity) -> None:
    """For this transaction only: a plain SET would leak to the pool's next user."""
    cursor.execute(
        "SELECT set_config('cordon.subject', %s, true), set_config('cordon.role', %s, true),"
        " set_config('cordon.purpose', %s, true), set_config('cordon.request_id', %s, true)",
        (identity.subject, identity.role, identity.purpose, identity.request_id),
    )


def fetch_one(cursor: Cursor) -> tuple[Any, ...]:
    """The row of a statement that always gives one."""
    row = cursor.fetchone()
    if row is None:
        raise LookupError("a statement that always gives a row gave none")
    return row
