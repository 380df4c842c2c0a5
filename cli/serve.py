"""`cordon api`."""

import typer

from api.app import create_app
from api.server import run
from api.services import open_services
from ops.logs import configure_logging
from ops.settings import load_settings


def register(application: typer.Typer) -> None:
    application.command("api")(serve)


def serve() -> None:
    """Serve the API on CORDON_API_HOST and CORDON_API_PORT until it is told to stop.

    Example: CORDON_API_PORT=8080 cordon api
    """
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    run(create_app(settings, open_services(settings)), settings)
