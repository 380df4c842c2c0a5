"""What staff do about an alert: its status, the actions, and the case as it stands. Times are aware ``datetime``s."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

SERVICE_SUBJECT = "cordon"
"""In whose name late data and the timetable act."""


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
    CONTACT = "contact"  # a note of having reached the wearer, or somebody about them
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
    DOWNGRADE = "downgrade"  # it was a breach, and is none any more
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
    outcome_rules_version: int | None  # of the rules it was chosen from; 0: the program's own
    breach_decided: bool  # by the last outcome, also once late data or an officer took it up again: a recall may stand
    clocks_from: datetime  # raised, or reopened since
    response_plan_id: int | None  # as it stood when the alert was raised


@dataclass(frozen=True, slots=True)
class CaseClocks:
    """When each of the three is due; of a contested alert the outcome is due when somebody else is to have decided."""

    acknowledge_due_at: datetime
    first_action_due_at: datetime
    outcome_due_at: datetime


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """One line of a case's history."""

    case_version: int  # that it led to
    action: CaseAction
    acted_by: str  # SERVICE_SUBJECT for late data and the timetable
    acted_at: datetime
    detail: dict[str, Any]
