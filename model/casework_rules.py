"""The rules by which alerts are worked, as a service sets them. Durations are seconds unless their name says more."""

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from model.enums import Severity, Urgency
from model.notices import NoticeChannel
from model.staff import StaffRole


class OutcomeGroup(StrEnum):
    """What an outcome says about the alert; precision is measured by these."""

    BREACH = "breach"
    NOT_A_BREACH = "not_a_breach"  # detection was wrong, or right about something that was allowed
    NOT_COUNTED = "not_counted"  # neither: noted, a duplicate, a test


@dataclass(frozen=True, slots=True)
class OutcomeRule:
    code: str
    words: str
    group: OutcomeGroup
    is_false_alarm: bool = False  # detection itself was wrong: drift, a device's fault, a zone drawn wrong


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """The three clocks, each from when the alert was raised; of one for the morning, from its morning."""

    severity: Severity
    urgency: Urgency
    acknowledge_s: float
    first_action_s: float
    outcome_s: float


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """Whom to tell, by which channels one after another, and how long they have to acknowledge."""

    role: StaffRole
    channels: tuple[NoticeChannel, ...]
    acknowledge_within_s: float


@dataclass(frozen=True, slots=True)
class EscalationRule:
    severity: Severity
    in_hours: tuple[EscalationStep, ...]
    out_of_hours: tuple[EscalationStep, ...]


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """By the wall clock of ``time_zone``; ``days`` are words as ``Weekday.word`` gives them; no bank holiday."""

    time_zone: str
    days: tuple[str, ...]
    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class PilotBorough:
    name: str
    opens: date
    closes: date | None = None  # the first day on which it takes nobody any more


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question of the pilot; ``words`` is what the person is told of it."""

    code: str
    words: str
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class EligibilityRules:
    least_age_years: int  # never below 18, which the database refuses
    criteria: tuple[Criterion, ...]
    boroughs: tuple[PilotBorough, ...]
    prisons: tuple[str, ...]
    how_to_challenge: str
    is_required: bool = True  # a tag is put on only after a decision that the person is eligible


@dataclass(frozen=True, slots=True)
class CaseworkRules:
    """Version 0 is the program's own (alerts/casework.toml)."""

    version: int
    outcomes: tuple[OutcomeRule, ...]
    response_times: tuple[ResponseTimes, ...]
    escalation: tuple[EscalationRule, ...]
    office_hours: OfficeHours
    receipt_within_s: float  # without a receipt for so long: the next channel, then the next person
    contest_review_s: float  # from when it was contested to when somebody else has decided
    hand_over_notice_s: float  # before a shift ends
    quiet_s: float  # after a message to somebody by one channel: what comes meanwhile waits and goes together
    morning_starts: time
    episode_gap_s: float  # alerts of one person and cause that lie no further apart are one episode
    eligibility: EligibilityRules
    victim_zone_steady_s: float = 60  # a victim's zone that looks better is told as better once it has for so long
