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
        """The first messages that may be tried now, in the order of their events.

        A message that waits for its next attempt holds back its alert, and no other. The failed ones are gathered once,
        by an index of their own: asked row by row, a backlog of 50,000 without statistics took 4 s a batch.
        """
        with self._cursor() as cursor:
            cursor.execute(
                """
                SELECT event_id, event.alert_id::text, waiting.attempts, event.happened_at, event.payload
                FROM outbox waiting JOIN alert_events event USING (event_id)
                WHERE waiting.channel = %(channel)s AND waiting.delivered_at IS NULL
                  AND waiting.next_attempt_at <= (SELECT service_clock())
                  AND event.alert_id NOT IN (
                    SELECT failed.alert_id FROM outbox retried JOIN alert_events failed USING (event_id)
                    WHERE retried.channel = %(channel)s AND retried.delivered_at IS NULL
                      AND retried.attempts > 0 AND retried.next_attempt_at > (SELECT service_clock()))
                ORDER BY event_id LIMIT %(limit)s
                """,
                {"channel": self._channel, "limit": limit},
            )
            return [OutboxMessage(*row) for row in cursor.fetchall()]

    def record(self, delivered: Sequence[int], failed: Sequence[FailedAttempt]) -> None:
        """What became of a batch: event ids that the receiver has acknowledged, and attempts to repeat later."""
        with self._cursor() as cursor:
            if delivered:
                cursor.execute(
                    "UPDATE outbox SET attempts = attempts + 1, last_error = NULL, delivered_at = service_clock()"
                    " WHERE channel = %s AND event_id = ANY (%s)",
                    (self._channel, list(delivered)),
                )
            if failed:
                execute_values(
                    cursor,
                    "UPDATE outbox SET attempts = attempts + 1, last_error = failed.error,"
                    " next_attempt_at = service_clock() + make_interval(secs => failed.retry_in_s)"
                    " FROM (VALUES %s) AS failed (channel, event_id, retry_in_s, error)"
                    " WHERE outbox.channel = failed.channel AND outbox.event_id = failed.event_id",
                    [(self._channel, one.event_id, one.retry_in_s, one.error) for one in failed],
                    page_size=PAGE,
                )

    def count_waiting(self) -> int:
        with self._cursor() as cursor:
            cursor.execute("SELECT count(*) FROM outbox WHERE channel = %s AND delivered_at IS NULL", (self._channel,))
            return int(fetch_one(cursor)[0])

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
