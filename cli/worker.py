"""`cordon worker`."""

import typer

from ingest.run import run_worker, stop_on_signals
from ops.logs import configure_logging
from ops.settings import load_settings


def register(application: typer.Typer) -> None:
    application.command("worker")(worker)


def worker() -> None:
    """Judge pings: poll, decide, and write each batch with its offsets in one transaction.

    Run as many as there are partitions; each takes its share, and takes over from one that dies.
    """
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    run_worker(settings, stop_on_signals(), lambda port: print(f"health and metrics on port {port}", flush=True))
