"""Messages to staff: notices gathered into them, what became of each attempt, and receipts.

One session at a time forms and sends the messages of a channel, so rows are read without row locks of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from model.enums import Severity
from model.notices import NoticeChannel, NoticeTemplate
from store.database import Cursor, fetch_one
from store.outbox import LONGEST_ERROR, Backlog


@dataclass(frozen=True, slots=True)
class StoredNotice:
    template: NoticeTemplate
    severity: Severity
    alert_id: UUID | None
    detail: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MessageToSend:
    """``address`` is None where the recipient has none for the channel or has left; ``attempts`` are those before."""

    message_id: int
    address: str | None
    attempts: int
    created_at: datetime
    notices: list[StoredNotice]


@dataclass(frozen=True, slots=True)
class AcceptedMessage:
    """One of which the provider may know more; ``checks`` is how often it was asked."""

    message_id: int
    provider_reference: str
    checks: int


@dataclass(frozen=True, slots=True)
class OwnMessage:
    message_id: int
    channel: NoticeChannel
    created_at: datetime
    accepted_at: datetime | None
    delivered_at: datetime | None
    received_at: datetime | None
    dead_at: datetime | None
    notices: list[StoredNotice]


@dataclass(frozen=True, slots=True)
class MessageState:
    """One message as those who run the service see it."""

    message_id: int
    recipient: str
    channel: str
    created_at: datetime
    attempts: int
    last_error: str | None
    accepted_at: datetime | None
    delivered_at: datetime | None
    received_at: datetime | None
    dead_at: datetime | None


def form_message(cursor: Cursor, channel: NoticeChannel, quiet_s: float) -> int | None:
    """Gather what waits for one recipient into a new message, if somebody may be sent one; its id.

    Quiet: for ``quiet_s`` seconds after a message nothing more goes to its recipient by the channel, and what comes
    meanwhile goes together. While a message is being tried, what comes waits for it; one that the provider refused
    holds up nothing. The gravest goes first, then what has waited longest.
    """
    cursor.execute(
        """
        SELECT recipient, (SELECT service_clock()) FROM notices
        WHERE channel = %(channel)s AND message_id IS NULL AND cancelled_at IS NULL
          AND send_after <= (SELECT service_clock())
          AND coalesce((
            SELECT CASE WHEN last.accepted_at IS NULL AND last.dead_at IS NULL AND NOT last.is_refused THEN false
              ELSE greatest(last.created_at, last.accepted_at)
                <= (SELECT service_clock()) - make_interval(secs => %(quiet_s)s) END
            FROM messages last WHERE last.recipient = notices.recipient AND last.channel = notices.channel
            ORDER BY last.message_id DESC LIMIT 1), true)
        GROUP BY recipient ORDER BY bool_or(severity = 'breach') DESC, min(send_after), recipient LIMIT 1
        """,
        {"channel": channel.value, "quiet_s": quiet_s},
    )
    found = cursor.fetchone()
    if found is None:
        return None
    recipient, now = found
    cursor.execute(
        "SELECT notice_id FROM notices WHERE channel = %s AND recipient = %s AND message_id IS NULL"
        " AND cancelled_at IS NULL AND send_after <= %s FOR UPDATE",
        (channel.value, recipient, now),
    )
    notice_ids = [notice_id for (notice_id,) in cursor.fetchall()]
    if not notice_ids:
        return None  # cancelled at this moment
    cursor.execute(
        "INSERT INTO messages (recipient, channel, created_at, next_attempt_at) VALUES (%s, %s, %s, %s)"
        " RETURNING message_id",
        (recipient, channel.value, now, now),
    )
    message_id: int = fetch_one(cursor)[0]
    cursor.execute("UPDATE notices SET message_id = %s WHERE notice_id = ANY (%s)", (message_id, notice_ids))
    return message_id


def read_message(cursor: Cursor, message_id: int) -> MessageToSend:
    """It reads the same however often it is tried: its notices are its own for good."""
    cursor.execute(
        "SELECT message_id, CASE WHEN ended_at IS NOT NULL THEN NULL WHEN channel = 'email' THEN email ELSE mobile END,"
        " attempts, message.created_at FROM messages message JOIN staff ON staff.subject = message.recipient"
        " WHERE message_id = %s",
        (message_id,),
    )
    _, address, attempts, created_at = fetch_one(cursor)
    cursor.execute(
        "SELECT template, severity, alert_id::text, detail, created_at FROM notices WHERE message_id = %s"
        " ORDER BY notice_id",
        (message_id,),
    )
    notices = [_notice(*row) for row in cursor.fetchall()]
    return MessageToSend(message_id, address, attempts, created_at, notices)


def note_accepted(cursor: Cursor, message_id: int, reference: str | None, check_in_s: float | None) -> None:
    """The provider has taken it; asked after it in ``check_in_s`` seconds, or never."""
    cursor.execute(
        "UPDATE messages SET attempts = attempts + 1, accepted_at = service_clock(), provider_reference = %s,"
        " last_error = NULL, is_refused = false, next_check_at = service_clock() + make_interval(secs => %s)"
        " WHERE message_id = %s",
        (reference, check_in_s, message_id),
    )


def note_failed(
    cursor: Cursor, message_id: int, error: str, retry_in_s: float, *, is_refused: bool, dead_after_s: float
) -> bool:
    """To be tried again, unless it is older than ``dead_after_s`` seconds; whether it was given up."""
    cursor.execute(
        "UPDATE messages SET attempts = attempts + 1, last_error = %(error)s, is_refused = %(is_refused)s,"
        " next_attempt_at = service_clock() + make_interval(secs => %(retry_in_s)s),"
        " dead_at = CASE WHEN created_at < service_clock() - make_interval(secs => %(dead_after_s)s)"
        "  THEN service_clock() END"
        " WHERE message_id = %(message_id)s RETURNING dead_at IS NOT NULL",
        {
            "error": error[:LONGEST_ERROR],
            "is_refused": is_refused,
            "retry_in_s": retry_in_s,
            "dead_after_s": dead_after_s,
            "message_id": message_id,
        },
    )
    return bool(fetch_one(cursor)[0])


def note_dead(cursor: Cursor, message_id: int, error: str) -> None:
    """It will not arrive: the provider said so, or there is no address. It is sent again by hand."""
    cursor.execute(
        "UPDATE messages SET dead_at = service_clock(), last_error = %s, next_check_at = NULL WHERE message_id = %s",
        (error[:LONGEST_ERROR], message_id),
    )


def record_attempt(
    cursor: Cursor, channel: NoticeChannel, message_id: int, took_s: float, status: int | None, error: str | None
) -> None:
    cursor.execute(
        "INSERT INTO delivery_attempts (channel, message_id, attempted_at, took_ms, status, error)"
        " VALUES (%s, %s, service_clock(), %s, %s, %s)",
        (channel.value, message_id, round(took_s * 1000), status, error and error[:LONGEST_ERROR]),
    )


def messages_to_check(cursor: Cursor, channel: NoticeChannel, limit: int) -> list[AcceptedMessage]:
    cursor.execute(
        "SELECT message_id, provider_reference, checks FROM messages WHERE channel = %s"
        " AND next_check_at <= (SELECT service_clock()) ORDER BY next_check_at LIMIT %s",
        (channel.value, limit),
    )
    return [AcceptedMessage(*row) for row in cursor.fetchall()]


def note_delivered(cursor: Cursor, message_id: int) -> None:
    cursor.execute(
        "UPDATE messages SET delivered_at = service_clock(), next_check_at = NULL WHERE message_id = %s", (message_id,)
    )


def check_again(cursor: Cursor, message_id: int, check_in_s: float | None) -> None:
    """Or never, where it is None: the provider no longer knows of it."""
    cursor.execute(
        "UPDATE messages SET checks = checks + 1, next_check_at = service_clock() + make_interval(secs => %s)"
        " WHERE message_id = %s",
        (check_in_s, message_id),
    )


def count_messages(cursor: Cursor, channel: NoticeChannel) -> Backlog:
    """Waiting: notices whose time has come, in no message or in one that nobody has taken yet."""
    cursor.execute(
        "SELECT count(*), coalesce(extract(epoch FROM service_clock() - min(send_after)), 0)::float8,"
        " (SELECT count(*) FROM messages WHERE channel = %(channel)s AND dead_at IS NOT NULL)"
        " FROM notices LEFT JOIN messages message USING (message_id)"
        " WHERE notices.channel = %(channel)s AND cancelled_at IS NULL AND send_after <= service_clock()"
        " AND (notices.message_id IS NULL OR (accepted_at IS NULL AND dead_at IS NULL))",
        {"channel": channel.value},
    )
    waiting, oldest_s, dead = fetch_one(cursor)
    return Backlog(waiting, max(oldest_s, 0.0), dead)


def note_receipt(cursor: Cursor, subject: str, alert_id: UUID) -> int:
    """``subject`` has opened the alert: their messages about it are received; how many were not before.

    The database refuses it to the API's role for anyone but the caller.
    """
    cursor.execute("SELECT note_receipt(%s, %s, NULL)", (subject, str(alert_id)))
    return int(fetch_one(cursor)[0])


def note_message_receipt(cursor: Cursor, subject: str, message_id: int) -> bool:
    """Whether ``subject`` has such a message. A second receipt changes nothing."""
    cursor.execute("SELECT note_receipt(%s, NULL, %s)", (subject, message_id))
    return int(fetch_one(cursor)[0]) > 0


def own_messages(cursor: Cursor, before: int | None, limit: int) -> list[OwnMessage]:
    """The caller's, newest first."""
    cursor.execute("SELECT * FROM own_messages(%s, %s)", (before, limit))
    found = []
    for message_id, channel, created_at, accepted_at, delivered_at, received_at, dead_at, notices in cursor.fetchall():
        told = [_told(one) for one in notices or []]
        own = OwnMessage(
            message_id, NoticeChannel(channel), created_at, accepted_at, delivered_at, received_at, dead_at, told
        )
        found.append(own)
    return found


