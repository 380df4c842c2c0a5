"""Staff: whoever may be told of something, or holds a shift."""

from dataclasses import dataclass
from enum import StrEnum


class StaffRole(StrEnum):
    PRACTITIONER = "practitioner"
    DUTY_OFFICER = "duty_officer"
    MANAGER = "manager"
    VICTIM_LIAISON = "victim_liaison"
    MONITORING_OFFICER = "monitoring_officer"
    DATA_PROTECTION_OFFICER = "data_protection_officer"


WORK_ALERTS = frozenset({StaffRole.PRACTITIONER, StaffRole.DUTY_OFFICER, StaffRole.MANAGER})
"""Nobody else sees an alert, so nobody else is told of one."""


@dataclass(frozen=True, slots=True)
class StaffMember:
    """``subject`` is that of their token. Without an address they cannot be told by that channel."""

    subject: str
    name: str
    role: StaffRole
    team_id: int | None
    email: str | None
    mobile: str | None  # E.164, such as +447700900123
