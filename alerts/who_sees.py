"""Who of the staff would see an alert that is given to them."""

from model.staff import StaffMember, StaffRole
from store.clock import service_now
from store.database import Cursor
from store.rota import shifts_of

SEE_EVERYONE = frozenset({StaffRole.DUTY_OFFICER, StaffRole.MANAGER})
WORK_ALERTS = SEE_EVERYONE | {StaffRole.PRACTITIONER}


def would_see(cursor: Cursor, member: StaffMember, practitioner: str | None) -> bool:
    """Whether they see the alerts of a person of ``practitioner``'s; a colleague does so in a shift only."""
    if member.role in SEE_EVERYONE:
        return True
    if member.role not in WORK_ALERTS:
        return False
    now = service_now(cursor)
    return member.subject == practitioner or any(
        one.starts_at <= now < one.ends_at for one in shifts_of(cursor, [member.subject], now)
    )
