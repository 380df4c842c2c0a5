"""`cordon sources`."""

from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from store.sources import create_source, list_sources, revoke_source

sources = typer.Typer(help="Who may send pings, each with a key of its own.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the source, such as the supplier's.")]


def register(application: typer.Typer) -> None:
    application.add_typer(sources, name="sources")


@sources.command("create")
def create(
    name: Name,
    device: Annotated[
        str | None,
        typer.Option(metavar="SERIAL", help="Let it speak for this tag only, as for a phone that plays one."),
    ] = None,
) -> None:
    """Make a source and print its key, once: only a hash of it is kept.

    Example: cordon sources create "Tag supplier" ; then send with: Authorization: Bearer KEY
    """
    with owner_transaction() as cursor:
        key = create_source(cursor, name, device)
        about = Subject(detail={"source": name, "device": device})
        record_allowed(cursor, command_identity(), Action.SOURCE_CREATE, about)
    print(key)
    typer.echo("This is the only time the key is shown.", err=True)


@sources.command("list")
def show() -> None:
    """List every source. Keys are not kept, so none is shown.

    Example: cordon sources list
    """
    with owner_transaction() as cursor:
        found = list_sources(cursor)
    rows = [
        (
            source.name,
            source.device_serial or "any tag",
            source.created_at.isoformat(timespec="seconds"),
            source.revoked_at.isoformat(timespec="seconds") if source.revoked_at else "live",
        )
        for source in found
    ]
    print_table(("NAME", "SPEAKS FOR", "CREATED", "REVOKED"), rows)


@sources.command("revoke")
def revoke(name: Name) -> None:
    """Refuse the source's key from now on.

    Example: cordon sources revoke "Tag supplier"
    """
    with owner_transaction() as cursor:
        revoke_source(cursor, name)
        record_allowed(cursor, command_identity(), Action.SOURCE_REVOKE, Subject(detail={"source": name}))
    print(f"revoked {name}")
