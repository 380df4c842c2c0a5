"""The timetable: tells new alerts, goes on to the next step, and says when a clock has run out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from alerts.casework import act_on_all
from alerts.duty.deciding import Decision, Known, decide
from alerts.duty.notifying import Key, Notifying
from alerts.duty.roster import Roster, load_roster
from alerts.escalation import TellingOutcome
from model.casework import SERVICE_SUBJECT, CaseAction
from model.casework_rules import CaseworkRules
from ops import metrics
from ops.logs import frames_of, get_logger
from store.database import Cursor
from store.escalations import (
    DueCase,
    EscalationRow,
    Look,
    actions_since,
    cancel_waiting,
    lock_due_cases,
    look_again,
    look_at_all,
    overdue_told,
    tellings_of,
    write_escalations,
    write_overdue,
)
from store.list_notices import WrittenNotice

AT_ONCE = 100
"""No more: the log of changes is held meanwhile, which workers and officers wait for."""
SET_ASIDE = timedelta(minutes=1)
"""An alert that cannot be decided on does not hold up the others; it is tried again after this."""

log = get_logger("duty")


@dataclass(frozen=True, slots=True)
class Decided:
    due: DueCase
    known: Known
    decision: Decision


class AlertTelling:
    """A task of the duty process. New rules hold for what waits, too."""

    def __init__(self) -> None:
        self._rules_version: int | None = None

    def __call__(self, cursor: Cursor, now: datetime, rules: CaseworkRules) -> bool:
        if rules.version != self._rules_version:
            look_at_all(cursor, now)
        due = lock_due_cases(cursor, now, AT_ONCE)
        if due:
            known = _known(cursor, due)
            subjects = (one for case in due for one in (case.practitioner, case.case.assigned_to) if one)
            roster = load_roster(cursor, now, subjects)
            _write(cursor, _decisions(due, known, roster, rules, now), roster, now)
        self._rules_version = rules.version
        return len(due) == AT_ONCE


def _known(cursor: Cursor, due: Sequence[DueCase]) -> list[Known]:
    alert_ids = [one.case.alert_id for one in due]
    told, overdue = tellings_of(cursor, alert_ids), overdue_told(cursor, alert_ids)
    actions = actions_since(cursor, [(one.case.alert_id, one.seen_version) for one in due])
    return [Known(told.get(one, ()), actions.get(one, ()), frozenset(overdue.get(one, ()))) for one in alert_ids]


def _decisions(
    due: Sequence[DueCase], known: Sequence[Known], roster: Roster, rules: CaseworkRules, now: datetime
) -> list[Decided | DueCase]:
    """One of each; the case alone where nothing could be decided."""
    found: list[Decided | DueCase] = []
    for one, about in zip(due, known, strict=True):
        try:
            found.append(Decided(one, about, decide(one, about, roster, rules, now)))
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with one alert, the others are told
            _note_failure(one, error)
            found.append(one)
    return found


def _note_failure(due: DueCase, error: Exception) -> None:
    frames = frames_of(error.__traceback__)
    log.error("an alert was set aside", alert_id=str(due.case.alert_id), kind=type(error).__name__, frames=frames)
    metrics.DUTY_FAILURES.labels("tell").inc()


def _write(cursor: Cursor, found: Sequence[Decided | DueCase], roster: Roster, now: datetime) -> None:
    decided = [one for one in found if isinstance(one, Decided)]
    cancel_waiting(cursor, [one.due.case.alert_id for one in decided if one.decision.is_over])
    notifying = Notifying(roster, now)
    for one in decided:
        notifying.tell(one.due, one.decision, one.known)
    notices = notifying.write(cursor)
    write_escalations(cursor, [row for one in decided for row in _rows(one, notices)], now)
    ran_out = [
        (one.due.case.alert_id, clock.value, due_at)
        for one in decided
        for clock, due_at in one.decision.ran_out.items()
    ]
    write_overdue(cursor, ran_out, now)
    begun = _steps_begun(decided)
    if begun:
        act_on_all(cursor, SERVICE_SUBJECT, CaseAction.ESCALATE, begun)
    for one in decided:
        _count(one, now)
    _count_nobody(decided)
    look_again(cursor, [_look(one, now) for one in found])


def _rows(one: Decided, notices: dict[Key, WrittenNotice]) -> list[EscalationRow]:
    alert_id, decision = one.due.case.alert_id, one.decision
    rows = []
    for telling in decision.plan.tellings:
        notice = notices.get((alert_id, telling))
        rows.append(
            EscalationRow(
                alert_id,
                decision.round,
                telling.step,
                telling.role.value,
                telling.recipient,
                None if notice is None else notice.channel.value,
                telling.outcome.value,
                None if notice is None else notice.notice_id,
            )
        )
    return rows


def _steps_begun(decided: Sequence[Decided]) -> dict[UUID, dict[str, str | int]]:
    """For the alerts' own records: which went on to another step."""
    begun = {}
    for one in decided:
        told = [telling for telling in one.decision.plan.tellings if telling.outcome is TellingOutcome.TOLD]
        before = max((row.step for row in one.known.told if row.round == one.decision.round), default=0)
        if told and told[0].step > before:
            detail = {"step": told[0].step + 1, "role": told[0].role.value, "round": one.decision.round}
            begun[one.due.case.alert_id] = detail
    return begun


def _look(one: Decided | DueCase, now: datetime) -> Look:
    if isinstance(one, DueCase):
        return Look(one.case.alert_id, one.round, one.round_began_at, now + SET_ASIDE)
    decision = one.decision
    return Look(one.due.case.alert_id, decision.round, decision.round_began_at, decision.look_at)


def _count(one: Decided, now: datetime) -> None:
    plan = one.decision.plan
    for telling in plan.tellings:
        metrics.TELLINGS.labels(telling.role.value, telling.outcome.value).inc()
    if one.decision.is_repeat:
        metrics.TELLING_REPEATS.inc()
    if plan.tellings and not plan.reaches_nobody and not one.known.told:
        metrics.RAISED_TO_TOLD_SECONDS.observe((now - one.due.case.raised_at).total_seconds())


def _count_nobody(decided: Sequence[Decided]) -> None:
    count = sum(one.decision.plan.reaches_nobody for one in decided)
    metrics.NOBODY_TOLD.inc(count)
    if count:
        log.error("there are alerts of which nobody can be told", alerts=count)
