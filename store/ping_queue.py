"""The embedded queue's statements."""

from collections.abc import Sequence
from typing import NamedTuple

from store.database import Cursor, fetch_one
from store.locks import Lock


class QueuedMessage(NamedTuple):
    sequence: int
    key: bytes | None
    value: bytes
    appended_ms: int  # milliseconds since 1970 UTC


def append_pings(cursor: Cursor, messages: Sequence[tuple[str, bytes]]) -> None:
    """Append (device serial, JSON) pairs in their order; durable once the transaction has committed."""
    cursor.execute(
        "SELECT append_pings(%s::bytea[], %s::bytea[])",
        ([serial.encode() for serial, _ in messages], [payload for _, payload in messages]),
    )


def try_hold_queue(cursor: Cursor) -> bool:
    """Whether this session now holds the queue; it does until the connection ends."""
    cursor.execute("SELECT pg_try_advisory_lock(%s)", (Lock.QUEUE,))
    return bool(fetch_one(cursor)[0])


def read_after(cursor: Cursor, partition: int, first: int, limit: int, limit_bytes: int) -> list[QueuedMessage]:
    """Up to ``limit`` messages from ``first`` on, in order; no more than ``limit_bytes`` unless the first has more."""
    cursor.execute(
        "WITH following AS (SELECT sequence, key, value, appended_at,"
        "   sum(length(value)) OVER (ORDER BY sequence) AS total,"
        "   row_number() OVER (ORDER BY sequence) AS place"
        "   FROM ping_queue WHERE partition = %s AND sequence >= %s ORDER BY sequence LIMIT %s)"
        " SELECT sequence, key, value, floor(extract(epoch FROM appended_at) * 1000)::bigint FROM following"
        " WHERE total <= %s OR place = 1 ORDER BY sequence",
        (partition, first, limit, limit_bytes),
    )
    return [
        QueuedMessage(sequence, None if key is None else bytes(key), bytes(value), appended_ms)
        for sequence, key, value, appended_ms in cursor.fetchall()
    ]


def count_behind(cursor: Cursor, partition: int, sequence: int) -> int:
    """How many messages wait behind ``sequence``."""
    cursor.execute("SELECT count(*) FROM ping_queue WHERE partition = %s AND sequence > %s", (partition, sequence))
    return int(fetch_one(cursor)[0])


def delete_before(cursor: Cursor, partition: int, sequence: int) -> None:
    cursor.execute("DELETE FROM ping_queue WHERE partition = %s AND sequence < %s", (partition, sequence))
