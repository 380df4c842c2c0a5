"""The clocks of an alert: acknowledged, first action, outcome, and the second look at a contested one (pure)."""

from datetime import datetime, timedelta
from enum import StrEnum

from alerts.office_hours import next_morning
from model.casework import AlertCase
from model.casework_rules import CaseworkRules, ResponseTimes
from model.enums import Severity, Urgency


class CaseClock(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    FIRST_ACTION = "first_action"
    OUTCOME = "outcome"
    REVIEW = "review"  # of a contested one, by somebody else


def clocks_start_at(rules: CaseworkRules, urgency: Urgency, clocks_from: datetime) -> datetime:
    """When an alert is told first and its clocks begin: at once or, of one for the morning, that morning."""
    if urgency is Urgency.IMMEDIATE:
        return clocks_from
    return next_morning(rules.office_hours, rules.morning_starts, clocks_from)


def running_clocks(
    rules: CaseworkRules, severity: Severity, urgency: Urgency, case: AlertCase
) -> dict[CaseClock, datetime]:
    """When each clock that is not stopped yet runs out; none of a case that is not open."""
    if not case.status.is_open:
        return {}
    times = next(one for one in rules.response_times if (one.severity, one.urgency) == (severity, urgency))
    starts_at = clocks_start_at(rules, urgency, case.clocks_from)
    due = {clock: starts_at + timedelta(seconds=seconds) for clock, seconds in _unstopped(times, case).items()}
    return due if case.review_due_at is None else due | {CaseClock.REVIEW: case.review_due_at}


def _unstopped(times: ResponseTimes, case: AlertCase) -> dict[CaseClock, float]:
    """Acknowledging stops the first clock only, an action the second; the third runs to an outcome or a second look."""
    seconds = {} if case.review_due_at is not None else {CaseClock.OUTCOME: times.outcome_s}
    if case.first_action_at is None:
        seconds[CaseClock.FIRST_ACTION] = times.first_action_s
    if case.acknowledged_at is None:
        seconds[CaseClock.ACKNOWLEDGE] = times.acknowledge_s
    return seconds
