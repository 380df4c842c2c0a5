"""Notices of many alerts: one for each recipient, with how many of each severity it tells of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg2.extras import Json

from model.enums import Severity
from model.notices import NewNotice, NoticeChannel, NoticeTemplate
from store.database import Cursor
from store.notices import add_notices


@dataclass(frozen=True, slots=True)
class WrittenNotice:
    notice_id: int
    channel: NoticeChannel


def add_to_list(
    cursor: Cursor,
    template: NoticeTemplate,
    recipient: str,
    channel: NoticeChannel,
    counts: Mapping[Severity, int],
    send_after: datetime,
) -> WrittenNotice:
    """The notice that tells of them: one that waits to be sent grows, by its own channel, else there is a new one."""
    cursor.execute(
        "SELECT notice_id, detail, channel FROM notices WHERE recipient = %s AND template = %s"
        " AND message_id IS NULL AND cancelled_at IS NULL ORDER BY notice_id FOR UPDATE",
        (recipient, template.value),
    )
    waiting = cursor.fetchone()
    before = {} if waiting is None else waiting[1]
    detail: dict[str, str | int] = {
        severity.value: counts.get(severity, 0) + int(before.get(severity.value, 0)) for severity in Severity
    }
    detail["count"] = sum(int(detail[severity.value]) for severity in Severity)
    most_severe = next(severity for severity in Severity if detail[severity.value])
    if waiting is None:
        notice = NewNotice(recipient, channel, template, most_severe, detail=detail, send_after=send_after)
        return WrittenNotice(add_notices(cursor, [notice])[0], channel)
    cursor.execute(
        "UPDATE notices SET detail = %s, severity = %s WHERE notice_id = %s",
        (Json(detail), most_severe.value, waiting[0]),
    )
    return WrittenNotice(waiting[0], NoticeChannel(waiting[2]))
