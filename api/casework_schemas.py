"""The shapes of casework: how far an alert was worked, its clocks, its plan and its history. Times are UTC."""

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from alerts.case_details import LONGEST_TEXT
from alerts.case_words import entry_words, ticked
from alerts.casework import MOST_AT_ONCE
from api.fields import PRINTABLE
from model import response_plans as limits
from model.casework import AlertCase, CaseAction, CaseClocks, CaseEntry, CaseStatus
from model.response_plans import PlanStep, ResponsePlan

Name = Annotated[str, Field(min_length=1, max_length=200)]
NoteText = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT, description="Kept as it is; never in a message")]


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClockOut(Answer):
    due_at: datetime
    at: datetime | None = Field(description="When it was stopped; null while it runs")
    by: str | None
    is_overdue: bool = Field(description="It was stopped late, or runs and should have been stopped")

    @classmethod
    def of(cls, due_at: datetime, at: datetime | None, by: str | None, now: datetime | None) -> Self:
        """``now`` is None where the clock stands still."""
        until = at or now
        return cls(due_at=due_at, at=at, by=by, is_overdue=until is not None and until > due_at)


class ClocksOut(Answer):
    acknowledged: ClockOut
    first_action: ClockOut = Field(description="The first thing done about it; to give it to somebody is none")
    outcome: ClockOut


class CaseOut(Answer):
    status: CaseStatus
    etag: str = Field(description="For If-Match of the next action", examples=['"3"'])
    assigned_to: str | None
    clocks: ClocksOut
    account_invited_at: datetime | None = Field(description="When the wearer was asked for their account")
    contested_at: datetime | None
    review_due_at: datetime | None = Field(description="Of a contested one: somebody else is to have decided by then")
    closed_at: datetime | None
    closed_by: str | None
    outcome: str | None
    outcome_is_breach: bool | None
    outcome_rules_version: int | None = Field(description="Version of the rules it was chosen from; 0: the program's")

    @classmethod
    def of(cls, case: AlertCase, clocks: CaseClocks, now: datetime) -> Self:
        runs = None if case.status is CaseStatus.RETRACTED else now
        return cls(
            status=case.status,
            etag=etag_of(case.version),
            assigned_to=case.assigned_to,
            clocks=ClocksOut(
                acknowledged=ClockOut.of(clocks.acknowledge_due_at, case.acknowledged_at, case.acknowledged_by, runs),
                first_action=ClockOut.of(clocks.first_action_due_at, case.first_action_at, case.first_action_by, runs),
                outcome=ClockOut.of(clocks.outcome_due_at, case.closed_at, case.closed_by, runs),
            ),
            account_invited_at=case.account_invited_at,
            contested_at=case.contested_at,
            review_due_at=case.review_due_at,
            closed_at=case.closed_at,
            closed_by=case.closed_by,
            outcome=case.outcome,
            outcome_is_breach=case.outcome_is_breach,
            outcome_rules_version=case.outcome_rules_version,
        )


class EntryOut(Answer):
    etag: str = Field(description="That it led to")
    action: CaseAction
    by: str = Field(description="`cordon` for what late data or the timetable did")
    at: datetime
    words: str
    text: str | None = Field(description="The note that was made with it, as it was written")

    @classmethod
    def of(cls, entry: CaseEntry) -> Self:
        return cls(
            etag=etag_of(entry.case_version),
            action=entry.action,
            by=entry.acted_by,
            at=entry.acted_at,
            words=entry_words(entry),
            text=entry.detail.get("text"),
        )


class PlanStepIn(Asked):
    code: Annotated[str, Field(max_length=limits.LONGEST_CODE, pattern=r"^[a-z][a-z0-9_]*$")]
    text: Annotated[str, Field(min_length=1, max_length=limits.LONGEST_TEXT, pattern=PRINTABLE)]
    phone: Annotated[str, Field(max_length=limits.LONGEST_PHONE, pattern=r"^\+?[0-9][0-9 ]*$")] | None = None
    minutes: Annotated[int, Field(ge=0, le=limits.MOST_MINUTES, description="From when the alert was raised")]


