"""Officers act on alerts: one way in for the API, the commands and the timetable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from alerts.case_details import BadDetailError, checked_detail
from alerts.case_words import entry_words, ticked
from alerts.casework_rules import current_rules
from alerts.lifecycle import STEPS, Step, possible_actions, refusal, take
from alerts.who_sees import would_see
from model.casework import SERVICE_SUBJECT, AlertCase, CaseAction, CaseEntry
from model.casework_rules import CaseworkRules
from ops.errors import InputError
from store.cases import HeldCase, hold_cases, list_entries, look_at_case, save_cases
from store.clock import service_now
from store.database import Cursor
from store.messages import note_receipt
from store.response_plans import find_plan
from store.staff import find_staff

MOST_AT_ONCE = 200  # workers wait meanwhile


class UnknownAlertError(InputError):
    """There is no such alert, or it is not theirs to work."""


class CaseConflictError(InputError):
    """It was changed since it was read: ``case`` as it stands, and ``since``, what was done meanwhile."""

    def __init__(self, case: AlertCase, since: Sequence[CaseEntry]) -> None:
        done = "".join(f"\n{one.acted_at.isoformat(timespec='seconds')} {entry_words(one)}" for one in since)
        super().__init__(f"alert {case.alert_id} is {case.status} at version {case.version}: somebody was first{done}")
        self.case = case
        self.since = tuple(since)


class IllegalStepError(InputError):
    """It cannot be done as things stand; ``possible`` can."""

    def __init__(self, case: AlertCase, reason: str, possible: Sequence[CaseAction]) -> None:
        words = ", ".join(possible) or "nothing"
        super().__init__(f"alert {case.alert_id} is {case.status}: {reason}. Possible now: {words}")
        self.case = case
        self.reason = reason
        self.possible = tuple(possible)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Of one alert among many."""

    alert_id: UUID
    error: InputError


