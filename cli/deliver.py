"""`cordon deliver`."""

import typer

from alerts.deliver_all import run_delivery
from ingest.run import stop_on_signals
from ops.logs import configure_logging
from ops.settings import load_settings


def register(application: typer.Typer) -> None:
    application.command("deliver")(deliver)


def deliver() -> None:
    """Tell whoever is to be told: the Kafka topic of alerts, webhooks, and staff by e-mail and text message.

    Whatever is configured is sent to, each receiver by a thread of its own, in order, at least once; a webhook that is
    added meanwhile is noticed within seconds. One process sends to a receiver; run a second one to take over when it
    ends. docs/delivery.md says what a receiver has to do.

    Example: CORDON_EMAIL_BY=smtp CORDON_SMTP_HOST=mail.example cordon deliver
    """
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    run_delivery(settings, stop_on_signals(), lambda port: print(f"health and metrics on port {port}", flush=True))
