"""`cordon cover`."""

from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from cli.times import parse_time
from ops.errors import InputError
from store.covers import NewCover, end_cover, grant_cover, list_covers
from store.database import Cursor

LARGEST_ID = 2**63 - 1
HEADINGS = ("ID", "COVERED", "BY", "FROM", "TO", "GRANTED BY", "REASON", "")
cover = typer.Typer(help="Who sees a colleague's people, and until when.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    application.add_typer(cover, name="cover")


@cover.command("add")
def add(
    covered: Annotated[str, typer.Argument(help="Whose people: the subject of their token.")],
    covered_by: Annotated[str, typer.Argument(help="Who sees them meanwhile.")],
    *,
    starts_at: Annotated[str, typer.Option("--from", metavar="TIME", help="ISO 8601 with an offset.")],
    ends_at: Annotated[str, typer.Option("--to", metavar="TIME", help="Not included; at most 92 days later.")],
    reason: Annotated[str, typer.Option(help="As it stands on the record.")],
) -> None:
    """Let somebody see a colleague's people for a time, and be told of their alerts first.

    Example: cordon cover add officer.jones officer.noor --from 2026-12-21T00:00:00Z --to 2027-01-04T00:00:00Z
    --reason leave
    """
    wanted = NewCover(covered, covered_by, parse_time(starts_at), parse_time(ends_at), reason)
    with owner_transaction() as cursor:
        granted = grant_cover(cursor, wanted, command_identity().subject)
        _record(cursor, {"change": "grant", "covered": covered, "covered_by": covered_by})
    print(f"cover {granted.cover_id}: {covered_by} sees the people of {covered} until {granted.ends_at.isoformat()}")


@cover.command("end")
def end(cover_id: Annotated[int, typer.Argument(min=1, max=LARGEST_ID, help="Its id, from the list.")]) -> None:
    """Take a cover back now; one that has not begun never holds.

    Example: cordon cover end 7
    """
    with owner_transaction() as cursor:
        if end_cover(cursor, cover_id, command_identity().subject) is None:
            raise InputError(f"there is no cover {cover_id} that is not over yet: `cordon cover list` shows them")
        _record(cursor, {"change": "end", "cover_id": cover_id})
    print(f"cover {cover_id} is over")


@cover.command("list")
def show(*, past: Annotated[bool, typer.Option("--past", help="Those that are over too.")] = False) -> None:
    """List cover in the order of its beginning.

    Example: cordon cover list --past
    """
    with owner_transaction() as cursor:
        found = list_covers(cursor, with_past=past)
    rows = [
        (
            str(one.cover_id),
            one.covered,
            one.covered_by,
            one.starts_at.isoformat(),
            one.ends_at.isoformat(),
            one.granted_by,
            one.reason,
            "taken back" if one.ended_at else "",
        )
        for one in found
    ]
    print_table(HEADINGS, rows)


def _record(cursor: Cursor, detail: dict[str, object]) -> None:
    record_allowed(cursor, command_identity(), Action.COVER_CHANGE, Subject(detail=detail))
