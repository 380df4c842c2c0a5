"""Rows of the audit. The API's role may add them and neither read nor change them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from psycopg2.extras import Json

from store.database import Cursor, Identity


@dataclass(frozen=True, slots=True)
class Subject:
    """What a record is about; every part may be absent."""

    person_id: int | None = None
    window_from: datetime | None = None
    window_to: datetime | None = None
    row_count: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    person_ids: Sequence[int | None] = ()
    """Whom a list showed, one for each of its rows; None stands for a row that is about nobody."""


def insert_record(
    cursor: Cursor, identity: Identity, action: str, outcome: Literal["allowed", "refused"], about: Subject
) -> None:
    cursor.execute(
        "INSERT INTO audit_log (subject, role, action, outcome, purpose, request_id,"
        " person_id, person_ids, window_from, window_to, row_count, detail)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s::bigint[], %s, %s, %s, %s)",
        (
            identity.subject,
            identity.role,
            action,
            outcome,
            identity.purpose,
            identity.request_id,
            about.person_id,
            sorted({one for one in about.person_ids if one is not None}),
            about.window_from,
            about.window_to,
            about.row_count,
            Json(about.detail),
        ),
    )
