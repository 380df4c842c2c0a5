"""`cordon watch`."""

import typer

from ingest.run import stop_on_signals
from ingest.watch.run import run_watch
from ops.logs import configure_logging
from ops.settings import load_settings


def register(application: typer.Typer) -> None:
    application.command("watch")(watch)


def watch() -> None:
    """Judge what tags say of themselves, their silence, and whether our own intake hears at all.

    One process watches; run a second one to take over when it ends. It puts heartbeats through the intake, and raises
    no alert of silence unless they come out at the other end.
    """
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    run_watch(settings, stop_on_signals(), lambda port: print(f"health and metrics on port {port}", flush=True))
