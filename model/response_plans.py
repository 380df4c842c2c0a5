"""What is to be done about an alert: the steps that its zone, or its kind, asks for."""

from dataclasses import dataclass
from datetime import datetime

MOST_STEPS = 30
LONGEST_CODE = 50
LONGEST_TEXT = 500
LONGEST_PHONE = 30
LONGEST_EMERGENCY = 1000
MOST_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class PlanStep:
    code: str  # by which it is ticked; each once in a plan
    text: str
    phone: str | None  # as it is dialled
    minutes: int  # from when the alert was raised to when it is to be done


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """One version. A plan of a zone, or of a kind of alert for the zones without their own."""

    response_plan_id: int
    zone_reference: str | None
    alert_kind: str | None
    version: int
    steps: tuple[PlanStep, ...]
    emergency_when: str  # when to call the emergency services
    set_by: str
    set_at: datetime
