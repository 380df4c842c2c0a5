"""Who sees whom, asked of the functions that row security asks."""

from store.database import Cursor, fetch_one


def may_see(cursor: Cursor, subject: str, role: str, person_id: int | None) -> bool:
    """Whether this subject in this role sees the person now; None stands for alerts that are nobody's."""
    cursor.execute("SELECT caller_may_see(%s, %s, %s)", (subject, role, person_id))
    answer: bool = fetch_one(cursor)[0]
    return answer


def manages(cursor: Cursor, person_id: int) -> bool:
    """Whether the caller may change the person's record: an administrator, or the person's manager."""
    cursor.execute("SELECT manages_person(%s)", (person_id,))
    answer: bool = fetch_one(cursor)[0]
    return answer
