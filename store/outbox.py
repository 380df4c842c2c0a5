"""The outbox of one channel: what waits to be told, in which order, and what became of each attempt.

One session at a time is the channel's sender; its advisory lock ends with its connection. So rows are read without
FOR UPDATE SKIP LOCKED: nobody else takes them, and row locks would keep a transaction open while a broker is slow.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg2.extras import execute_values

from ops.errors import UnavailableError
from store.database import SERVER_ERRORS, Connection, Cursor, connect, fetch_one
from store.locks import LockClass, end_holders

PAGE = 1000
LONGEST_ERROR = 300


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One alert event that waits; ``attempts`` are those that failed."""

    event_id: int
    alert_id: str
    attempts: int
    happened_at: datetime
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FailedAttempt:
    event_id: int
    retry_in_s: float
    error: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver an event: without ``error``, the receiver took it; ``status`` is what it answered."""

    event_id: int
    took_s: float
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """Of one channel: how many wait, for how long the oldest has, and how many were given up."""

    waiting: int
    oldest_s: float
    dead: int


class Outbox:
    """One session on one channel. Each method raises UnavailableError when the database does not answer."""

    def __init__(self, database_url: str, channel: str) -> None:
        self._database_url = database_url
        self._channel = channel
        self._connection: Connection | None = None

    def become_sender(self) -> bool:
        """Whether this session is the channel's sender from now until its connection ends."""
        with self._cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", (LockClass.SENDER, self._channel))
            return bool(fetch_one(cursor)[0])

    def end_silent_sender(self, silent_s: float) -> bool:
        """End the sender's session if it has asked nothing for ``silent_s``: its process is frozen or cut off."""
        with self._cursor() as cursor:
            return end_holders(cursor, LockClass.SENDER, self._channel, silent_s) > 0

    def read_due(self, limit: int) -> list[OutboxMessage]:
        """See the function of that name."""
        with self._cursor() as cursor:
            return read_due(cursor, self._channel, limit)

    def record(self, delivered: Sequence[int], failed: Sequence[FailedAttempt], took_s: float = 0) -> None:
        """What became of a batch: event ids that the receiver has acknowledged, and attempts to repeat later."""
        with self._cursor() as cursor:
            record_outcome(cursor, self._channel, delivered, failed)
            attempts = [Attempt(event_id, took_s) for event_id in delivered]
            attempts += [Attempt(one.event_id, took_s, error=one.error) for one in failed]
            record_attempts(cursor, self._channel, attempts)

    def count_waiting(self) -> Backlog:
        with self._cursor() as cursor:
            return count_waiting(cursor, self._channel)

    def close(self) -> None:
        """Let go of the channel, if it was ours."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _cursor(self) -> Iterator[Cursor]:
        """A cursor in one transaction. A broken connection is closed, and the channel with it."""
        if self._connection is None:
            self._connection = connect(self._database_url, "cordon-deliver")
        try:
            with self._connection, self._connection.cursor() as cursor:
                yield cursor
        except SERVER_ERRORS as error:
            self.close()
            raise UnavailableError(f"the database broke off: {type(error).__name__}") from None


def read_due(cursor: Cursor, channel: str, limit: int) -> list[OutboxMessage]:
    """The first messages that may be tried now, in the order of their events.

    A message that waits for its next attempt holds back its alert, and no other. The failed ones are gathered once, by
    an index of their own: asked row by row, a backlog of 50,000 without statistics took 4 s a batch.
    """
    cursor.execute(
        """
        SELECT event_id, event.alert_id::text, waiting.attempts, event.happened_at, event.payload
        FROM outbox waiting JOIN alert_events event USING (event_id)
        WHERE waiting.channel = %(channel)s AND waiting.delivered_at IS NULL AND waiting.dead_at IS NULL
          AND waiting.next_attempt_at <= (SELECT service_clock())
          AND event.alert_id NOT IN (
            SELECT failed.alert_id FROM outbox retried JOIN alert_events failed USING (event_id)
            WHERE retried.channel = %(channel)s AND retried.delivered_at IS NULL AND retried.dead_at IS NULL
              AND retried.attempts > 0 AND retried.next_attempt_at > (SELECT service_clock()))
        ORDER BY event_id LIMIT %(limit)s
        """,
        {"channel": channel, "limit": limit},
    )
    return [OutboxMessage(*row) for row in cursor.fetchall()]


def record_outcome(cursor: Cursor, channel: str, delivered: Sequence[int], failed: Sequence[FailedAttempt]) -> None:
    """Event ids that the receiver has acknowledged, and attempts to repeat later."""
    if delivered:
        cursor.execute(
            "UPDATE outbox SET attempts = attempts + 1, last_error = NULL, delivered_at = service_clock()"
            " WHERE channel = %s AND event_id = ANY (%s)",
            (channel, list(delivered)),
        )
    if failed:
        execute_values(
            cursor,
            "UPDATE outbox SET attempts = attempts + 1, last_error = failed.error,"
            " next_attempt_at = service_clock() + make_interval(secs => failed.retry_in_s)"
            " FROM (VALUES %s) AS failed (channel, event_id, retry_in_s, error)"
            " WHERE outbox.channel = failed.channel AND outbox.event_id = failed.event_id",
            [(channel, one.event_id, one.retry_in_s, one.error) for one in failed],
            page_size=PAGE,
        )


def record_attempts(cursor: Cursor, channel: str, attempts: Sequence[Attempt]) -> None:
    execute_values(
        cursor,
        "INSERT INTO delivery_attempts (channel, event_id, attempted_at, took_ms, status, error) VALUES %s",
        [
            (channel, one.event_id, round(one.took_s * 1000), one.status, one.error and one.error[:LONGEST_ERROR])
            for one in attempts
        ],
        template="(%s, %s, service_clock(), %s, %s, %s)",
        page_size=PAGE,
    )


def give_up_old(cursor: Cursor, channel: str, dead_after_s: float) -> int:
    """Call dead what has waited for longer than that; how many. It is sent again by hand."""
    cursor.execute(
        "UPDATE outbox SET dead_at = service_clock() WHERE channel = %s AND delivered_at IS NULL AND dead_at IS NULL"
        " AND queued_at < (SELECT service_clock()) - make_interval(secs => %s)",
        (channel, dead_after_s),
    )
    return cursor.rowcount


def count_waiting(cursor: Cursor, channel: str) -> Backlog:
    cursor.execute(
        "SELECT count(*), coalesce(extract(epoch FROM service_clock() - min(queued_at)), 0)::float8,"
        " (SELECT count(*) FROM outbox WHERE channel = %(channel)s AND dead_at IS NOT NULL)"
        " FROM outbox WHERE channel = %(channel)s AND delivered_at IS NULL AND dead_at IS NULL",
        {"channel": channel},
    )
    waiting, oldest_s, dead = fetch_one(cursor)
    return Backlog(waiting, max(oldest_s, 0.0), dead)
