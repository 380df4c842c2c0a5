"""What a member of staff is told, and how."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from model.enums import Severity


class NoticeChannel(StrEnum):
    EMAIL = "email"
    SMS = "sms"


class NoticeTemplate(StrEnum):
    """Each has its words in alerts/notice_words.py: no place, no offence, no wearer's name; a link, not data."""

    ALERT = "alert"  # an alert to be acknowledged
    ALERT_CHANGED = "alert_changed"  # retracted, upgraded or reopened after it was told
    MORNING_LIST = "morning_list"
    SHIFT_ENDING = "shift_ending"  # what is still open goes over
    HANDED_OVER = "handed_over"
    ASSIGNED = "assigned"
    REVIEW_DUE = "review_due"  # a contested alert waits for somebody else's look
    OVERDUE = "overdue"  # one of the three clocks has run out
    VICTIM_ZONE = "victim_zone"  # watched, weakened or not watched
    VICTIM_TASK = "victim_task"  # there is something to tell a victim, or to take back
    DATE_OF_BIRTH = "date_of_birth"  # for the data-protection officer
    BREAK_GLASS = "break_glass"  # somebody opened a person of theirs, and they are to review it
    EVIDENCE_CHANGED = "evidence_changed"  # a match that was handed on says something else now
    TRAIL_REQUESTED = "trail_requested"  # police ask for a trail, and it is the recipient's to decide


@dataclass(frozen=True, slots=True)
class NewNotice:
    """``detail`` holds JSON values that the template's words are made of; the message goes out after ``send_after``."""

    recipient: str
    channel: NoticeChannel
    template: NoticeTemplate
    severity: Severity
    alert_id: UUID | None = None
    detail: dict[str, str | int] = field(default_factory=dict)
    send_after: datetime | None = None  # None: at once
