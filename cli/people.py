"""`cordon people`."""

import sys
from datetime import date
from typing import Annotated, Any

import typer

from access.audit import Action, Subject, record_allowed
from alerts.tagging import correct_birth
from cli import eligibility, registry_imports
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from cli.times import parse_day, parse_time
from ops.errors import InputError
from store.corrections import Correction, end_person
from store.database import Cursor
from store.enrolment import NewPerson, change_person, enrol, find_person, list_people
from store.staff import find_staff
from store.teams import team_of_name

people = typer.Typer(help="People on probation whose tags are watched.", no_args_is_help=True)

Crn = Annotated[str, typer.Argument(help="Case reference number.")]
Birth = Annotated[
    str | None,
    typer.Option("--date-of-birth", metavar="DATE", help="Such as 1999-04-30. Nobody is tagged without one."),
]
Practitioner = Annotated[
    str | None, typer.Option(help="Subject of the supervising practitioner's token: they see this person.")
]
Team = Annotated[str | None, typer.Option(help="The supervising team, by its name.")]
Nomis = Annotated[str | None, typer.Option("--nomis-id", help="The prison's identifier.")]
Pnc = Annotated[str | None, typer.Option("--pnc-id", help="The police's identifier.")]


def register(application: typer.Typer) -> None:
    registry_imports.register_people(people)
    eligibility.register(people)
    application.add_typer(people, name="people")


@people.command("add")
def add(
    crn: Annotated[str, typer.Option(help="Case reference number; each is given once.")],
    name: Annotated[str, typer.Option(help="Full name, as officers know it.")],
    practitioner: Practitioner = None,
    date_of_birth: Birth = None,
    nomis_id: Nomis = None,
    pnc_id: Pnc = None,
    team: Team = None,
) -> None:
    """Add a person.

    Example: cordon people add --crn X123456 --name "Sam Larkfield" --practitioner officer.jones
    --date-of-birth 1999-04-30
    """
    with owner_transaction() as cursor:
        team_id = None if team is None else team_of_name(cursor, team)
        born = parse_day(date_of_birth)
        person_id = enrol(cursor, NewPerson(crn, name, practitioner, born, nomis_id, pnc_id, team_id))
        record_allowed(cursor, command_identity(), Action.PERSON_ADD, Subject(person_id=person_id))
        _warn_of_unknown(cursor, practitioner)
    print(f"added {crn.strip()}; next: cordon people decide {crn.strip()}, then cordon devices activate")


@people.command("change")
def change(
    crn: Crn,
    name: Annotated[str | None, typer.Option(help="Full name, as officers know it.")] = None,
    practitioner: Practitioner = None,
    date_of_birth: Birth = None,
    nomis_id: Nomis = None,
    pnc_id: Pnc = None,
    team: Team = None,
) -> None:
    """Change what is recorded of a person; what is not given stays.

    A date of birth by which the person was under 18 while a tag was on them stops monitoring at once, shuts away what
    was recorded before the 18th birthday, and tells the data-protection officers.

    Example: cordon people change X123456 --team "Croydon South"
    """
    given: dict[str, Any] = {"name": name, "practitioner": practitioner, "nomis_id": nomis_id, "pnc_id": pnc_id}
    changes = {field: value for field, value in given.items() if value is not None}
    born = parse_day(date_of_birth)
    with owner_transaction() as cursor:
        person_id = find_person(cursor, crn)
        if team is not None:
            changes["team_id"] = team_of_name(cursor, team)
        if not changes and born is None:
            raise InputError("nothing is given to change: `cordon people change --help` shows what can be")
        change_person(cursor, person_id, changes)
        _warn_of_unknown(cursor, practitioner)
        about = Subject(person_id=person_id, detail={"fields": sorted(changes)})
        record_allowed(cursor, command_identity(), Action.PERSON_CHANGE, about)
        correction = _corrected(cursor, person_id, born)
    print(f"changed {crn.strip()}")
    if correction is not None and correction.stopped:
        print("they were under 18 while a tag was on them: monitoring has stopped, and that time is shut away")
        print(f"data-protection officers told: {correction.told or 'NOBODY: there is none; tell them now'}")


@people.command("end")
def end(
    crn: Crn,
    ended_at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="ISO 8601 with an offset; now if not given.")
    ] = None,
    *,
    take_tags_off: Annotated[
        bool, typer.Option("--take-tags-off", help="What is still on them comes off then: monitoring stops.")
    ] = False,
) -> None:
    """Record that a person is no longer on probation: no tag is on them from then on, their conditions and zones end.

    Drafts that wait are withdrawn. Refused while a tag is on them, unless --take-tags-off says that it comes off.
    Open alerts stay to be worked.

    Example: cordon people end X123456 --at 2026-09-01T12:00:00+01:00 --take-tags-off
    """
    with owner_transaction() as cursor:
        person_id = find_person(cursor, crn)
        identity = command_identity()
        ended = end_person(cursor, person_id, parse_time(ended_at), identity.subject, takes_tags_off=take_tags_off)
        about = Subject(person_id=person_id, window_to=ended.ended_at, detail=ended.document())
        record_allowed(cursor, identity, Action.PERSON_END, about)
    taken_off = ", ".join(one.serial for one in ended.taken_off)
    print(f"{crn.strip()} ended at {ended.ended_at.isoformat()}; tags taken off: {taken_off or 'none'}")
    print(f"conditions ended: {ended.conditions}; drafts withdrawn: {ended.drafts}; zones ended: {ended.zones}")


@people.command("list")
def show() -> None:
    """List everybody, with the tags that they wear now.

    Example: cordon people list
    """
    with owner_transaction() as cursor:
        found = list_people(cursor)
        about = Subject(row_count=len(found), person_ids=[one.person_id for one in found])
        record_allowed(cursor, command_identity(), Action.PEOPLE_LIST, about)
    rows = [(one.crn, one.name, one.practitioner or "nobody", ", ".join(one.serials) or "none") for one in found]
    print_table(("CRN", "NAME", "PRACTITIONER", "TAGS ON"), rows)


def _warn_of_unknown(cursor: Cursor, practitioner: str | None) -> None:
    """A mistyped one leaves a person on nobody's caseload; one who is not on the staff yet may be meant."""
    if practitioner is not None and find_staff(cursor, practitioner.strip()) is None:
        words = f"warning: {practitioner} is not on the staff, so cannot be told of alerts: `cordon staff add`"
        print(words, file=sys.stderr)


def _corrected(cursor: Cursor, person_id: int, born: date | None) -> Correction | None:
    if born is None:
        return None
    correction = correct_birth(cursor, person_id, born)
    about = Subject(person_id=person_id, detail={"stopped": correction.stopped, "told": correction.told})
    record_allowed(cursor, command_identity(), Action.DATE_OF_BIRTH_CORRECT, about)
    return correction
