"""`cordon scenario`: a fixed story, played by the real service on a database of its own in compressed time."""

import typer

from cli.scenario.account import account
from cli.scenario.acts import all_acts
from cli.scenario.play import Played, play
from cli.scenario.weekend import all_stories
from ops.logs import configure_logging

scenario = typer.Typer(help="Fixed stories, played by the real service in compressed time.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    application.add_typer(scenario, name="scenario")


@scenario.callback()
def _scenario() -> None:
    """A single command would otherwise take the group's place."""


@scenario.command("weekend")
def weekend() -> None:
    """Play a weekend of 45 wearers, 60 alerts and the staff who work them, and print who was told what, and when.

    It takes a minute, on a PostgreSQL of its own that is gone afterwards; nothing leaves this machine, and nothing in
    it is of real people. Two runs print the same.

    Example: cordon scenario weekend
    """
    configure_logging("critical", "text")
    print("\n".join(telling(play_weekend())))


def play_weekend() -> Played:
    told = all_stories()
    return play(told, all_acts(told), account)


def telling(played: Played) -> list[str]:
    """The lines of what happened, an empty one, and the account."""
    return [*played.lines, "", *played.account]
