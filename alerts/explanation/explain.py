"""The whole explanation of one alert."""

from collections.abc import Sequence
from dataclasses import replace

from alerts.explanation import devices
from alerts.explanation.authorisations import authorisation_sections, explained_authorisations, overstay_words
from alerts.explanation.confirmation import confirming_rule, confirming_words, why_not_sooner
from alerts.explanation.course import (
    SILENCE,
    SILENT,
    course_paragraphs,
    ending_words,
    explained_changes,
    told_words,
)
from alerts.explanation.documents import ConfirmingRule, ExplainedRule, Explanation, Section
from alerts.explanation.positions import DOT_INSIDE, Counted, counted_trail, explained
from alerts.explanation.stays import Seen, Stay
from alerts.explanation.wording import (
    HAPPENED,
    INTAKE_DEAF,
    STATES,
    duration_words,
    probability_figure,
    probability_words,
    time_words,
)
from alerts.explanation.zones import explained_zone, zone_paragraphs
from geofence.presence import RULE, RULE_VERSION
from model.explanations import AlertCase
from model.times import SECOND_US

NOT_MULTIPLIED = (
    "Each probability is of its own position, from its accuracy and its distance to the boundary. Those of several"
    " positions are not multiplied: a receiver's errors are alike from one position to the next."
)
OF_THE_TAG = "It says where the tag was, not why."


def explain(case: AlertCase) -> Explanation:
    """The explanation of an alert: of a stay in a zone, of a device, or of our own intake.

    Evidence of another shape than this release writes is explained as far as it goes: its values as they are.
    """
    stay = Stay.of(case.alert, case.versions)
    return _of_device(case) if stay is None else _of_stay(case, stay)


def _of_stay(case: AlertCase, stay: Stay) -> Explanation:
    alert, trail = case.alert, counted_trail(stay)
    rule = _rule(case, confirming_rule(stay), confirming_words(case, stay, trail))
    stood = next(one for one in case.versions if one.version is stay.zone)
    zone = explained_zone(stood, alert.began_us)
    reasons = why_not_sooner(case, stay, trail)
    ending = ending_words(case, stay)
    nearest = explained(stay, stay.deepest, _nearest_words(stay))
    positions = tuple(explained(stay, one.seen, one.counted_for) for one in _shown_trail(stay, trail))
    sections = (
        Section("What happened", (_happened(case), *overstay_words(case), ending, told_words(case))),
        *authorisation_sections(case),
        Section("How sure", _how_sure(stay)),
        Section("What confirmed it", (rule.in_words,)),
        Section("The positions up to then", tuple(one.in_words for one in positions)),
        Section("Why not sooner", reasons),
        Section(_extreme_heading(stay), (nearest.in_words,)),
        Section("The zone as it stood", zone_paragraphs(stood, zone)),
        Section("What was said of it, and when", course_paragraphs(case)),
        Section("The rule", (_rule_words(rule),)),
    )
    return replace(
        _in_common(case, rule, ending, sections),
        zone=zone,
        authorisations=explained_authorisations(case),
        positions=positions,
        nearest=nearest,
        why_not_sooner=reasons,
    )


def _of_device(case: AlertCase) -> Explanation:
    alert = case.alert
    facts, limits = devices.facts_of(alert.evidence), devices.limits_of(alert.evidence)
    rule = _rule(case, ConfirmingRule.DEVICE, "The facts below, held against the limits below.")
    ending = ending_words(case, None)
    silence = (SILENCE,) if alert.kind in SILENT else ()
    sections = (
        Section("What happened", (_happened(case), *overstay_words(case), ending, *silence, told_words(case))),
        *authorisation_sections(case),
        Section("The facts", devices.in_words(facts) or ("None were kept.",)),
        Section("The limits", devices.in_words(limits) or ("None were kept.",)),
        Section("What was said of it, and when", course_paragraphs(case)),
        Section("The rule", (_rule_words(rule),)),
    )
    return replace(_in_common(case, rule, ending, sections), facts=facts, limits=limits)


