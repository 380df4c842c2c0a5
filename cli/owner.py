"""The owner's way into the database, for the administration commands."""

import getpass
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ops.settings import Settings, load_settings
from store.database import Cursor, Identity, connect
from store.embedded import running_url

DEMO_DATABASE = "cordon"
OWNER = "postgres"


def postgres_folder(settings: Settings) -> Path:
    """Where `cordon demo` keeps its PostgreSQL."""
    return settings.data_folder.absolute() / "postgres"


def owner_url(settings: Settings) -> str:
    """The owner's URL of the settings; where none is set, that of a running `cordon demo` on the data folder."""
    if settings.database_owner_url.get_secret_value():
        return settings.require_database_url("owner")
    demo_url = running_url(postgres_folder(settings), DEMO_DATABASE, OWNER)
    return demo_url or settings.require_database_url("owner")


@contextmanager
def owner_transaction() -> Iterator[Cursor]:
    """A cursor in one transaction: all of what a command does is kept, or nothing."""
    with (
        closing(connect(owner_url(load_settings()), "cordon-administration")) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        yield cursor


def command_identity(purpose: str = "administration") -> Identity:
    """Who the audit names for what a command does: the machine's own account."""
    return Identity(subject=getpass.getuser(), role="owner", purpose=purpose, request_id="")
