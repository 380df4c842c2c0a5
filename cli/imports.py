"""`cordon import`."""

import typer

from cli import supplier

imports = typer.Typer(help="Take in what another service exported.", no_args_is_help=True)
imports.command("supplier")(supplier.take_back)


@imports.callback()
def _imports() -> None:
    """A group, also while it has one command only."""


def register(application: typer.Typer) -> None:
    application.add_typer(imports, name="import")
