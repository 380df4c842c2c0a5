"""Connections. Every statement goes to the schema ``cordon``; parameters travel beside the SQL, never in it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
import psycopg2.extensions

from model.casework import SERVICE_SUBJECT
from ops.errors import UnavailableError

Connection = psycopg2.extensions.connection
Cursor = psycopg2.extensions.cursor

SERVER_ERRORS = (psycopg2.OperationalError, psycopg2.InterfaceError, psycopg2.InternalError)
"""The server's or the line's; an internal one is what a session reads that the server has ended for standing still."""

SCHEMA = "cordon"
CONNECT_TIMEOUT_S = 5
IDLE_IN_TRANSACTION_MS = 60_000  # whoever stands still that long in a transaction is frozen, and holds up the others
UNHEARD_MS = 15_000  # what was sent and is not confirmed for so long went nowhere
STATEMENT_TIMEOUT_MS = 30_000  # of a pool: a request that takes longer has lost its reader


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks: what row security and the audit go by."""

    subject: str
    role: str
    purpose: str
    request_id: str
    force: str = ""  # the police force that the caller works for


SERVICE = Identity(subject=SERVICE_SUBJECT, role="service", purpose="running the service", request_id="")


def may_pass(connection: Connection | None, error: Exception) -> bool:
    """Whether the error is a server's or the line's, and not that of what was asked."""
    is_broken = connection is not None and connection.closed != 0
    return is_broken or isinstance(error, (UnavailableError, *SERVER_ERRORS))


def connect(url: str, application: str, statement_timeout_ms: int = 0) -> Connection:
    """One connection, with no limit on a statement's time at 0.

    Raises UnavailableError, without the URL's password, when the server does not answer.
    """
    try:
        connection: Connection = psycopg2.connect(
            url,
            application_name=application,
            connect_timeout=CONNECT_TIMEOUT_S,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            tcp_user_timeout=UNHEARD_MS,
            options=" ".join(
                f"-c {name}={value}"
                for name, value in {
                    "search_path": f"{SCHEMA},public",
                    "timezone": "UTC",
                    "statement_timeout": statement_timeout_ms,
                    "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_MS,
                    # a snapshot that is older than a lock would see the registry as it was before an edit
                    "default_transaction_isolation": "read\\ committed",
                }.items()
            ),
        )
    except psycopg2.OperationalError as error:
        raise UnavailableError(f"the database does not answer: {str(error).strip()}") from None
    return connection


class Pool:
    """Connections that are kept between transactions, made on demand; a request waits for a free one.

    psycopg2's own pool raises at once when it is empty, and keeps no more connections than it opens at start.
    """

    def __init__(self, url: str, application: str, size: int, wait_s: float = 10) -> None:
        self._url = url
        self._application = application
        self._wait_s = wait_s
        self._free = threading.BoundedSemaphore(size)
        self._idle: list[Connection] = []  # append and pop are atomic; the one used last goes out first

    @contextmanager
    def transaction(self, identity: Identity) -> Iterator[Cursor]:
        """A cursor in one transaction under ``identity``; committed at the end, rolled back on an error.

        Raises UnavailableError when no connection comes free in time or the server does not answer.
        """
        if not self._free.acquire(timeout=self._wait_s):
            raise UnavailableError("every database connection is busy: try again in a moment")
        try:
            connection = self._identified(identity)
            try:
                with connection, connection.cursor() as cursor:
                    yield cursor
            finally:
                self._keep(connection)
        except SERVER_ERRORS as error:
            raise UnavailableError(f"the database broke off: {type(error).__name__}") from None
        finally:
            self._free.release()

    def close(self) -> None:
        """Close what is idle; connections in use close when they come back broken or the program ends."""
        while self._idle:
            self._idle.pop().close()

    def _identified(self, identity: Identity) -> Connection:
        """A connection that answers, under ``identity``: kept ones that a restarted server cut are thrown away."""
        while True:
            kept = self._take_idle()
            connection = kept or connect(self._url, self._application, STATEMENT_TIMEOUT_MS)
            try:
                with connection.cursor() as cursor:
                    set_identity(cursor, identity)
            except SERVER_ERRORS:
                connection.close()
                if kept is None:
                    raise
            else:
                return connection

    def _take_idle(self) -> Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _keep(self, connection: Connection) -> None:
        """Keep a connection for the next one, unless it is broken or still in a transaction."""
        if connection.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_IDLE:
            self._idle.append(connection)
        else:
            connection.close()


def set_identity(cursor: Cursor, identity: Identity) -> None:
    """For this transaction only: a plain SET would leak to the pool's next user."""
    cursor.execute(
        "SELECT set_config('cordon.subject', %s, true), set_config('cordon.role', %s, true),"
        " set_config('cordon.purpose', %s, true), set_config('cordon.request_id', %s, true),"
        " set_config('cordon.force', %s, true)",
        (identity.subject, identity.role, identity.purpose, identity.request_id, identity.force),
    )


def fetch_one(cursor: Cursor) -> tuple[Any, ...]:
    """The row of a statement that always gives one."""
    row = cursor.fetchone()
    if row is None:
        raise LookupError("a statement that always gives a row gave none")
    return row
