"""`cordon migrate`."""

import typer

from ops.settings import load_settings
from store.migrate import migrate


def register(application: typer.Typer) -> None:
    application.command("migrate")(run_migrations)


def run_migrations() -> None:
    """Bring the database's schema up to date. Safe to run on a live database, and again."""
    applied = migrate(load_settings().require_database_url("owner"))
    for name in applied:
        print(f"applied {name}")
    if not applied:
        print("nothing to apply: the schema is up to date")
