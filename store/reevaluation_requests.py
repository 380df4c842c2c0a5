"""Asking that the past of devices be judged anew (store/reevaluations.py does it)."""

from collections.abc import Sequence
from datetime import datetime

from store.database import Cursor
from store.rows import insert_rows


def request_reevaluations(cursor: Cursor, earliest: Sequence[tuple[int, datetime]]) -> None:
    """Ask that each (device, from) be judged anew; of several the earliest counts."""
    insert_rows(
        cursor,
        "INSERT INTO reevaluations (device_id, from_time) VALUES %s ON CONFLICT (device_id) DO UPDATE"
        " SET from_time = least(reevaluations.from_time, excluded.from_time)",
        earliest,
    )
