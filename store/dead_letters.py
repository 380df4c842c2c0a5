"""What could not become a position: the original bytes, where they came from and why."""

from dataclasses import dataclass
from datetime import datetime

from model.enums import RejectionReason
from ops.errors import InputError
from store.database import SERVICE, Cursor, Pool

LIST_COLUMNS = (
    "dead_letter_id, topic, partition, message_offset, item, reason, detail, received_at, replayed_at, length(value)"
)


@dataclass(frozen=True, slots=True)
class NewDeadLetter:
    """``topic`` is the broker's, or the name of the protocol whose gateway kept it; ``key`` is the device's serial."""

    topic: str
    item: int
    key: bytes | None
    value: bytes
    reason: RejectionReason
    detail: str


@dataclass(frozen=True, slots=True)
class DeadLetterSummary:
    dead_letter_id: int
    topic: str
    partition: int | None
    message_offset: int | None
    item: int
    reason: str
    detail: str
    received_at: datetime
    replayed_at: datetime | None
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    summary: DeadLetterSummary
    key: bytes | None
    value: bytes


def keep_dead_letter(pool: Pool, letter: NewDeadLetter) -> None:
    """Durable on return; the API's role may add dead letters and read none. UnavailableError when it could not be."""
    with pool.transaction(SERVICE) as cursor:
        cursor.execute(
            "INSERT INTO dead_letters (topic, item, key, value, reason, detail, received_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, service_clock())",
            (
                letter.topic,
                letter.item,
                letter.key,
                letter.value,
                letter.reason.value,
                letter.detail,
            ),
        )


def list_dead_letters(
    cursor: Cursor, reason: str | None, *, replayed: bool, after: int, limit: int
) -> list[DeadLetterSummary]:
    """In the order of their ids, after ``after``; those already replayed only when ``replayed``."""
    cursor.execute(
        f"SELECT {LIST_COLUMNS} FROM dead_letters"  # noqa: S608 - our own column names
        " WHERE dead_letter_id > %(after)s AND (%(reason)s IS NULL OR reason = %(reason)s)"
        " AND (%(replayed)s OR replayed_at IS NULL) ORDER BY dead_letter_id LIMIT %(limit)s",
        {"after": after, "reason": reason, "replayed": replayed, "limit": limit},
    )
    return [DeadLetterSummary(*row) for row in cursor.fetchall()]


def count_dead_letters(cursor: Cursor) -> list[tuple[str, int, int]]:
    """(reason, waiting, replayed) for each reason, most waiting first."""
    cursor.execute(
        "SELECT reason, count(*) FILTER (WHERE replayed_at IS NULL) AS waiting, count(replayed_at)"
        " FROM dead_letters GROUP BY reason ORDER BY waiting DESC, reason"
    )
    return [(reason, waiting, replayed) for reason, waiting, replayed in cursor.fetchall()]


def load_dead_letter(cursor: Cursor, dead_letter_id: int) -> DeadLetter:
    """With its original bytes. InputError when there is none of that id."""
    cursor.execute(
        f"SELECT {LIST_COLUMNS}, key, value FROM dead_letters WHERE dead_letter_id = %s",  # noqa: S608 - as above
        (dead_letter_id,),
    )
    row = cursor.fetchone()
    if row is None:
        raise InputError(f"there is no dead letter {dead_letter_id}: `cordon dead-letters list` shows what there is")
    *summary, key, value = row
    return DeadLetter(DeadLetterSummary(*summary), None if key is None else bytes(key), bytes(value))


def mark_replayed(cursor: Cursor, dead_letter_id: int) -> None:
    """After its pings became durable again, never before."""
    cursor.execute("UPDATE dead_letters SET replayed_at = service_clock() WHERE dead_letter_id = %s", (dead_letter_id,))
