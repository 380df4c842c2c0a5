"""Notices are written in the transaction of what they tell; delivery takes them from there."""

from collections.abc import Sequence

from psycopg2.extras import Json, execute_values

from model.notices import NewNotice
from store.database import Cursor


def add_notices(cursor: Cursor, notices: Sequence[NewNotice]) -> list[int]:
    """Their identifiers, in the order given."""
    if not notices:
        return []
    rows = execute_values(
        cursor,
        "INSERT INTO notices (recipient, channel, template, detail, severity, alert_id, send_after)"
        " SELECT recipient, channel, template, detail::jsonb, severity, alert_id::uuid,"
        " coalesce(send_after::timestamptz, service_clock())"
        " FROM (VALUES %s) AS given (recipient, channel, template, detail, severity, alert_id, send_after)"
        " RETURNING notice_id",
        [
            (
                one.recipient,
                one.channel.value,
                one.template.value,
                Json(one.detail),
                one.severity.value,
                None if one.alert_id is None else str(one.alert_id),
                one.send_after,
            )
            for one in notices
        ],
        page_size=max(len(notices), 1),
        fetch=True,
    )
    return [notice_id for (notice_id,) in rows]
