"""The rules of casework as a TOML document: checked as a whole before they hold."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from itertools import product
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from alerts.eligibility import AGE, PROPORTIONATE, never_asked_words
from model.casework_rules import CaseworkRules, Criterion, EscalationRule, OutcomeGroup, ResponseTimes
from model.enums import Severity, Urgency
from model.schedules import Weekday
from ops.errors import InputError
from store.casework_rules import latest_rules
from store.database import Cursor

MAJORITY_YEARS = 18
MOST_STEADY_S = 60.0


@cache
def default_document() -> str:
    return files("alerts").joinpath("casework.toml").read_text(encoding="utf-8")


@cache
def default_rules() -> CaseworkRules:
    return rules_of(default_document(), 0)


def current_rules(cursor: Cursor) -> CaseworkRules:
    """Those that hold now."""
    latest = latest_rules(cursor)
    return default_rules() if latest is None else _parsed(latest[1], latest[0])


def rules_of(document: str, version: int) -> CaseworkRules:
    """The rules that ``document`` states. Raises InputError naming every place that is wrong."""
    try:
        content = msgspec.toml.decode(document)
        rules = msgspec.convert({**content, "version": version}, CaseworkRules, strict=True)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InputError(f"the rules cannot be read: {error}") from None
    problems = [
        *_outcome_problems(rules),
        *_time_problems(rules),
        *_escalation_problems(rules),
        *_other_problems(rules),
    ]
    if problems:
        raise InputError("the rules do not hold together:\n" + "\n".join(problems))
    return rules


_parsed = cache(rules_of)


def response_times(rules: CaseworkRules, severity: Severity, urgency: Urgency) -> ResponseTimes:
    return next(one for one in rules.response_times if (one.severity, one.urgency) == (severity, urgency))


def escalation_of(rules: CaseworkRules, severity: Severity) -> EscalationRule:
    return next(one for one in rules.escalation if one.severity is severity)


def _outcome_problems(rules: CaseworkRules) -> Iterable[str]:
    yield from (f"outcomes: {code} is there twice" for code in _repeated(one.code for one in rules.outcomes))
    present = {one.group for one in rules.outcomes}
    yield from (f"outcomes: none is of the group {group}" for group in OutcomeGroup if group not in present)
    yield from (
        f"outcomes: {one.code} is a breach and a false alarm"
        for one in rules.outcomes
        if one.is_false_alarm and one.group is not OutcomeGroup.NOT_A_BREACH
    )


def _time_problems(rules: CaseworkRules) -> Iterable[str]:
    given = Counter((one.severity, one.urgency) for one in rules.response_times)
    for severity, urgency in product(Severity, Urgency):
        if given[severity, urgency] != 1:
            yield f"response_times: give {severity} {urgency} once, not {given[severity, urgency]} times"
    for one in rules.response_times:
        if not 0 < one.acknowledge_s <= one.first_action_s <= one.outcome_s:
            yield (
                f"response_times: {one.severity} {one.urgency} has to be acknowledged, acted on and decided in that"
                " order, each after more than 0 s"
            )


def _escalation_problems(rules: CaseworkRules) -> Iterable[str]:
    given = Counter(one.severity for one in rules.escalation)
    yield from (f"escalation: give {severity} once" for severity in Severity if given[severity] != 1)
    for rule in rules.escalation:
        for when, steps in (("in_hours", rule.in_hours), ("out_of_hours", rule.out_of_hours)):
            if rule.severity is Severity.BREACH and not steps:
                yield f"escalation: a breach {when} has to reach somebody"
            for step in steps:
                if not step.channels or step.acknowledge_within_s < rules.receipt_within_s:
                    yield (
                        f"escalation: {rule.severity} {when}, {step.role}: give a channel, and at least"
                        f" {rules.receipt_within_s:.0f} s (receipt_within_s) to acknowledge"
                    )


def _other_problems(rules: CaseworkRules) -> Iterable[str]:
    for name in ("receipt_within_s", "contest_review_s", "hand_over_notice_s", "episode_gap_s"):
        if getattr(rules, name) <= 0:
            yield f"{name}: give more than 0 s"
    if not 0 <= rules.quiet_s <= rules.receipt_within_s:
        yield "quiet_s: give 0 s to receipt_within_s; an alert must not wait longer to be told"
    if not 0 <= rules.victim_zone_steady_s <= MOST_STEADY_S:
        yield f"victim_zone_steady_s: give 0 s to {MOST_STEADY_S:.0f} s, so that it is told within two minutes"
    if rules.office_hours.ends <= rules.office_hours.starts:
        yield "office_hours: they end before they start"
    unknown = set(rules.office_hours.days) - {day.word for day in Weekday}
    if unknown or not rules.office_hours.days:
        yield f"office_hours.days: give some of {', '.join(day.word for day in Weekday)}"
    try:
        ZoneInfo(rules.office_hours.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield f"office_hours.time_zone: there is no {rules.office_hours.time_zone}; give one such as Europe/London"
    if rules.eligibility.least_age_years < MAJORITY_YEARS:
        yield f"eligibility.least_age_years: nobody below {MAJORITY_YEARS} is tagged"
    yield from _criteria_problems(rules.eligibility.criteria)
    yield from (
        f"eligibility.boroughs: {one.name} closes before it opens"
        for one in rules.eligibility.boroughs
        if one.closes is not None and one.closes <= one.opens
    )


def _criteria_problems(criteria: Sequence[Criterion]) -> Iterable[str]:
    yield from (f"eligibility.criteria: {code} is there twice" for code in _repeated(one.code for one in criteria))
    required = {one.code for one in criteria if one.is_required}
    for code in (AGE, PROPORTIONATE):
        if code not in required:
            yield f"eligibility.criteria: {code} has to be there, and required"
    for one in criteria:
        if words := never_asked_words(f"{one.code} {one.words}"):
            yield (
                f"eligibility.criteria: {one.code} speaks of {', '.join(words)}; nobody is tagged for a gang label or a"
                " protected characteristic"
            )


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]
