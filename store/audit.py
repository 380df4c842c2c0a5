"""Rows of the audit. The API's role may add them and neither read nor change them."""

from datetime import datetime
from typing import Any, Literal

from psycopg2.extras import Json

from store.database import Cursor, Identity


def insert_record(
    cursor: Cursor,
    identity: Identity,
    action: str,
    outcome: Literal["allowed", "refused"],
    *,
    person_id: int | None,
    window_from: datetime | None,
    window_to: datetime | None,
    row_count: int | None,
    detail: dict[str, Any],
) -> None:
    cursor.execute(
        "INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id,"
        " person_id, window_from, window_to, row_count, detail)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            identity.subject,
            identity.role,
            action,
            outcome,
            identity.purpose,
            identity.request_id,
            person_id,
            window_from,
            window_to,
            row_count,
            Json(detail),
        ),
    )
