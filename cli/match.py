"""`cordon match`."""

import typer

from ingest.matching.run import run_matcher
from ingest.run import stop_on_signals
from ops.logs import configure_logging
from ops.settings import load_settings


def register(application: typer.Typer) -> None:
    application.command("match")(match)


def match() -> None:
    """Match crimes to tracks: those that come in, and once more those for which late positions do.

    One process matches; run a second one to take over when it ends.
    """
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    run_matcher(settings, stop_on_signals(), lambda port: print(f"health and metrics on port {port}", flush=True))
