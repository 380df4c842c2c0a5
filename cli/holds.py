"""`cordon holds`."""

from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from cli.times import parse_day, parse_time
from ops.errors import InputError
from store.enrolment import find_person
from store.legal_holds import NewHold, list_holds, place_hold, release_hold

holds = typer.Typer(help="Legal holds: what of a person is kept beyond its time.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    application.add_typer(holds, name="holds")


@holds.command("list")
def show() -> None:
    """List the holds in force.

    Example: cordon holds list
    """
    with owner_transaction() as cursor:
        found = list_holds(cursor)
        record_allowed(cursor, command_identity(), Action.LEGAL_HOLDS_LIST, Subject(row_count=len(found)))
    rows = [
        (
            str(one.legal_hold_id),
            crn,
            f"{one.from_time:%Y-%m-%d %H:%M}",
            f"{one.to_time:%Y-%m-%d %H:%M}",
            one.placed_by,
            f"{one.review_at or ''}",
            one.reason,
        )
        for crn, one in found
    ]
    print_table(("ID", "CRN", "FROM (UTC)", "TO (UTC)", "PLACED BY", "REVIEW", "REASON"), rows)


@holds.command("place")
def place(
    crn: Annotated[str, typer.Option(help="Whose data.")],
    begin: Annotated[str, typer.Option("--from", metavar="TIME", help="ISO 8601 with an offset.")],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="It belongs to the hold.")],
    reason: Annotated[str, typer.Option(help="Why, such as the reference of a complaint or a case.")],
    review: Annotated[str | None, typer.Option(metavar="DAY", help="When to ask whether it is still needed.")] = None,
) -> None:
    """Keep everything of a person in a time until somebody else releases it.

    Example: cordon holds place --crn X123456 --from 2026-03-01T00:00Z --to 2026-03-31T23:59Z --reason "complaint 77"
    """
    identity = command_identity("placing a legal hold")
    with owner_transaction() as cursor:
        person_id = find_person(cursor, crn)
        wanted = NewHold(person_id, parse_time(begin), parse_time(end), reason, parse_day(review))
        hold_id = place_hold(cursor, wanted, identity.subject)
        about = Subject(person_id, wanted.from_time, wanted.to_time, detail={"legal_hold_id": hold_id})
        record_allowed(cursor, identity, Action.LEGAL_HOLD_PLACE, about)
    print(f"hold {hold_id} is in force")


@holds.command("release")
def release(
    legal_hold_id: Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="Its id, from `cordon holds list`.")],
    reason: Annotated[str, typer.Option(help="Why it is no longer needed.")],
) -> None:
    """Release a hold that somebody else has placed: what it kept goes with the next run of retention.

    Example: cordon holds release 3 --reason "complaint 77 is closed"
    """
    identity = command_identity("releasing a legal hold")
    with owner_transaction() as cursor:
        person_id = release_hold(cursor, legal_hold_id, identity.subject, reason)
        if person_id is None:
            raise InputError(f"there is no hold {legal_hold_id} in force: `cordon holds list` shows them")
        about = Subject(person_id=person_id, detail={"legal_hold_id": legal_hold_id})
        record_allowed(cursor, identity, Action.LEGAL_HOLD_RELEASE, about)
    print(f"hold {legal_hold_id} is released")
