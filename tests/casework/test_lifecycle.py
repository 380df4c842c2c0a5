"""The table of steps, row by row: where each action leads, what clocks it stops, and what stands before it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.lifecycle import STEPS, Step, possible_actions, refusal, take
from model.casework import AlertCase, CaseAction, CaseStatus
from model.casework_rules import OutcomeGroup, OutcomeRule
from model.enums import Severity
from tests.support.cases import RAISED_AT, new_case

LATER = RAISED_AT + timedelta(hours=1)
WARNING = OutcomeRule("warning", "Breach", OutcomeGroup.BREACH)
DRIFT = OutcomeRule("drift", "Not a breach", OutcomeGroup.NOT_A_BREACH, is_false_alarm=True)
NOTED = OutcomeRule("noted", "Noted", OutcomeGroup.NOT_COUNTED)

STATUSES = ["raised", "acknowledged", "under_review", "contested", "closed", "retracted", "reopened"]
TABLE = """
acknowledge     acknowledged =            =            =         -         -         acknowledged
start_review    under_review under_review -            =         -         -         under_review
note            =            =            =            =         =         =         =
contact         acknowledged =            =            =         -         -         acknowledged
assign          =            =            =            =         -         -         =
hand_over       =            =            =            =         -         -         =
complete_step   acknowledged =            =            =         -         -         acknowledged
invite_account  acknowledged =            =            =         -         -         acknowledged
record_account  acknowledged =            =            =         =         -         acknowledged
contest         contested    contested    contested    -         contested -         contested
close           closed       closed       closed       closed    -         -         closed
reopen          -            -            -            -         reopened  -         -
amend           =            =            =            =         =         =         =
upgrade         =            reopened     =            =         reopened  reopened  =
downgrade       =            =            =            =         =         =         =
retract         retracted    retracted    retracted    retracted retracted =         retracted
revive          =            reopened     =            =         reopened  reopened  =
escalate        =            =            =            =         -         -         =
"""
ROWS = {row.split()[0]: row.split()[1:] for row in TABLE.strip().splitlines()}


def case_in(status: CaseStatus) -> AlertCase:
    """As a case of that status may look, not yet acknowledged where that is possible."""
    if status is CaseStatus.CLOSED:
        return new_case(
            status=status,
            closed_at=RAISED_AT,
            closed_by="officer.a",
            outcome="drift",
            outcome_is_breach=False,
            outcome_rules_version=0,
        )
    return new_case(status=status, account_invited_at=RAISED_AT)


def step_of(action: CaseAction, **differs: object) -> Step:
    values: dict[str, object] = {"severity": Severity.INFORMATION, "outcome": NOTED, "rules_version": 3}
    return Step(action=action, by="officer.b", at=LATER, **{**values, **differs})  # type: ignore[arg-type]


def test_the_table_of_the_program_has_these_rows_and_no_others() -> None:
    assert set(ROWS) == set(STEPS) == set(CaseAction)
    assert list(STATUSES) == list(CaseStatus)


@pytest.mark.parametrize("action", CaseAction)
@pytest.mark.parametrize("status", CaseStatus)
def test_each_step_leads_where_the_table_says(status: CaseStatus, action: CaseAction) -> None:
    expected = ROWS[action][STATUSES.index(status)]
    case, step = case_in(status), step_of(action)
    if expected == "-":
        assert refusal(case, step) == f"{action} cannot be done to an alert that is {status}"
    else:
        assert refusal(case, step) is None
        after = take(case, step)
        assert after.status == (status if expected == "=" else expected)
        assert after.version == case.version + 1
        assert (after.status is CaseStatus.CLOSED) == (after.closed_at is not None) == (after.outcome is not None)


@pytest.mark.parametrize(
    ("action", "acknowledged", "first_action"),
    [
        (CaseAction.ACKNOWLEDGE, True, False),
        (CaseAction.START_REVIEW, True, True),
        (CaseAction.NOTE, False, False),
        (CaseAction.CONTACT, True, True),
        (CaseAction.ASSIGN, False, False),
        (CaseAction.HAND_OVER, False, False),
        (CaseAction.COMPLETE_STEP, True, True),
        (CaseAction.INVITE_ACCOUNT, True, True),
        (CaseAction.RECORD_ACCOUNT, True, True),
        (CaseAction.CONTEST, True, True),
        (CaseAction.CLOSE, True, True),
        (CaseAction.AMEND, False, False),
        (CaseAction.RETRACT, False, False),
        (CaseAction.ESCALATE, False, False),
    ],
)
def test_which_clocks_an_action_stops(action: CaseAction, *, acknowledged: bool, first_action: bool) -> None:
    after = take(case_in(CaseStatus.RAISED), step_of(action))
    assert (after.acknowledged_at, after.acknowledged_by) == ((LATER, "officer.b") if acknowledged else (None, None))
    assert (after.first_action_at, after.first_action_by) == ((LATER, "officer.b") if first_action else (None, None))


def test_a_clock_is_stopped_once() -> None:
    stopped = {"acknowledged_at": RAISED_AT, "acknowledged_by": "officer.a"}
    after = take(new_case(status=CaseStatus.ACKNOWLEDGED, **stopped), step_of(CaseAction.START_REVIEW))
    assert (after.acknowledged_at, after.acknowledged_by) == (RAISED_AT, "officer.a")
    assert refusal(after, step_of(CaseAction.ACKNOWLEDGE)) == "it is acknowledged already"


BEGINS_ANEW = {
    CaseAction.UPGRADE: set(CaseStatus),
    CaseAction.REVIVE: {CaseStatus.ACKNOWLEDGED, CaseStatus.CLOSED, CaseStatus.RETRACTED},
    CaseAction.REOPEN: {CaseStatus.CLOSED},
    CaseAction.CONTEST: {CaseStatus.CLOSED},
}


@pytest.mark.parametrize("action", CaseAction)
@pytest.mark.parametrize("status", CaseStatus)
def test_where_the_clocks_begin_anew_so_does_the_acknowledgement(status: CaseStatus, action: CaseAction) -> None:
    if ROWS[action][STATUSES.index(status)] == "-" or action is CaseAction.ACKNOWLEDGE:
        return
    before = replace(
        case_in(status),
        acknowledged_at=RAISED_AT,
        acknowledged_by="officer.a",
        first_action_at=RAISED_AT,
        first_action_by="officer.a",
    )
    after = take(before, step_of(action))
    if status in BEGINS_ANEW.get(action, ()):
        assert after.clocks_from == LATER
        assert after.first_action_by == ("officer.b" if action is CaseAction.CONTEST else None)
        is_officer = action in {CaseAction.REOPEN, CaseAction.CONTEST}
        assert after.acknowledged_by == ("officer.b" if is_officer else None)
    else:
        assert after.clocks_from == RAISED_AT
        assert (after.acknowledged_by, after.first_action_by) == ("officer.a", "officer.a")


@pytest.mark.parametrize("status", [CaseStatus.RAISED, CaseStatus.ACKNOWLEDGED, CaseStatus.REOPENED])
def test_without_a_review_only_information_is_closed_and_only_as_noted(status: CaseStatus) -> None:
    case = new_case(status=status, account_invited_at=RAISED_AT)
    assert refusal(case, step_of(CaseAction.CLOSE)) is None
    for severity in (Severity.BREACH, Severity.WARNING):
        assert "start_review first" in (refusal(case, step_of(CaseAction.CLOSE, severity=severity)) or "")
    for outcome in (WARNING, DRIFT):
        assert "start_review first" in (refusal(case, step_of(CaseAction.CLOSE, outcome=outcome)) or "")


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("outcome", [WARNING, DRIFT, NOTED])
def test_what_was_reviewed_is_closed_a_breach_only_once_the_account_was_invited(
    severity: Severity, outcome: OutcomeRule
) -> None:
    reviewed = new_case(status=CaseStatus.UNDER_REVIEW)
    step = step_of(CaseAction.CLOSE, severity=severity, outcome=outcome)
    assert (refusal(reviewed, step) is None) is (outcome is not WARNING)
    for asking in (CaseAction.INVITE_ACCOUNT, CaseAction.RECORD_ACCOUNT):
        closed = take(take(reviewed, step_of(asking)), step)
        assert (closed.outcome, closed.outcome_is_breach) == (outcome.code, outcome is WARNING)
        assert closed.outcome_rules_version == 3


def test_who_had_a_part_does_not_look_at_it_again() -> None:
    contested = take(case_in(CaseStatus.UNDER_REVIEW), step_of(CaseAction.CONTEST, review_due_at=LATER))
    assert (contested.contested_at, contested.review_due_at) == (LATER, LATER)
    for action in (CaseAction.CLOSE, CaseAction.START_REVIEW):
        assert "no part in the decision" in (refusal(contested, step_of(action, had_a_part=True)) or "")
        assert refusal(contested, step_of(action)) is None
    retracted = take(contested, step_of(CaseAction.RETRACT))
    revived = take(take(retracted, step_of(CaseAction.REVIVE)), step_of(CaseAction.ACKNOWLEDGE))
    assert refusal(revived, step_of(CaseAction.START_REVIEW, had_a_part=True)), "late data does not settle it"
    decided = take(contested, step_of(CaseAction.CLOSE))
    assert (decided.contested_at, decided.review_due_at) == (None, None)
    assert refusal(case_in(CaseStatus.UNDER_REVIEW), step_of(CaseAction.CLOSE, had_a_part=True)) is None


@pytest.mark.parametrize("status", CaseStatus)
@pytest.mark.parametrize(
    ("action", "closed_to"), [(CaseAction.RETRACT, "reopened"), (CaseAction.DOWNGRADE, "reopened")]
)
def test_a_breach_that_was_decided_and_is_none_is_undone_by_somebody(
    status: CaseStatus, action: CaseAction, closed_to: str
) -> None:
    before = replace(case_in(status), breach_decided=True, acknowledged_at=RAISED_AT, acknowledged_by="officer.a")
    after = take(before, step_of(action))
    if status is CaseStatus.CLOSED or (action is CaseAction.RETRACT and status not in _KEPT):
        assert (after.status, after.outcome, after.breach_decided) == (closed_to, None, True)
        assert (after.clocks_from, after.acknowledged_at) == (LATER, None)
    else:
        assert (after.status, after.acknowledged_at, after.clocks_from) == (status, RAISED_AT, RAISED_AT)
    reviewed = replace(after, status=CaseStatus.UNDER_REVIEW)
    assert not take(reviewed, step_of(CaseAction.CLOSE, outcome=DRIFT)).breach_decided, "it is undone"


_KEPT = (CaseStatus.CONTESTED, CaseStatus.RETRACTED)
"""Somebody looks at a contested one anyway, by its deadline."""


def test_what_is_to_be_undone_keeps_its_deadlines_however_often_it_flaps() -> None:
    waiting = replace(case_in(CaseStatus.REOPENED), breach_decided=True)
    assert take(waiting, step_of(CaseAction.RETRACT)) == replace(waiting, version=2)


def test_an_account_of_something_less_serious_is_none_of_a_breach() -> None:
    asked = take(case_in(CaseStatus.UNDER_REVIEW), step_of(CaseAction.INVITE_ACCOUNT))
    breach = step_of(CaseAction.CLOSE, outcome=WARNING)
    assert refusal(asked, breach) is None
    assert "asked for their account" in (refusal(take(asked, step_of(CaseAction.UPGRADE)), breach) or "")


def test_what_is_offered_is_what_is_possible() -> None:
    offered = possible_actions(case_in(CaseStatus.CLOSED), "officer.a", LATER, Severity.BREACH, had_a_part=True)
    assert offered == [CaseAction.NOTE, CaseAction.RECORD_ACCOUNT, CaseAction.CONTEST, CaseAction.REOPEN]
    raised = possible_actions(case_in(CaseStatus.RAISED), "officer.a", LATER, Severity.BREACH, had_a_part=False)
    assert CaseAction.CLOSE not in raised
    assert CaseAction.START_REVIEW in raised
