"""The life of an alert as a table: which action leads from which status to which, and what clocks it stops (pure).

An acknowledgement covers what was told, and no more: where late data makes an alert worse, or so after all, its clocks
begin anew and somebody has to acknowledge it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum

from model.casework import AlertCase, CaseAction, CaseStatus
from model.casework_rules import OutcomeGroup, OutcomeRule
from model.enums import Severity

RAISED, ACKNOWLEDGED, UNDER_REVIEW, CONTESTED, CLOSED, RETRACTED, REOPENED = CaseStatus
OPEN = (RAISED, ACKNOWLEDGED, UNDER_REVIEW, CONTESTED, REOPENED)


class Clock(IntEnum):
    """In their order: who stops one has stopped those before it."""

    ACKNOWLEDGED = 1
    FIRST_ACTION = 2  # on the wearer or on the case; to give it to somebody is none
    OUTCOME = 3


@dataclass(frozen=True, slots=True)
class StepRule:
    """``leads_to`` holds every status in which the action is legal."""

    leads_to: Mapping[CaseStatus, CaseStatus]
    stops: Clock | None = None
    anew_from: frozenset[CaseStatus] = frozenset()  # in these the clocks begin anew, and with them the acknowledgement
    to_undo: Mapping[CaseStatus, CaseStatus] = field(default_factory=dict)  # instead, where a breach was decided
    by_service: bool = False


def _stays(*statuses: CaseStatus) -> dict[CaseStatus, CaseStatus]:
    return {status: status for status in statuses}


_TAKEN_UP = {**_stays(ACKNOWLEDGED, UNDER_REVIEW, CONTESTED), RAISED: ACKNOWLEDGED, REOPENED: ACKNOWLEDGED}
_WORSE = {
    **_stays(RAISED, REOPENED, UNDER_REVIEW, CONTESTED),
    ACKNOWLEDGED: REOPENED,
    CLOSED: REOPENED,
    RETRACTED: REOPENED,
}
# what was done because of a breach that was none, such as a recall, somebody has to undo: it stays on the list
_TO_UNDO = {**dict.fromkeys((RAISED, ACKNOWLEDGED, UNDER_REVIEW, CLOSED, REOPENED), REOPENED), CONTESTED: CONTESTED}

STEPS: Mapping[CaseAction, StepRule] = {
    CaseAction.ACKNOWLEDGE: StepRule(_TAKEN_UP, stops=Clock.ACKNOWLEDGED),
    CaseAction.START_REVIEW: StepRule(
        {**dict.fromkeys((RAISED, ACKNOWLEDGED, REOPENED), UNDER_REVIEW), **_stays(CONTESTED)},
        stops=Clock.FIRST_ACTION,
    ),
    CaseAction.NOTE: StepRule(_stays(*CaseStatus)),
    CaseAction.CONTACT: StepRule(_TAKEN_UP, stops=Clock.FIRST_ACTION),
    CaseAction.ASSIGN: StepRule(_stays(*OPEN)),
    CaseAction.HAND_OVER: StepRule(_stays(*OPEN)),
    CaseAction.COMPLETE_STEP: StepRule(_TAKEN_UP, stops=Clock.FIRST_ACTION),
    CaseAction.INVITE_ACCOUNT: StepRule(_TAKEN_UP, stops=Clock.FIRST_ACTION),
    CaseAction.RECORD_ACCOUNT: StepRule({**_TAKEN_UP, **_stays(CLOSED)}, stops=Clock.FIRST_ACTION),
    CaseAction.CONTEST: StepRule(
        dict.fromkeys((RAISED, ACKNOWLEDGED, UNDER_REVIEW, REOPENED, CLOSED), CONTESTED),
        stops=Clock.FIRST_ACTION,
        anew_from=frozenset({CLOSED}),
    ),
    CaseAction.CLOSE: StepRule(dict.fromkeys(OPEN, CLOSED), stops=Clock.OUTCOME),
    CaseAction.REOPEN: StepRule({CLOSED: REOPENED}, stops=Clock.ACKNOWLEDGED, anew_from=frozenset({CLOSED})),
    CaseAction.AMEND: StepRule(_stays(*CaseStatus), by_service=True),
    CaseAction.UPGRADE: StepRule(_WORSE, anew_from=frozenset(CaseStatus), by_service=True),
    CaseAction.DOWNGRADE: StepRule(_stays(*CaseStatus), to_undo={CLOSED: REOPENED}, by_service=True),
    CaseAction.RETRACT: StepRule(dict.fromkeys(CaseStatus, RETRACTED), to_undo=_TO_UNDO, by_service=True),
    # not where nobody has acknowledged it, or somebody is at it: one that flaps would put its deadlines off for ever
    CaseAction.REVIVE: StepRule(_WORSE, anew_from=frozenset({ACKNOWLEDGED, CLOSED, RETRACTED}), by_service=True),
    CaseAction.ESCALATE: StepRule(_stays(*OPEN), by_service=True),
}
NOTED_DIRECTLY = frozenset({RAISED, ACKNOWLEDGED, REOPENED})
"""Information may be closed from these, with an outcome that says neither breach nor false alarm."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done. What the action does not need is None."""

    action: CaseAction
    by: str
    at: datetime
    severity: Severity  # of the alert
    had_a_part: bool = False  # ``by`` decided, or contested, what is to be looked at again
    assigned_to: str | None = None
    outcome: OutcomeRule | None = None
    rules_version: int | None = None
    review_due_at: datetime | None = None


