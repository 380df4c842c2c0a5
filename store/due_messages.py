"""Which message of a channel is tried next."""

from model.notices import NoticeChannel
from store.database import Cursor


def due_message(cursor: Cursor, channel: NoticeChannel) -> int | None:
    """The one that may be tried and has waited longest for it."""
    cursor.execute(
        "SELECT message_id FROM messages WHERE channel = %s AND accepted_at IS NULL AND dead_at IS NULL"
        " AND next_attempt_at <= (SELECT service_clock()) ORDER BY next_attempt_at, message_id LIMIT 1",
        (channel.value,),
    )
    row = cursor.fetchone()
    return None if row is None else int(row[0])


def try_refused_now(cursor: Cursor, channel: NoticeChannel) -> None:
    """Those that wait for a setting to be put right are due."""
    cursor.execute(
        "UPDATE messages SET next_attempt_at = service_clock()"
        " WHERE channel = %s AND is_refused AND accepted_at IS NULL AND dead_at IS NULL",
        (channel.value,),
    )
