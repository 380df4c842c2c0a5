"""How much is open, and how much of it is late."""

from dataclasses import dataclass
from datetime import datetime

from store.database import Cursor, fetch_one


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """By status, by severity and by clock; what is closed or retracted is not counted."""

    open: dict[str, int]
    unassigned: int
    oldest_unacknowledged: dict[str, datetime]
    overdue: dict[str, int]


def count_cases(cursor: Cursor) -> CaseCounts:
    cursor.execute(
        "SELECT status, count(*) FROM alert_cases WHERE status NOT IN ('closed', 'retracted') GROUP BY status"
    )
    by_status: dict[str, int] = dict(cursor.fetchall())
    cursor.execute(
        "SELECT count(*) FROM alert_cases WHERE status NOT IN ('closed', 'retracted') AND assigned_to IS NULL"
    )
    unassigned: int = fetch_one(cursor)[0]
    cursor.execute(
        "SELECT alert.severity, min(c.raised_at) FROM alert_cases c JOIN alerts alert USING (alert_id)"
        " WHERE c.status NOT IN ('closed', 'retracted') AND c.acknowledged_at IS NULL GROUP BY alert.severity"
    )
    oldest: dict[str, datetime] = dict(cursor.fetchall())
    cursor.execute(
        "SELECT late.clock, count(DISTINCT late.alert_id) FROM alert_cases c JOIN overdue_clocks late USING (alert_id)"
        " WHERE c.status NOT IN ('closed', 'retracted') AND CASE late.clock"
        " WHEN 'acknowledge' THEN c.acknowledged_at IS NULL WHEN 'first_action' THEN c.first_action_at IS NULL"
        " WHEN 'review' THEN c.status = 'contested' AND c.review_due_at = late.due_at ELSE true END"
        " GROUP BY late.clock"
    )
    return CaseCounts(by_status, unassigned, oldest, dict(cursor.fetchall()))
