"""`cordon duty`."""

import typer

from alerts.duty.run import run_duty
from ingest.run import stop_on_signals
from ops.logs import configure_logging
from ops.settings import load_settings


def register(application: typer.Typer) -> None:
    application.command("duty")(duty)


def duty() -> None:
    """Tell staff of alerts, go on to the next one until somebody acknowledges, and hand over when a shift ends.

    One process is on duty; run a second one to take over when it ends. It writes down who is to be told;
    `cordon deliver` sends it.
    """
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    run_duty(settings, stop_on_signals(), lambda port: print(f"health and metrics on port {port}", flush=True))