def message_counts(cursor: Cursor, since: datetime) -> list[tuple[str, str, int]]:
    """Channel, state and how many, for those who run the service; nothing for anyone else."""
    cursor.execute("SELECT channel, state, amount FROM message_counts(%s)", (since,))
    return cursor.fetchall()


def list_messages(cursor: Cursor, *, dead_only: bool, limit: int) -> list[MessageState]:
    """Newest first, without words; the owner's alone."""
    cursor.execute(
        "SELECT message_id, recipient, channel, created_at, attempts, last_error, accepted_at, delivered_at,"
        " received_at, dead_at FROM messages WHERE dead_at IS NOT NULL OR NOT %s ORDER BY message_id DESC LIMIT %s",
        (dead_only, limit),
    )
    return [MessageState(*row) for row in cursor.fetchall()]


def send_again(cursor: Cursor, message_ids: Sequence[int] | None) -> list[int]:
    """Try dead messages anew, all of them where None are named; those that are. The owner's alone."""
    cursor.execute(
        "UPDATE messages SET dead_at = NULL, attempts = 0, accepted_at = NULL, provider_reference = NULL, checks = 0,"
        " is_refused = false, created_at = service_clock(), next_attempt_at = service_clock()"
        " WHERE dead_at IS NOT NULL AND (%(ids)s::bigint[] IS NULL OR message_id = ANY (%(ids)s)) RETURNING message_id",
        {"ids": None if message_ids is None else list(message_ids)},
    )
    return sorted(message_id for (message_id,) in cursor.fetchall())


def _notice(
    template: str, severity: str, alert_id: str | None, detail: dict[str, Any], created_at: datetime
) -> StoredNotice:
    told_of = None if alert_id is None else UUID(alert_id)
    return StoredNotice(NoticeTemplate(template), Severity(severity), told_of, detail, created_at)


def _told(document: dict[str, Any]) -> StoredNotice:
    return _notice(**{**document, "created_at": datetime.fromisoformat(document["created_at"])})
