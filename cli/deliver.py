"""`cordon deliver`."""

import typer

from alerts.deliver import run_delivery
from ingest.run import stop_on_signals
from ops.logs import configure_logging
from ops.settings import load_settings


def register(application: typer.Typer) -> None:
    application.command("deliver")(deliver)


def deliver() -> None:
    """Send every change of an alert to the Kafka topic of alerts, in order, at least once.

    One process sends; run a second one to take over when it ends. Each message carries the id of its event in the
    field event_id and the header event-id: a receiver drops what it has seen.

    Example: CORDON_BROKER=kafka cordon deliver
    """
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    run_delivery(settings, stop_on_signals(), lambda port: print(f"health and metrics on port {port}", flush=True))
