"""Who may be tagged: every criterion of the rules answered, with what the answer rests on. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from model.casework_rules import Criterion, EligibilityRules

LONDON = ZoneInfo("Europe/London")
AGE = "age"
PRISON = "london_prison"
BOROUGH = "pilot_borough"
PROPORTIONATE = "proportionate"
COMPUTED = frozenset({AGE, PRISON, BOROUGH, PROPORTIONATE})
"""Criteria that are answered from the facts; an officer answers all others."""

NEVER_ASKED = re.compile(
    r"""\b(?:
      gangs?|matrix|county\ lines\ nominals?|ethnic\w*|races?|racial\w*|black|asian|white|skin|colou?r|caste
      |religio\w*|faiths?|beliefs?|muslims?|christians?|jewish|jews?|hindus?|sikhs?
      |nationalit(?:y|ies)|national\ origins?|immigra\w*|asylum|foreign\w*
      |sex|sexes|genders?|males?|females?|trans|transgender|sexual\ orientation|gay|lesbian|bisexual
      |disab\w*|pregnan\w*|maternity|marital|married|marriage|civil\ partnerships?
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
"""Gang labels and protected characteristics. A net, and no proof: who wants to can say the same in other words."""


class Answer(StrEnum):
    MET = "met"
    NOT_MET = "not_met"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class StatedAnswer:
    """An officer's answer, and what it rests on: a record, a document, a visit."""

    answer: Answer
    basis: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one person for the day on which the tag is to be put on."""

    day: date
    date_of_birth: date | None
    prison: str | None
    borough: str | None
    screening_note: str
    stated: Mapping[str, StatedAnswer] = field(default_factory=dict)  # by the criterion's code


@dataclass(frozen=True, slots=True)
class AnsweredCriterion:
    code: str
    words: str
    is_required: bool
    answer: Answer
    basis: str


@dataclass(frozen=True, slots=True)
class Assessment:
    answers: tuple[AnsweredCriterion, ...]
    is_eligible: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the person is told of."""

    name: str
    crn: str
    for_day: date
    answers: tuple[AnsweredCriterion, ...]
    is_eligible: bool
    screening_note: str
    how_to_challenge: str
    rules_version: int
    decided_at: datetime


def never_asked_words(text: str) -> list[str]:
    """The words of a criterion's code or text that speak of a gang label or a protected characteristic."""
    return sorted({found.casefold() for found in NEVER_ASKED.findall(text.replace("_", " "))})


def stated_answers(stored: Mapping[str, Mapping[str, str]]) -> dict[str, StatedAnswer]:
    """What was stated for a recorded decision, by the criterion's code."""
    return {code: StatedAnswer(Answer(one["answer"]), one["basis"]) for code, one in stored.items()}


def london_day(moment: datetime) -> date:
    return moment.astimezone(LONDON).date()


def age_on(date_of_birth: date, day: date) -> int:
    """Whole years by the calendar; who was born on 29 February is older on 1 March of a common year."""
    had_birthday = (day.month, day.day) >= (date_of_birth.month, date_of_birth.day)
    return day.year - date_of_birth.year - (not had_birthday)


def assess(rules: EligibilityRules, facts: Facts) -> Assessment:
    """Eligible is whoever meets every required criterion; what is not known is not met."""
    answers = tuple(_answered(one, rules, facts) for one in rules.criteria)
    failed = [one for one in answers if one.is_required and one.answer is not Answer.MET]
    reason = "; ".join(f"{one.code} is {one.answer.value.replace('_', ' ')}: {one.basis}" for one in failed)
    return Assessment(answers, not failed, reason or "every required criterion is met")


def fact_problems(rules: EligibilityRules, facts: Facts) -> list[tuple[str, str, str]]:
    """(field, problem, remedy) of everything in the facts that cannot be decided on."""
    problems = []
    if not facts.screening_note.strip():
        problems.append(
            ("screening_note", "it is empty", "write down why to be tagged is proportionate for this person")
        )
    asked = {one.code for one in rules.criteria}
    for code, stated in sorted(facts.stated.items()):
        if code in COMPUTED:
            problems.append((f"stated.{code}", "it is answered from the facts", "leave it out"))
        elif code not in asked:
            known = ", ".join(sorted(asked - COMPUTED))
            problems.append((f"stated.{code}", "the rules have no such criterion", f"answer {known or 'none'}"))
        elif not stated.basis.strip():
            problems.append((f"stated.{code}.basis", "it is empty", "say what the answer rests on"))
    return problems


def letter(decision: Decision) -> str:
    """What the person is given: each criterion with its answer, and how to have the decision looked at again."""
    outcome = "You may be given a GPS tag." if decision.is_eligible else "You will not be given a GPS tag."
    lines = [
        f"{decision.name} ({decision.crn})",
        f"Decision of {_day(london_day(decision.decided_at))}, for {_day(decision.for_day)}",
        "",
        outcome,
        "",
        "What was asked, and what was found:",
        *(
            f"- {one.words}\n  {_FOUND[one.answer]}{_needed(one)} This rests on: {one.basis}"
            for one in decision.answers
        ),
        "",
        f"Why a tag is held to be proportionate: {decision.screening_note}",
        "",
        "If you do not agree:",
        decision.how_to_challenge,
        "",
        f"Version {decision.rules_version} of the rules.",
    ]
    return "\n".join(lines) + "\n"


_FOUND = {
    Answer.MET: "This was found to be so.",
    Answer.NOT_MET: "This was found not to be so.",
    Answer.NOT_KNOWN: "This is not known.",
}


def _needed(one: AnsweredCriterion) -> str:
    return "" if one.is_required else " It was not needed for the decision."


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _answered(criterion: Criterion, rules: EligibilityRules, facts: Facts) -> AnsweredCriterion:
    if criterion.code in _COMPUTE:
        answer, basis = _COMPUTE[criterion.code](rules, facts)
    elif criterion.code in facts.stated:
        stated = facts.stated[criterion.code]
        answer, basis = stated.answer, stated.basis.strip()
    else:
        answer, basis = Answer.NOT_KNOWN, "nobody has answered it"
    return AnsweredCriterion(criterion.code, criterion.words, criterion.is_required, answer, basis)


def _age(rules: EligibilityRules, facts: Facts) -> tuple[Answer, str]:
    if facts.date_of_birth is None:
        return Answer.NOT_KNOWN, "no date of birth is recorded"
    age = age_on(facts.date_of_birth, facts.day)
    basis = f"{age} years old on {_day(facts.day)}, by the recorded date of birth"
    return (Answer.MET if age >= rules.least_age_years else Answer.NOT_MET), basis


def _prison(rules: EligibilityRules, facts: Facts) -> tuple[Answer, str]:
    if facts.prison is None:
        return Answer.NOT_KNOWN, "no prison is recorded"
    is_known = any(_same(facts.prison, one) for one in rules.prisons)
    return (Answer.MET if is_known else Answer.NOT_MET), f"released from {facts.prison.strip()}"


def _borough(rules: EligibilityRules, facts: Facts) -> tuple[Answer, str]:
    if facts.borough is None:
        return Answer.NOT_KNOWN, "no borough is recorded"
    name, day = facts.borough.strip(), _day(facts.day)
    borough = next((one for one in rules.boroughs if _same(name, one.name)), None)
    if borough is None:
        return Answer.NOT_MET, f"{name} takes no part"
    if facts.day < borough.opens:
        return Answer.NOT_MET, f"{name} is not open on {day}: it opens on {_day(borough.opens)}"
    if borough.closes is not None and facts.day >= borough.closes:
        return Answer.NOT_MET, f"{name} is not open on {day}: it closed on {_day(borough.closes)}"
    return Answer.MET, f"{name} is open on {day}"


def _proportionate(_rules: EligibilityRules, facts: Facts) -> tuple[Answer, str]:
    if not facts.screening_note.strip():
        return Answer.NOT_KNOWN, "no screening note was written"
    return Answer.MET, "the screening note"


_COMPUTE = {AGE: _age, PRISON: _prison, BOROUGH: _borough, PROPORTIONATE: _proportionate}


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
