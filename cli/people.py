"""`cordon people`."""

from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from store.enrolment import add_person, list_people

people = typer.Typer(help="People on probation whose tags are watched.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    application.add_typer(people, name="people")


@people.command("add")
def add(
    crn: Annotated[str, typer.Option(help="Case reference number; each is given once.")],
    name: Annotated[str, typer.Option(help="Full name, as officers know it.")],
    practitioner: Annotated[
        str | None, typer.Option(help="Subject of the supervising practitioner's token: they see this person.")
    ] = None,
) -> None:
    """Add a person.

    Example: cordon people add --crn X123456 --name "Sam Larkfield" --practitioner officer.jones
    """
    with owner_transaction() as cursor:
        person_id = add_person(cursor, crn, name, practitioner)
        record_allowed(cursor, command_identity(), Action.PERSON_ADD, Subject(person_id=person_id))
    print(f"added {crn.strip()}; next: cordon devices activate SERIAL --crn {crn.strip()}")


@people.command("list")
def show() -> None:
    """List everybody, with the tags that they wear now.

    Example: cordon people list
    """
    with owner_transaction() as cursor:
        found = list_people(cursor)
    rows = [(one.crn, one.name, one.practitioner or "nobody", ", ".join(one.serials) or "none") for one in found]
    print_table(("CRN", "NAME", "PRACTITIONER", "TAGS ON"), rows)
