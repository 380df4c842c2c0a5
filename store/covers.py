"""Cover for a colleague's caseload: dated, granted by a manager, and never by who gets it."""

from collections.abc import Sequence
from datetime import datetime

from model.staff import WORK_ALERTS, StaffMember
from store.database import Cursor
from store.staff import staff_of_subjects


def covering(cursor: Cursor, covered: Sequence[str], at: datetime) -> dict[str, list[StaffMember]]:
    """By subject, who of the staff covers them at that time; whose cover began last is first."""
    cursor.execute(
        "SELECT covered, covered_by FROM caseload_covers WHERE covered = ANY(%s) AND during @> %s::timestamptz"
        " AND ended_at IS NULL"
        " ORDER BY covered, lower(during) DESC, covered_by",
        (list(covered), at),
    )
    rows = cursor.fetchall()
    members = staff_of_subjects(cursor, (by for _, by in rows))
    found: dict[str, list[StaffMember]] = {}
    for subject, by in rows:
        if by in members and members[by].role in WORK_ALERTS:
            found.setdefault(subject, []).append(members[by])
    return found