class BulkRefusedError(InputError):
    """Nothing was done: ``refusals`` names every alert that stood against it."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__("nothing was closed:\n" + "\n".join(str(one.error) for one in refusals))
        self.refusals = tuple(refusals)


def act(
    cursor: Cursor,
    identity_subject: str,
    alert_id: UUID,
    expected_version: int | None,
    action: CaseAction,
    detail: Mapping[str, Any] | None = None,
) -> AlertCase:
    """The case after ``action``, which ``identity_subject`` did; None as the version takes it as it stands.

    ``detail`` is what the action needs (alerts/case_details.py). The log of alert changes is held until the commit, so
    commit soon. Raises UnknownAlertError, CaseConflictError, BadDetailError and IllegalStepError; nothing is done then.
    """
    held = hold_cases(cursor, [alert_id], identity_subject).get(alert_id)
    if held is None:
        raise _unknown(alert_id)
    rules = current_rules(cursor)
    worked = _worked(cursor, held, expected_version, _Deed(identity_subject, action, detail or {}), rules)
    save_cases(cursor, [worked])
    if identity_subject != SERVICE_SUBJECT:
        note_receipt(cursor, identity_subject, alert_id)
    return worked[0]


def act_on_all(
    cursor: Cursor, identity_subject: str, action: CaseAction, details: Mapping[UUID, Mapping[str, Any]]
) -> None:
    """The same ``action`` on each alert with its own detail, as they stand; all, or with the error of one none."""
    held = hold_cases(cursor, list(details), identity_subject)
    rules = current_rules(cursor)
    worked = []
    for alert_id, detail in details.items():
        if alert_id not in held:
            raise _unknown(alert_id)
        worked.append(_worked(cursor, held[alert_id], None, _Deed(identity_subject, action, detail), rules))
    save_cases(cursor, worked)


def close_many(
    cursor: Cursor, identity_subject: str, versions: Mapping[UUID, int], detail: Mapping[str, Any]
) -> list[AlertCase]:
    """Close each with one outcome and one note, and record each by itself; all or, with BulkRefusedError, none.

    ``versions`` are those that were read, at most MOST_AT_ONCE.
    """
    if len(versions) > MOST_AT_ONCE:
        raise InputError(f"{len(versions)} alerts at once are too many: close at most {MOST_AT_ONCE}")
    held = hold_cases(cursor, list(versions), identity_subject)
    rules = current_rules(cursor)
    deed = _Deed(identity_subject, CaseAction.CLOSE, detail)
    checked_detail(CaseAction.CLOSE, detail, rules)
    refusals: list[Refusal] = []
    worked: list[tuple[AlertCase, CaseEntry]] = []
    for alert_id, version in versions.items():
        try:
            if alert_id not in held:
                raise _unknown(alert_id)
            worked.append(_worked(cursor, held[alert_id], version, deed, rules))
        except (UnknownAlertError, CaseConflictError, IllegalStepError) as error:
            refusals.append(Refusal(alert_id, error))
    if refusals:
        raise BulkRefusedError(refusals)
    save_cases(cursor, worked)
    for alert_id in versions:
        note_receipt(cursor, identity_subject, alert_id)
    return [case for case, _ in worked]


def possible_for(cursor: Cursor, subject: str, alert_id: UUID) -> list[CaseAction]:
    """What ``subject`` may do to the alert now."""
    held = look_at_case(cursor, alert_id, subject)
    return [] if held is None else _possible(cursor, subject, held)


def _possible(cursor: Cursor, subject: str, held: HeldCase) -> list[CaseAction]:
    return possible_actions(held.case, subject, service_now(cursor), held.severity, had_a_part=held.had_a_part)


@dataclass(frozen=True, slots=True)
class _Deed:
    by: str
    action: CaseAction
    detail: Mapping[str, Any]


def _worked(
    cursor: Cursor, held: HeldCase, expected_version: int | None, deed: _Deed, rules: CaseworkRules
) -> tuple[AlertCase, CaseEntry]:
    """The case as the deed leaves it, and the line that says so; nothing is written."""
    case = held.case
    if expected_version is not None and expected_version != case.version:
        raise CaseConflictError(case, list_entries(cursor, case.alert_id, expected_version))
    if STEPS[deed.action].by_service != (deed.by == SERVICE_SUBJECT) and deed.action is not CaseAction.HAND_OVER:
        raise IllegalStepError(case, f"{deed.action} is not done by {deed.by}", _possible(cursor, deed.by, held))
    detail = checked_detail(deed.action, deed.detail, rules)
    now = service_now(cursor)
    step = _step(held, deed, detail, rules, now)
    reason = refusal(case, step)
    if reason is not None:
        raise IllegalStepError(case, reason, _possible(cursor, deed.by, held))
    detail |= _looked_up(cursor, case, deed, detail)
    after = take(case, step)
    return after, CaseEntry(after.version, deed.action, deed.by, now, detail)


def _step(held: HeldCase, deed: _Deed, detail: Mapping[str, Any], rules: CaseworkRules, now: datetime) -> Step:
    return Step(
        action=deed.action,
        by=deed.by,
        at=now,
        severity=held.severity,
        had_a_part=held.had_a_part,
        assigned_to=detail.get("to"),
        outcome=next((one for one in rules.outcomes if one.code == detail.get("outcome")), None),
        rules_version=rules.version,
        review_due_at=now + timedelta(seconds=rules.contest_review_s),
    )


def _looked_up(cursor: Cursor, case: AlertCase, deed: _Deed, detail: Mapping[str, Any]) -> dict[str, Any]:
    """What the record says besides, from what the service knows. Raises BadDetailError where it knows no such thing."""
    match deed.action:
        case CaseAction.ASSIGN | CaseAction.HAND_OVER:
            member = find_staff(cursor, detail["to"])
            if member is None:
                raise BadDetailError("to", f"there is no active member of staff {detail['to']}")
            if deed.by != SERVICE_SUBJECT and not would_see(cursor, member, case.person_id):
                raise BadDetailError(
                    "to", f"{member.subject}, a {member.role.value.replace('_', ' ')}, would not see this alert"
                )
            return {"from": case.assigned_to}
        case CaseAction.COMPLETE_STEP:
            return _planned_step(cursor, case, detail["step"])
        case _:
            return {}


def _planned_step(cursor: Cursor, case: AlertCase, code: str) -> dict[str, Any]:
    plan = None if case.response_plan_id is None else find_plan(cursor, case.response_plan_id)
    steps = {} if plan is None else {step.code: step for step in plan.steps}
    if code not in steps:
        raise BadDetailError("step", f"the plan of this alert has the steps {', '.join(steps) or 'none'}, not {code}")
    if code in ticked(list_entries(cursor, case.alert_id), case.response_plan_id):
        raise BadDetailError("step", f"{code} is done already")
    return {"step_text": steps[code].text, "response_plan_id": case.response_plan_id}


def _unknown(alert_id: UUID) -> UnknownAlertError:
    return UnknownAlertError(f"there is no alert {alert_id}, or it is not yours to work")