class PlanIn(Asked):
    steps: Annotated[list[PlanStepIn], Field(min_length=1, max_length=limits.MOST_STEPS)]
    emergency_when: Annotated[
        str,
        Field(
            min_length=1,
            max_length=limits.LONGEST_EMERGENCY,
            pattern=PRINTABLE,
            description="When to call the emergency services",
        ),
    ]

    @field_validator("steps")
    @classmethod
    def _each_once(cls, steps: list[PlanStepIn]) -> list[PlanStepIn]:
        """A step is ticked by its code."""
        twice = [code for code, times in Counter(step.code for step in steps).items() if times > 1]
        if twice:
            raise ValueError(f"each code is there once, not {', '.join(twice)} twice")
        return steps

    def plan_steps(self) -> list[PlanStep]:
        return [PlanStep(step.code, step.text, step.phone, step.minutes) for step in self.steps]


class PlanOut(Answer):
    zone_reference: str | None
    alert_kind: str | None = Field(description="Of a plan for the zones without their own")
    version: int
    steps: list[PlanStep]
    emergency_when: str
    set_by: str
    set_at: datetime


class PlanStepAtAlert(Answer):
    code: str
    text: str
    phone: str | None
    due_at: datetime
    done_at: datetime | None
    done_by: str | None


class PlanAtAlert(Answer):
    zone_reference: str | None
    alert_kind: str | None
    version: int = Field(description="As it stood when the alert was raised")
    steps: list[PlanStepAtAlert]
    emergency_when: str

    @classmethod
    def of(cls, plan: ResponsePlan, raised_at: datetime, history: Sequence[CaseEntry]) -> Self:
        done = ticked(history, plan.response_plan_id)
        steps = [
            PlanStepAtAlert(
                code=step.code,
                text=step.text,
                phone=step.phone,
                due_at=raised_at + timedelta(minutes=step.minutes),
                done_at=done[step.code].acted_at if step.code in done else None,
                done_by=done[step.code].acted_by if step.code in done else None,
            )
            for step in plan.steps
        ]
        return cls(
            zone_reference=plan.zone_reference,
            alert_kind=plan.alert_kind,
            version=plan.version,
            steps=steps,
            emergency_when=plan.emergency_when,
        )


class ActionIn(Asked):
    """One action. What it needs besides: note, contact, record_account, reopen `text`; assign, hand_over `to`;
    complete_step `step`; contest `by` and `text`; close `outcome` and, unless it is merely noted, `text`.
    """

    action: CaseAction
    text: NoteText | None = None
    to: Name | None = Field(None, description="Subject of an active member of staff")
    step: Name | None = Field(None, description="Code of a step of the alert's plan")
    by: Name | None = Field(None, description="Who contests: `wearer` or `officer`")
    outcome: Name | None = Field(None, description="A code of the rules that hold")

    def detail(self) -> dict[str, Any]:
        return {name: value for name, value in self.model_dump(exclude={"action"}).items() if value is not None}


class AlertAtEtag(Asked):
    alert_id: uuid.UUID
    etag: Annotated[str, Field(max_length=20, description="As it was read", examples=['"3"'])]


class ClosuresIn(Asked):
    alerts: Annotated[list[AlertAtEtag], Field(min_length=1, max_length=MOST_AT_ONCE)]
    outcome: Name
    text: NoteText | None = None


class ClosedOut(Answer):
    alert_id: uuid.UUID
    etag: str
    status: CaseStatus


class ClosuresOut(Answer):
    closed: list[ClosedOut]


class WaitingOut(Answer):
    """Of all alerts that the caller may see, however old and whatever the filters."""

    to_do: int
    unacknowledged: int
    unassigned: int
    overdue: int
    oldest_raised_at: datetime | None


def etag_of(version: int) -> str:
    return f'"{version}"'


def version_of(etag: str) -> int | None:
    """None where it is none of ours."""
    inner = etag[1:-1]
    is_ours = etag == f'"{inner}"' and inner.isascii() and inner.isdigit() and len(inner) <= len(str(2**31 - 1))
    return int(inner) if is_ours and int(inner) < 2**31 else None
