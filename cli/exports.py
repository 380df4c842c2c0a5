"""`cordon export`."""

import typer

from cli import supplier

exports = typer.Typer(help="What leaves the service: a change of supplier, one person's data, a court's.", no_args_is_help=True)
exports.command("supplier")(supplier.export)
exports.command("key")(supplier.make_key)


def register(application: typer.Typer) -> None:
    application.add_typer(exports, name="export")
