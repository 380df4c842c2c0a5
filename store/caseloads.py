"""Who sees whom, asked of the functions that row security asks."""

from typing import Any

from store.database import Cursor, fetch_one

FEW_PEOPLE = 500
"""Up to so many, a list is read by their indexes."""
OF_FEW_PEOPLE = """(
    alert.person_id = ANY (%(few_people)s::bigint[]) AND alert_case.person_id = ANY (%(few_people)s::bigint[])
    OR alert.person_id IS NULL AND alert_case.person_id IS NULL)"""
"""For ``alerts alert JOIN alert_cases alert_case``, with the parameters of ``few_people``."""


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


def few_people(cursor: Cursor) -> dict[str, Any]:
    """The caller's people, where there are few: a statement that names them is planned for them. Else nothing.

    Row security decides as ever; naming people shows nobody more. The service and the owner see everyone.
    """
    cursor.execute(
        "SELECT ARRAY(SELECT DISTINCT seen FROM caller_caseload() AS seen LIMIT %s)"
        " WHERE works_alerts(current_setting('cordon.role', true))",
        (FEW_PEOPLE + 1,),
    )
    row = cursor.fetchone()
    return {} if row is None or len(row[0]) > FEW_PEOPLE else {"few_people": row[0]}
