"""`cordon trails`."""

import typer

from access.audit import Action, Subject, record_allowed
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from store.trail_requests import TrailRequestLine, list_all_trail_requests

PAGE = 500
HEADINGS = (
    "ID",
    "FORCE",
    "OF",
    "BASIS",
    "FROM (UTC)",
    "TO (UTC)",
    "REQUESTED BY",
    "STATE",
    "UNTIL (UTC)",
    "DECIDED BY",
)
trails = typer.Typer(help="Police requests for a trail.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    application.add_typer(trails, name="trails")


@trails.command("list")
def show() -> None:
    """List what police asked for and what was decided, the newest first. Nothing of a trail is shown.

    Example: cordon trails list
    """
    with owner_transaction() as cursor:
        found: list[TrailRequestLine] = []
        while page := list_all_trail_requests(cursor, found[-1].trail_request_id if found else None, PAGE):
            found += page
        about = Subject(row_count=len(found))
        record_allowed(cursor, command_identity("listing trail requests"), Action.TRAIL_REQUESTS_LIST, about)
    print_table(HEADINGS, [_row(one) for one in found])


def _row(one: TrailRequestLine) -> tuple[str, ...]:
    return (
        str(one.trail_request_id),
        one.force,
        one.of,
        one.legal_basis,
        f"{one.from_time:%Y-%m-%d %H:%M}",
        f"{one.to_time:%Y-%m-%d %H:%M}",
        one.requested_by,
        one.state,
        f"{one.expires_at:%Y-%m-%d %H:%M}" if one.expires_at else "",
        one.decided_by or "",
    )
