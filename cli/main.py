"""The command `cordon`."""

import sys

import typer

from cli import (
    database,
    deliver,
    devices,
    offsets,
    people,
    raw,
    topics,
    worker,
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
    database,
    people,
    devices,
    worker,
    deliver,
    topics,
    offsets,
    raw,
):
    commands.register(application)


@application.callback()
def cordon() -> None:
    """GPS tagging monitoring and exclusion-zone alerting. Begin with `cordon demo`."""


def main() -> None:
    """Run the command; an error raised on purpose is printed as one message and exits 1."""
    try:
        application()
    except CordonError as error:
        print(f"cordon: {error}", file=sys.stderr)
        sys.exit(1)
