"""Who of the staff would see an alert that is given to them."""

from model.staff import WORK_ALERTS, StaffMember
from store.caseloads import may_see
from store.database import Cursor


def would_see(cursor: Cursor, member: StaffMember, person_id: int | None) -> bool:
    """Whether they see the alerts of this person now; None: alerts of nobody. It is what row security would say."""
    return member.role in WORK_ALERTS and may_see(cursor, member.subject, member.role.value, person_id)
