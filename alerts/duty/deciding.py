"""What the timetable does about one alert at one look: from what was read of it, without the database or a clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alerts.casework_rules import escalation_of
from alerts.clocks import CaseClock, clocks_start_at, running_clocks
from alerts.duty.roster import Roster
from alerts.escalation import Plan, Situation, Told, next_tellings
from alerts.office_hours import is_office_hours, is_working_day, local_day, next_opening
from model.casework import CaseAction, CaseStatus
from model.casework_rules import CaseworkRules, EscalationStep
from model.enums import Severity, Urgency
from model.notices import NoticeChannel
from store.escalations import DueCase, ToldRow

TOLD_AGAIN = {
    CaseAction.UPGRADE: "upgraded",
    CaseAction.REOPEN: "reopened",
    CaseAction.REVIVE: "reopened",
    # where a breach was decided, what was done has to be undone
    CaseAction.DOWNGRADE: "reopened",
    CaseAction.RETRACT: "retracted",
}
"""What is told from the first step on once more, with the word that a notice has for it."""
GIVEN = frozenset({CaseAction.ASSIGN, CaseAction.HAND_OVER})


@dataclass(frozen=True, slots=True)
class Known:
    """What was told of the alert, and done about it since the last look."""

    told: Sequence[ToldRow] = ()
    actions: Sequence[tuple[CaseAction, str]] = ()
    overdue: frozenset[tuple[str, datetime]] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """``change`` is a word for those who were told before; ``given`` how it came to be on whom it is, where they do not
    know; ``ran_out`` holds the clocks of which nobody was told yet.
    """

    round: int
    round_began_at: datetime
    plan: Plan
    is_list: bool  # what is told now belongs on the morning's list
    is_repeat: bool  # the last step begins once more
    is_over: bool  # nobody is told any more: what waits to be sent is taken back
    change: str | None
    given: CaseAction | None
    contested_by: str | None  # who wrote that down since the last look, where somebody else is to look at it again
    ran_out: dict[CaseClock, datetime] = field(default_factory=dict)
    look_at: datetime | None = None


def decide(due: DueCase, known: Known, roster: Roster, rules: CaseworkRules, now: datetime) -> Decision:
    is_over = not due.case.status.is_open or is_taken(due)
    words = _words(due, known)
    was_told = any(row.round == due.round for row in known.told)
    begins_anew = bool(words) and was_told and not is_over
    begun = (due.round, max(due.round_began_at, due.case.clocks_from))
    number, began_at = (due.round + 1, now) if begins_anew else begun
    situation = _situation(due, [row for row in known.told if row.round == number], began_at, roster, rules, now)
    plan = Plan((), None) if is_over else next_tellings(situation, now)
    clocks = running_clocks(rules, due.severity, due.urgency, due.case)
    to_come = [at for at in (plan.look_at, *clocks.values()) if at is not None and at > now]
    return Decision(
        number,
        began_at,
        plan,
        is_list=situation.list_s is not None and not situation.told,
        is_repeat=_begins_again(situation, plan),
        is_over=is_over,
        change=_change(due, known, words),
        given=_given(due, known),
        contested_by=_contested_by(due, known),
        ran_out={
            clock: at
            for clock, at in clocks.items()
            if at <= now and _is_told(rules, due.severity, clock) and not _was_told(clock, at, due, known)
        },
        look_at=min(to_come, default=None),
    )


def _begins_again(situation: Situation, plan: Plan) -> bool:
    begun = max((one.step for one in situation.told), default=-1)
    return not plan.reaches_nobody and any(
        one.step >= len(situation.steps) > 0 for one in plan.tellings if one.step > begun
    )


def is_taken(due: DueCase) -> bool:
    """Somebody has acknowledged it, and it is on somebody who is there and sees it."""
    is_somebodys = due.case.assigned_to is not None and not due.assignee_is_gone
    return due.case.acknowledged_at is not None and is_somebodys


def _words(due: DueCase, known: Known) -> list[str]:
    """What was done that has to be told again, in order."""
    is_to_undo = {
        CaseAction.RETRACT: due.case.status.is_open,
        CaseAction.DOWNGRADE: due.case.status is CaseStatus.REOPENED,
    }
    return [TOLD_AGAIN[action] for action, _ in known.actions if action in TOLD_AGAIN and is_to_undo.get(action, True)]


def _change(due: DueCase, known: Known, words: Sequence[str]) -> str | None:
    if due.case.status is CaseStatus.RETRACTED:
        return "retracted" if any(action is CaseAction.RETRACT for action, _ in known.actions) else None
    return words[-1] if words and due.case.status.is_open else None


def _given(due: DueCase, known: Known) -> CaseAction | None:
    given = [one for one in known.actions if one[0] in GIVEN]
    if not given or not due.case.status.is_open or given[-1][1] == due.case.assigned_to:
        return None
    return given[-1][0]


def _contested_by(due: DueCase, known: Known) -> str | None:
    contested = [by for action, by in known.actions if action is CaseAction.CONTEST]
    return contested[-1] if contested and due.case.status is CaseStatus.CONTESTED else None


def _is_told(rules: CaseworkRules, severity: Severity, clock: CaseClock) -> bool:
    """What nobody was told of when it was raised waits on the list, unless somebody contests it."""
    escalation = escalation_of(rules, severity)
    return clock is CaseClock.REVIEW or bool(escalation.in_hours or escalation.out_of_hours)


def _was_told(clock: CaseClock, at: datetime, due: DueCase, known: Known) -> bool:
    """The three clocks once each, and anew where they began anew; a second look at each time that one is due."""
    if clock is CaseClock.REVIEW:
        return (clock.value, at) in known.overdue
    return any(told == clock.value and due_at > due.case.clocks_from for told, due_at in known.overdue)


def _situation(
    due: DueCase, rows: Sequence[ToldRow], began_at: datetime, roster: Roster, rules: CaseworkRules, now: datetime
) -> Situation:
    told = tuple(
        Told(row.step, row.recipient, NoticeChannel(row.channel), row.told_at, row.sent_at, row.received_at)
        for row in rows
    )
    waits = due.urgency is Urgency.MORNING
    steps, starts_at = _timetable(due, told, clocks_start_at(rules, due.urgency, began_at), rules, now)
    times = next(one for one in rules.response_times if (one.severity, one.urgency) == (due.severity, due.urgency))
    return Situation(
        steps,
        starts_at,
        told,
        roster.holders(due.practitioner, due.teams, due.case.assigned_to if _is_given(due, roster) else None),
        roster.managers_of(due.teams),
        rules.receipt_within_s,
        times.acknowledge_s if waits else None,
    )


def _is_given(due: DueCase, roster: Roster) -> bool:
    """Somebody was named for it who is there and sees it: they are told first, in the practitioner's place."""
    return due.case.assigned_to in roster.members and not due.assignee_is_gone


def _timetable(
    due: DueCase, told: Sequence[Told], starts_at: datetime, rules: CaseworkRules, now: datetime
) -> tuple[tuple[EscalationStep, ...], datetime]:
    """The steps, and when the first is due. A round keeps the timetable in whose hours it began.

    The morning's list goes to whoever works that day. Where nobody is told out of hours, it waits until they open.
    """
    rule = next(one for one in rules.escalation if one.severity is due.severity)
    hours = rules.office_hours
    begins_at = told[0].told_at if told else max(now, starts_at)
    if due.urgency is Urgency.MORNING:
        in_hours = is_working_day(hours, local_day(hours, begins_at))
    else:
        in_hours = is_office_hours(hours, begins_at)
    if in_hours or not rule.out_of_hours:
        opens_at = starts_at if in_hours or told else next_opening(hours, begins_at)
        return rule.in_hours, opens_at
    return rule.out_of_hours, starts_at
