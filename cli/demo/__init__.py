"""`cordon demo`."""

from typing import Annotated

import typer

from cli.demo.run import Options, run_demo
from ops.settings import load_settings


def register(application: typer.Typer) -> None:
    application.command("demo")(demo)


def demo(
    seconds: Annotated[
        float | None,
        typer.Option("--for", min=1, max=86_400, metavar="SECONDS", help="Stop by itself after so many seconds."),
    ] = None,
    wearers: Annotated[int, typer.Option(min=1, max=500, help="How many people wear a simulated tag.")] = 50,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="Port of the API; if not given, 8080 or, where that is busy, a free one."),
    ] = None,
) -> None:
    """Show the main job: simulated tags in London, live positions, breach alerts.

    Starts PostgreSQL and the service on this machine only, and stops them at Ctrl-C. The data stay in .cordon
    (CORDON_DATA_FOLDER); a second run finds them again.

    Example: cordon demo --for 30
    """
    run_demo(Options(seconds, wearers, port), load_settings())