def refusal(case: AlertCase, step: Step) -> str | None:
    """Why the step cannot be taken as things stand; None where it can."""
    if case.status not in STEPS[step.action].leads_to:
        return f"{step.action} cannot be done to an alert that is {case.status}"
    if step.action is CaseAction.ACKNOWLEDGE and case.acknowledged_at is not None:
        return "it is acknowledged already"
    if step.action in {CaseAction.CLOSE, CaseAction.START_REVIEW} and case.contested_at is not None and step.had_a_part:
        return "somebody who had no part in the decision has to look at it again"
    return _closing_refusal(case, step) if step.action is CaseAction.CLOSE else None


def _closing_refusal(case: AlertCase, step: Step) -> str | None:
    group = None if step.outcome is None else step.outcome.group
    if group is OutcomeGroup.BREACH and case.account_invited_at is None:
        return "a breach is closed only after the wearer was asked for their account: invite_account first"
    if case.status in NOTED_DIRECTLY:
        if step.severity is not Severity.INFORMATION:
            return "it has to be reviewed before it is closed: start_review first"
        if group not in {None, OutcomeGroup.NOT_COUNTED}:
            return "without a review information can only be noted: start_review first, or close it as noted"
    return None


def take(case: AlertCase, step: Step) -> AlertCase:
    """The case after a step that ``refusal`` has nothing against."""
    rule = STEPS[step.action]
    undoes = case.breach_decided and case.status in rule.to_undo
    status = (rule.to_undo if undoes else rule.leads_to)[case.status]
    after = replace(case, status=status, version=case.version + 1)
    if case.status is CLOSED and after.status is not CLOSED:
        after = _without_outcome(after)
    is_to_acknowledge = undoes and status is REOPENED and case.acknowledged_at is not None
    if case.status in rule.anew_from or is_to_acknowledge:
        after = _clocks_anew(after, step.at)
    after = _stop_clocks(after, rule.stops, step)
    match step.action:
        case CaseAction.ASSIGN | CaseAction.HAND_OVER:
            return replace(after, assigned_to=step.assigned_to)
        case CaseAction.INVITE_ACCOUNT | CaseAction.RECORD_ACCOUNT:
            return replace(after, account_invited_at=case.account_invited_at or step.at)
        case CaseAction.CONTEST:
            return replace(after, contested_at=step.at, review_due_at=step.review_due_at)
        case CaseAction.CLOSE if step.outcome is not None:
            return _closed(after, step, step.outcome)
        case CaseAction.UPGRADE:
            return replace(after, account_invited_at=None)  # they were asked about something less serious
        case _:
            return after


def possible_actions(
    case: AlertCase, by: str, at: datetime, severity: Severity, *, had_a_part: bool
) -> list[CaseAction]:
    """What a member of staff may do to the case now; CLOSE where some outcome could be chosen."""
    steps = [
        Step(action, by, at, severity, had_a_part=had_a_part) for action, rule in STEPS.items() if not rule.by_service
    ]
    return [step.action for step in steps if refusal(case, step) is None]


def _stop_clocks(case: AlertCase, clock: Clock | None, step: Step) -> AlertCase:
    if clock is None:
        return case
    if case.acknowledged_at is None:
        whose = case.assigned_to or step.by  # what was on nobody is theirs from now on
        case = replace(case, acknowledged_at=step.at, acknowledged_by=step.by, assigned_to=whose)
    if clock >= Clock.FIRST_ACTION and case.first_action_at is None:
        case = replace(case, first_action_at=step.at, first_action_by=step.by)
    return case


def _clocks_anew(case: AlertCase, at: datetime) -> AlertCase:
    return replace(
        case, clocks_from=at, acknowledged_at=None, acknowledged_by=None, first_action_at=None, first_action_by=None
    )


def _closed(case: AlertCase, step: Step, outcome: OutcomeRule) -> AlertCase:
    return replace(
        case,
        closed_at=step.at,
        closed_by=step.by,
        outcome=outcome.code,
        outcome_is_breach=outcome.group is OutcomeGroup.BREACH,
        outcome_rules_version=step.rules_version,
        breach_decided=outcome.group is OutcomeGroup.BREACH,
        contested_at=None,  # it was looked at again
        review_due_at=None,
    )


def _without_outcome(case: AlertCase) -> AlertCase:
    return replace(
        case, closed_at=None, closed_by=None, outcome=None, outcome_is_breach=None, outcome_rules_version=None
    )
