"""`cordon victims`."""

from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from store.victims import VictimZone, hand_victim_over, list_all_victim_zones, list_victims

victims = typer.Typer(help="Victims, by reference: never an address.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    application.add_typer(victims, name="victims")


@victims.command("list")
def show() -> None:
    """List victims with their liaison officers.

    Example: cordon victims list
    """
    with owner_transaction() as cursor:
        found = list_victims(cursor)
        record_allowed(cursor, command_identity(), Action.VICTIMS_LIST, Subject(row_count=len(found)))
    rows = [(one.reference, one.liaison, one.created_at.isoformat()) for one in found]
    print_table(("VICTIM", "LIAISON", "SINCE"), rows)


@victims.command("zones")
def show_zones() -> None:
    """List victims' zones: watched, weakened or not watched, since when and why.

    Example: cordon victims zones
    """
    with owner_transaction() as cursor:
        found = list_all_victim_zones(cursor)
        record_allowed(cursor, command_identity(), Action.VICTIM_READ, Subject(row_count=len(found)))
    print_table(
        ("VICTIM", "ZONE", "STATE", "SINCE", "WHY", "LOOKED AT"), [(victim, *_row(zone)) for victim, zone in found]
    )


@victims.command("hand-over")
def hand_over(
    reference: Annotated[str, typer.Argument(metavar="VICTIM", help="The victim's reference.")],
    liaison: Annotated[str, typer.Option("--to", help="The subject of the other victim liaison officer.")],
) -> None:
    """Give a victim to another liaison officer, who alone sees them from now on.

    Example: cordon victims hand-over V-3F0A91C27E --to officer.next
    """
    with owner_transaction() as cursor:
        victim_id = hand_victim_over(cursor, reference, liaison)
        about = Subject(detail={"victim_id": victim_id, "liaison": liaison})
        record_allowed(cursor, command_identity(), Action.VICTIM_HAND_OVER, about)
    print(f"victim {reference} is now with {liaison}")


def _row(zone: VictimZone) -> tuple[str, str, str, str, str]:
    looked_at = "never" if zone.looked_at is None else zone.looked_at.isoformat()
    if zone.watch is None or zone.since is None:
        return zone.reference, "not looked at", "", "", looked_at
    why = ", ".join(
        one.code.value if one.since is None else f"{one.code.value} since {one.since.isoformat()}"
        for one in zone.watch.reasons
    )
    return zone.reference, zone.watch.state.value, zone.since.isoformat(), why, looked_at
