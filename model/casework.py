"""What staff do about an alert: its status, the actions, and the case as it stands. Times are aware ``datetime``s."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class CaseStatus(StrEnum):
    """How far an alert has been worked; what is so of the wearer is ``AlertState``'s."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    UNDER_REVIEW = "under_review"
    CONTESTED = "contested"  # somebody else looks again, by a deadline
    CLOSED = "closed"
    RETRACTED = "retracted"  # late data says that it never was so
    REOPENED = "reopened"

    @property
    def is_open(self) -> bool:
        return self not in {CaseStatus.CLOSED, CaseStatus.RETRACTED}


class CaseAction(StrEnum):
    """What may be done; the table of steps is alerts/lifecycle.py."""

    ACKNOWLEDGE = "acknowledge"
    START_REVIEW = "start_review"
    NOTE = "note"
    ASSIGN = "assign"
    HAND_OVER = "hand_over"
    COMPLETE_STEP = "complete_step"  # of the zone's response plan
    INVITE_ACCOUNT = "invite_account"  # the wearer was asked for their side
    RECORD_ACCOUNT = "record_account"
    CONTEST = "contest"
    CLOSE = "close"
    REOPEN = "reopen"
    # what late data does, in the name of the service
    AMEND = "amend"
    UPGRADE = "upgrade"
    RETRACT = "retract"
    REVIVE = "revive"  # it was so after all, or goes on
    # what the timetable does
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True)
class AlertCase:
    alert_id: UUID
    person_id: int | None
    status: CaseStatus
    version: int
    raised_at: datetime
    assigned_to: str | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    first_action_at: datetime | None
    first_action_by: str | None
    account_invited_at: datetime | None
    contested_at: datetime | None
    review_due_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None
    outcome_is_breach: bool | None
