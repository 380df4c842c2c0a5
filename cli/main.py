"""The command `cordon`."""

import io
import sys

import typer

from cli import (
    database,
    dead_letters,
    demo,
    devices,
    people,
    replay,
    serve,
    sources,
    tokens,
    worker,
    zones,
)
from ops.errors import CordonError

application = typer.Typer(
    name="cordon",
    help="GPS tagging monitoring and exclusion-zone alerting. Begin with `cordon demo`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for commands in (
    demo,
    database,
    people,
    devices,
    sources,
    dead_letters,
    replay,
    zones,
    tokens,
    worker,
    serve,
):
    commands.register(application)


@application.callback()
def cordon() -> None:
    """GPS tagging monitoring and exclusion-zone alerting. Begin with `cordon demo`."""


def main() -> None:
    """Run the command; an error raised on purpose is printed as one message and exits 1."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name may have letters that the locale has not
    try:
        application()
    except CordonError as error:
        print(f"cordon: {error}", file=sys.stderr)
        sys.exit(1)
