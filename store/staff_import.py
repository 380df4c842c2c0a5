"""What one file of staff changes: all of it in one transaction."""

from store.database import Cursor, fetch_one
from store.registry_staging import note_errors, note_repeated, note_unknown_teams
from store.staff import reach_kept

STAFF_COLUMN_TYPES = {
    "subject": "text",
    "name": "text",
    "role": "text",
    "team": "text",
    "email": "text",
    "mobile": "text",
}
_LOOKS_LIKE_ANOTHER = (
    "SELECT row_number, subject AS value FROM staged"
    " WHERE EXISTS (SELECT FROM staff known WHERE lower(known.subject) = lower(staged.subject))"
    " AND NOT EXISTS (SELECT FROM staff known WHERE known.subject = staged.subject)"
)


def check_staff(cursor: Cursor) -> None:
    note_repeated(cursor, "subject", "another row before has this subject", "give each member of staff once")
    alike = "somebody has this subject in other capitals"
    note_errors(cursor, _LOOKS_LIKE_ANOTHER, "subject", alike, "write it as it is recorded: `cordon staff list`")
    note_unknown_teams(cursor)


def write_staff(cursor: Cursor) -> tuple[int, int, int]:
    """How many are new, changed and unchanged. Each is as the file says: what is empty there is no longer so."""
    with reach_kept():
        return _write(cursor)


def _write(cursor: Cursor) -> tuple[int, int, int]:
    cursor.execute("SELECT count(*) FROM staged JOIN staff USING (subject)")
    known = fetch_one(cursor)[0]
    cursor.execute(
        """
        UPDATE staff SET name = staged.name, role = staged.role, team_id = team.team_id, email = staged.email,
          mobile = staged.mobile, ended_at = NULL
        FROM staged LEFT JOIN teams team ON team.name = staged.team
        WHERE staged.subject = staff.subject
          AND (staff.name, staff.role, staff.team_id, staff.email, staff.mobile, staff.ended_at)
            IS DISTINCT FROM (staged.name, staged.role, team.team_id, staged.email, staged.mobile, NULL)
        """
    )
    changed = cursor.rowcount
    cursor.execute(
        "INSERT INTO staff (subject, name, role, team_id, email, mobile)"
        " SELECT subject, staged.name, role, team.team_id, email, mobile"
        " FROM staged LEFT JOIN teams team ON team.name = staged.team"
        " WHERE NOT EXISTS (SELECT FROM staff known WHERE known.subject = staged.subject) ORDER BY row_number"
    )
    return cursor.rowcount, changed, known - changed
