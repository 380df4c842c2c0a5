"""A whole life of an alert, at random, against an independent account of what may happen to it."""

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alerts.lifecycle import Step, refusal, take
from model.casework import CaseAction
from model.casework_rules import OutcomeGroup, OutcomeRule
from model.enums import Severity
from tests.support.cases import RAISED_AT, new_case

OFFICERS = st.sampled_from(["a", "b", "c"])
GROUPS = st.sampled_from(OutcomeGroup)
WORKED = st.sampled_from(["contact", "complete_step", "invite_account", "record_account"])


class Life(RuleBasedStateMachine):
    """The oracle keeps the log of what was done, and reads from it what must be so."""

    def __init__(self) -> None:
        super().__init__()
        self.case = new_case()
        self.severity = Severity.BREACH
        self.log: list[tuple[str, str]] = []  # actions that were taken, and by whom; "undo" where a breach was none
        self.decided: list[OutcomeGroup] = []
        self.hours = 0

    def attempt(self, action: str, by: str, **said: Any) -> bool:
        """Whether it was taken."""
        self.hours += 1
        at = RAISED_AT + timedelta(hours=self.hours)
        step = Step(CaseAction(action), by, at, self.severity, review_due_at=at + timedelta(days=2), **said)
        if refusal(self.case, step) is not None:
            return False
        self.case = take(self.case, step)
        self.log.append((action, by))
        return True

    def since(self, *actions: str) -> list[tuple[str, str]]:
        """The log behind the last of ``actions``; all of it where none was taken."""
        last = max((place for place, (action, _) in enumerate(self.log) if action in actions), default=-1)
        return self.log[last + 1 :]

    @property
    def is_retracted(self) -> bool:
        return "retract" in dict(self.log) and not dict(self.since("retract")).keys() & {"revive", "upgrade"}

    @property
    def is_closed(self) -> bool:
        ends = {"contest", "reopen", "retract", "upgrade", "revive", "undo"}
        return "close" in dict(self.log) and not dict(self.since("close")).keys() & ends

    @property
    def is_contested(self) -> bool:
        """Somebody else has not decided yet, whatever late data said meanwhile."""
        return "contest" in dict(self.since("close"))

    @rule(by=OFFICERS)
    def acknowledge(self, by: str) -> None:
        told = self.case.acknowledged_at is not None
        assert self.attempt("acknowledge", by) is not (told or self.is_closed or self.is_retracted)

    @rule(action=WORKED, by=OFFICERS)
    def work(self, action: str, by: str) -> None:
        allowed = not self.is_retracted and (not self.is_closed or action == "record_account")
        assert self.attempt(action, by) is allowed

    @rule(by=OFFICERS, had_a_part=st.booleans())
    def review(self, by: str, *, had_a_part: bool) -> None:
        was = self.case.status
        blocked = self.is_closed or self.is_retracted or (self.is_contested and had_a_part)
        assert self.attempt("start_review", by, had_a_part=had_a_part) is not (blocked or was == "under_review")

    @rule(by=OFFICERS)
    def contest(self, by: str) -> None:
        was = self.case.status
        assert self.attempt("contest", by) is not (self.is_retracted or was == "contested")

    @rule(by=OFFICERS, group=GROUPS, had_a_part=st.booleans())
    def close(self, by: str, group: OutcomeGroup, *, had_a_part: bool) -> None:
        is_open = not self.is_closed and not self.is_retracted
        reviewed = self.case.status in {"under_review", "contested"}
        noted = self.severity is Severity.INFORMATION and group is OutcomeGroup.NOT_COUNTED
        invited = bool(dict(self.since("upgrade")).keys() & {"invite_account", "record_account"})
        allowed = (
            is_open
            and not (self.is_contested and had_a_part)
            and (reviewed or noted)
            and (invited or group is not OutcomeGroup.BREACH)
        )
        outcome = OutcomeRule("x", "X", group)
        assert self.attempt("close", by, outcome=outcome, rules_version=1, had_a_part=had_a_part) is allowed
        self.decided += [group] if allowed else []

    @rule(by=OFFICERS)
    def reopen(self, by: str) -> None:
        closed = self.is_closed
        assert self.attempt("reopen", by) is closed

    @rule(action=st.sampled_from(["note", "assign", "hand_over"]), by=OFFICERS)
    def pass_on(self, action: str, by: str) -> None:
        is_open = not self.is_closed and not self.is_retracted
        assert self.attempt(action, by, assigned_to=by) is (is_open or action == "note")

    @rule(action=st.sampled_from(["amend", "upgrade", "revive"]))
    def learn_late(self, action: str) -> None:
        assert self.attempt(action, "cordon")

    @rule()
    @precondition(lambda self: not self.is_retracted)
    def take_back(self) -> None:
        assert self.attempt("retract", "cordon")
        self.undo_if(is_so=True)

    @rule()
    def call_it_no_breach(self) -> None:
        was_closed = self.is_closed
        assert self.attempt("downgrade", "cordon")
        self.undo_if(is_so=was_closed)

    def undo_if(self, *, is_so: bool) -> None:
        """Whoever decided that it was a breach did something about it, which somebody has to look at."""
        if is_so and self.decided[-1:] == [OutcomeGroup.BREACH]:
            self.log[-1] = ("undo", "cordon")
            assert self.case.status in {"reopened", "contested"}
            assert self.case.status == "contested" or self.case.acknowledged_at is None

    @rule(severity=st.sampled_from(Severity))
    @precondition(lambda self: not self.log)
    def be_another_alert(self, severity: Severity) -> None:
        self.severity = severity

    @invariant()
    def the_case_is_what_its_log_says(self) -> None:
        case = self.case
        assert case.version == 1 + len(self.log)
        assert (case.status == "retracted") is self.is_retracted
        assert (case.status == "closed") is self.is_closed is (case.closed_at is not None) is (case.outcome is not None)
        assert (case.contested_at is not None) is (case.review_due_at is not None) is self.is_contested

    @invariant()
    def whoever_is_told_of_something_worse_acknowledges_it(self) -> None:
        """Nothing that came late and made it worse is left without somebody who took note after it."""
        worse = self.since("upgrade")
        if len(worse) < len(self.log) and self.case.acknowledged_at is not None:
            assert any(by != "cordon" and action not in {"note", "assign", "hand_over"} for action, by in worse)
        if self.case.status in {"acknowledged", "closed"}:
            assert self.case.acknowledged_at is not None
        if self.case.status == "raised":
            assert self.case.acknowledged_at is None

    @invariant()
    def clocks_stop_in_their_order(self) -> None:
        case = self.case
        assert case.first_action_at is None or case.acknowledged_at is not None
        stopped = [at for at in (case.acknowledged_at, case.first_action_at, case.closed_at) if at is not None]
        assert stopped == sorted(stopped)
        assert all(at >= case.clocks_from for at in stopped)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
