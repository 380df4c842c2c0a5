"""The embedded PostgreSQL: a server of the program's own, on one private folder. No SQL is here."""

from store.embedded.folder import EmbeddedPostgresError, running_url
from store.embedded.server import EmbeddedPostgres, wheel_binaries

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "running_url", "wheel_binaries"]
