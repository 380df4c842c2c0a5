"""`cordon seal`."""

from pathlib import Path

import typer

from access.sealer import Sealer
from crimes.evidence.signature import SigningKey, load_signing_key
from ingest.run import stop_on_signals
from ops.errors import ConfigurationError
from ops.health import health_server
from ops.logs import configure_logging
from ops.settings import Settings, load_settings
from store.database import connect


def register(application: typer.Typer) -> None:
    application.command("seal")(seal)


def seal() -> None:
    """Seal the audit: chain its records, and publish the chain's head outside the database.

    One process seals; run a second one to take over when it ends.
    """
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    sealer = make_sealer(settings)
    with health_server(
        settings.seal_health_host, settings.seal_health_port, sealer.readiness, "CORDON_SEAL_HEALTH_PORT"
    ) as port:
        print(f"health and metrics on port {port}", flush=True)
        sealer.run(stop_on_signals())


def make_sealer(settings: Settings) -> Sealer:
    """Raises ConfigurationError without CORDON_DATABASE_SEALER_URL, or where the key cannot be read."""
    url = settings.require_database_url("sealer")
    heads_file = Path(settings.audit_heads_file) if settings.audit_heads_file else None
    return Sealer(lambda: connect(url, "cordon-seal"), settings.seal_every_s, heads_file, _key(settings))


def _key(settings: Settings) -> SigningKey | None:
    if not settings.audit_key_file:
        return None
    try:
        return load_signing_key(Path(settings.audit_key_file).read_bytes())
    except (ValueError, OSError) as error:
        raise ConfigurationError(f"CORDON_AUDIT_KEY_FILE: {error}") from None