def _in_common(case: AlertCase, rule: ExplainedRule, ending: str, sections: tuple[Section, ...]) -> Explanation:
    """What the explanations of stays and of devices have in common."""
    alert = case.alert
    return Explanation(
        alert_id=alert.alert_id,
        kind=alert.kind,
        severity=alert.severity,
        urgency=alert.urgency,
        state=alert.state,
        crn=None if case.person is None else case.person.crn,
        headline=_headline(case),
        rule=rule,
        zone=None,
        authorisations=explained_authorisations(case),
        positions=(),
        nearest=None,
        why_not_sooner=(),
        ending=ending,
        changes=explained_changes(case),
        facts={},
        limits={},
        sections=sections,
    )


def _headline(case: AlertCase) -> str:
    alert = case.alert
    if alert.kind not in HAPPENED:
        return f"{INTAKE_DEAF}. {STATES[alert.state]}"
    who = "A wearer" if case.person is None else f"{case.person.name} (CRN {case.person.crn})"
    zone = next((one.version for one in case.versions if one.version.version == alert.zone_version), None)
    where = "" if zone is None else f" {zone.name} ({zone.reference})"
    return f"{who} {HAPPENED[alert.kind]}{where}. {STATES[alert.state]}"


def _happened(case: AlertCase) -> str:
    alert = case.alert
    words = f"{_headline(case)} It began at {time_words(alert.began_us)}."
    if alert.ended_us is None:
        return words
    return f"{words} It lasted {duration_words((alert.ended_us - alert.began_us) / SECOND_US)}."


def _how_sure(stay: Stay) -> tuple[str, ...]:
    if stay.inferred:
        return ("No position lies inside: the crossing is inferred from the way between two of them.", OF_THE_TAG)
    if not stay.is_weighed:
        return ("The rule of the time asked only whether the dot lay inside, and did not weigh accuracy.", OF_THE_TAG)
    lines = [_sure(stay, name, seen) for name, seen in _telling(stay)]
    return (*lines, NOT_MULTIPLIED, OF_THE_TAG)


def _telling(stay: Stay) -> list[tuple[str, Seen]]:
    """The positions that say most, each once."""
    named = [
        ("confirming", stay.confirming),
        ("farthest" if stay.is_absence else "deepest", stay.deepest),
        ("latest", stay.latest),
    ]
    found: list[tuple[str, Seen]] = []
    for name, seen in named:
        if seen is not None and seen not in [other for _, other in found]:
            found.append((name, seen))
    return found


def _sure(stay: Stay, name: str, seen: Seen) -> str:
    p_stay = stay.p_stay(seen) or 0.0
    return (
        f"By the {name} position it is {probability_words(p_stay)} ({probability_figure(p_stay)})"
        f" that the wearer was {stay.being}."
    )


def _extreme_heading(stay: Stay) -> str:
    return "The farthest that the wearer went" if stay.is_absence else "The nearest that the wearer came"


def _nearest_words(stay: Stay) -> str:
    if stay.inferred:
        return "the deepest place on that way"
    extreme = "farthest from the zone" if stay.is_absence else "deepest"
    return f"the {extreme} of those that speak for it and can confirm"


def _shown_trail(stay: Stay, trail: Sequence[Counted]) -> Sequence[Counted]:
    """Evidence of the plain dot has no trail: its entry stands for it."""
    if trail:
        return trail
    return (Counted(stay.entry, True, 1, stay.entry.fix_time_us, DOT_INSIDE),)


def _rule(case: AlertCase, confirmed_by: ConfirmingRule, in_words: str) -> ExplainedRule:
    evidence = case.alert.evidence
    version = evidence.get("rule_version")
    name = str(evidence.get("rule", "not stated"))
    is_current = confirmed_by is ConfirmingRule.DEVICE or (name, version) == (RULE, RULE_VERSION)
    return ExplainedRule(name, None if version is None else str(version), is_current, confirmed_by, in_words)


def _rule_words(rule: ExplainedRule) -> str:
    words = f"Decided by the rule {rule.name}" + ("" if rule.version is None else f", version {rule.version}")
    if rule.is_current:
        return f"{words}."
    return (
        f"{words}; this release decides by {RULE}, version {RULE_VERSION}, so the same positions may count otherwise,"
        " and the policy above has the figures of this release's preset."
    )
