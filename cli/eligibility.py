"""`cordon people decide`, `cordon people eligibility`: who may be tagged, and what the person is told of it."""

from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from alerts.eligibility import Answer, StatedAnswer, london_day
from alerts.tagging import EligibilityRequest, decide, letter_of
from cli.owner import command_identity, owner_transaction
from cli.times import parse_day, parse_time
from ops.errors import InputError
from store.database import Cursor
from store.eligibility import list_decisions
from store.enrolment import PersonRecord, find_person, read_person

Crn = Annotated[str, typer.Argument(help="Case reference number.")]


def register(people: typer.Typer) -> None:
    people.command("decide")(decide_one)
    people.command("eligibility")(show)


def decide_one(
    crn: Crn,
    *,
    note: Annotated[str, typer.Option(help="Screening note: why to be tagged is proportionate for this person.")],
    prison: Annotated[str | None, typer.Option(help="Released from, by a name of the rules.")] = None,
    borough: Annotated[str | None, typer.Option(help="Released to.")] = None,
    answers: Annotated[
        list[str] | None,
        typer.Option(
            "--answer",
            metavar="CODE=ANSWER:BASIS",
            help="For each other criterion: met, not_met or not_known, and what that rests on.",
        ),
    ] = None,
    day: Annotated[
        str | None, typer.Option("--for", metavar="DATE", help="When the tag is to be put on; today if not given.")
    ] = None,
) -> None:
    """Decide whether a person may be tagged, by the rules that hold, and record it with its reasons.

    Example: cordon people decide X123456 --note "Two knife offences in a year; curfew alone did not hold"
    --prison "HMP Brixton" --borough Croydon --answer "knife_offence=met:PNC record"
    --answer "address_can_charge=met:visited on 3 March"
    """
    with owner_transaction() as cursor:
        person = _person(cursor, crn)
        for_day = parse_day(day) or london_day(parse_time(None))
        request = EligibilityRequest(for_day, note, prison, borough, dict(map(_stated, answers or [])))
        decision = decide(cursor, person, request, command_identity().subject)
        about = Subject(
            person_id=person.person_id,
            detail={"decision_id": decision.decision_id, "is_eligible": decision.is_eligible},
        )
        record_allowed(cursor, command_identity(), Action.ELIGIBILITY_DECIDE, about)
    print(f"{crn.strip()} {'may' if decision.is_eligible else 'may NOT'} be tagged: {decision.reason}")
    print(f"the person's letter: cordon people eligibility {crn.strip()}")


def show(
    crn: Crn,
    number: Annotated[int | None, typer.Option("--decision", help="Its number; the latest if not given.")] = None,
) -> None:
    """Print a decision as the person is given it: the reasons, and how to challenge them.

    Example: cordon people eligibility X123456 > letter.txt
    """
    with owner_transaction() as cursor:
        person = _person(cursor, crn)
        found = list_decisions(cursor, person.person_id)
        wanted = [one for one in found if number in (None, one.decision_id)]
        about = Subject(person_id=person.person_id, row_count=len(wanted[:1]))
        record_allowed(cursor, command_identity(), Action.ELIGIBILITY_READ, about)
    if not wanted:
        raise InputError(f"there is no such decision on {crn.strip()}: `cordon people decide` records one")
    print(letter_of(person, wanted[0]), end="")


def _person(cursor: Cursor, crn: str) -> PersonRecord:
    person = read_person(cursor, find_person(cursor, crn))
    if person is None:
        raise LookupError("a person just found cannot be read")
    return person


def _stated(text: str) -> tuple[str, StatedAnswer]:
    code, _, rest = text.partition("=")
    word, _, basis = rest.partition(":")
    if word.strip() not in set(Answer):
        raise InputError(f"{text!r} is no answer: write it like knife_offence=met:PNC record")
    return code.strip(), StatedAnswer(Answer(word.strip()), basis.strip())
