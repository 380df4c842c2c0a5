"""The morning's list: one notice for each recipient, with how many alerts of each severity it tells of."""

from collections.abc import Mapping
from datetime import datetime

from psycopg2.extras import Json

from model.enums import Severity
from model.notices import NewNotice, NoticeChannel, NoticeTemplate
from store.database import Cursor
from store.notices import add_notices


def add_to_lists(
    cursor: Cursor, recipient: str, channel: NoticeChannel, counts: Mapping[Severity, int], send_after: datetime
) -> int:
    """The notice that tells of them: one that waits to be sent grows, else there is a new one."""
    cursor.execute(
        "SELECT notice_id, detail FROM notices WHERE recipient = %s AND channel = %s AND template = %s"
        " AND message_id IS NULL AND cancelled_at IS NULL ORDER BY notice_id FOR UPDATE",
        (recipient, channel.value, NoticeTemplate.MORNING_LIST.value),
    )
    waiting = cursor.fetchone()
    before = {} if waiting is None else waiting[1]
    detail: dict[str, str | int] = {
        severity.value: counts.get(severity, 0) + int(before.get(severity.value, 0)) for severity in Severity
    }
    most_severe = next(severity for severity in Severity if detail[severity.value])
    if waiting is None:
        notice = NewNotice(
            recipient, channel, NoticeTemplate.MORNING_LIST, most_severe, detail=detail, send_after=send_after
        )
        return add_notices(cursor, [notice])[0]
    notice_id: int = waiting[0]
    cursor.execute(
        "UPDATE notices SET detail = %s, severity = %s WHERE notice_id = %s",
        (Json(detail), most_severe.value, notice_id),
    )
    return notice_id
