"""Putting tags on people, as the rules allow it: a decision first, and what may have changed since asked again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime

from alerts.casework_rules import current_rules
from alerts.eligibility import (
    Answer,
    AnsweredCriterion,
    Decision,
    Facts,
    StatedAnswer,
    assess,
    fact_problems,
    letter,
    london_day,
    stated_answers,
)
from ops import metrics
from ops.errors import InputError
from ops.logs import get_logger
from store.activations import Activation, Swap, activate, swap
from store.checks import checked_text
from store.corrections import Correction, correct_date_of_birth
from store.database import Cursor
from store.eligibility import NewDecision, StoredDecision, add_decision, latest_decision
from store.enrolment import PersonRecord, find_person, read_person

PLACE_LENGTH = 100
NOTE_LENGTH = 2000
_log = get_logger("tagging")
REMEDY = "record a decision first: `cordon people decide`"


@dataclass(frozen=True, slots=True)
class EligibilityRequest:
    """What an officer gives; the age comes from the person's record. No gang label, no protected characteristic."""

    for_day: date
    screening_note: str
    prison: str | None = None
    borough: str | None = None
    stated: Mapping[str, StatedAnswer] = field(default_factory=dict)


def decide(cursor: Cursor, person: PersonRecord, request: EligibilityRequest, decided_by: str) -> StoredDecision:
    """Answer every criterion of the rules that hold now, and record the decision.

    Raises InputError naming everything in the request that cannot be decided on.
    """
    rules = current_rules(cursor)
    note = checked_text("the screening note", request.screening_note.replace("\n", " "), NOTE_LENGTH)
    prison, borough = _place(request.prison), _place(request.borough)
    facts = Facts(request.for_day, person.date_of_birth, prison, borough, note, request.stated)
    problems = fact_problems(rules.eligibility, facts)
    if problems:
        raise InputError("; ".join(f"{field}: {problem}; {remedy}" for field, problem, remedy in problems))
    assessed = assess(rules.eligibility, facts)
    return add_decision(
        cursor,
        NewDecision(
            person_id=person.person_id,
            rules_version=rules.version,
            for_day=request.for_day,
            prison=facts.prison,
            borough=facts.borough,
            stated={code: asdict(one) for code, one in request.stated.items()},
            answers=[asdict(one) for one in assessed.answers],
            screening_note=note,
            is_eligible=assessed.is_eligible,
            reason=assessed.reason,
            how_to_challenge=rules.eligibility.how_to_challenge,
            decided_by=decided_by,
        ),
    )


def require_eligible(cursor: Cursor, person_id: int, began_at: datetime) -> None:
    """Raises InputError unless the rules ask for no decision, or the person's latest one holds on that day too."""
    rules = current_rules(cursor)
    if not rules.eligibility.is_required:
        return
    decision = _standing_decision(cursor, person_id)
    person = read_person(cursor, person_id)
    if person is None:
        raise InputError("there is no such person")
    day, stated = london_day(began_at), stated_answers(decision.stated)
    facts = Facts(day, person.date_of_birth, decision.prison, decision.borough, decision.screening_note, stated)
    assessed = assess(rules.eligibility, facts)
    if not assessed.is_eligible:
        raise InputError(f"the decision on the person does not hold on {day.isoformat()}: {assessed.reason}; {REMEDY}")


def put_on(
    cursor: Cursor,
    serial: str,
    crn: str,
    began_at: datetime,
    ended_at: datetime | None = None,
    *,
    beside_another: bool = False,
) -> Activation:
    """``store.activations.activate`` for whom a decision allows it."""
    require_eligible(cursor, find_person(cursor, crn), began_at)
    return activate(cursor, serial, crn, began_at, ended_at, beside_another=beside_another)


def swap_devices(cursor: Cursor, crn: str, off_serial: str, on_serial: str, at: datetime) -> Swap:
    """``store.activations.swap``: monitoring goes on, so a decision has to stand, but no borough has to be open."""
    if current_rules(cursor).eligibility.is_required:
        _standing_decision(cursor, find_person(cursor, crn))
    return swap(cursor, crn, off_serial, on_serial, at)


def correct_birth(cursor: Cursor, person_id: int, born: date) -> Correction:
    """``store.corrections.correct_date_of_birth``; that nobody could be told of it is said, and hinders nothing."""
    return say_untold(correct_date_of_birth(cursor, person_id, born))


def say_untold(correction: Correction) -> Correction:
    """Into the log and the metrics, where there was nobody to tell."""
    if correction.stopped and not correction.told:
        metrics.NOBODY_TO_TELL.inc()
        _log.error("no data-protection officer could be told that monitoring of somebody under 18 was stopped")
    return correction


def letter_of(person: PersonRecord, decision: StoredDecision) -> str:
    """The decision as the person is given it, in plain text."""
    answers = tuple(AnsweredCriterion(**{**one, "answer": Answer(one["answer"])}) for one in decision.answers)
    return letter(
        Decision(
            name=person.name,
            crn=person.crn,
            for_day=decision.for_day,
            answers=answers,
            is_eligible=decision.is_eligible,
            screening_note=decision.screening_note,
            how_to_challenge=decision.how_to_challenge,
            rules_version=decision.rules_version,
            decided_at=decision.decided_at,
        )
    )


def _standing_decision(cursor: Cursor, person_id: int) -> StoredDecision:
    decision = latest_decision(cursor, person_id)
    if decision is None:
        raise InputError(f"nobody has decided that the person may be tagged; {REMEDY}")
    if decision.withdrawn_at is not None:
        raise InputError(f"the decision rested on a date of birth that was wrong; {REMEDY}")
    if not decision.is_eligible:
        raise InputError(f"the person may not be tagged: {decision.reason}")
    return decision


def _place(text: str | None) -> str | None:
    return None if text is None else checked_text("the prison or borough", text, PLACE_LENGTH)
