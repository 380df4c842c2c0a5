"""What a server needs before its first migration, and the logins of a private one."""

from contextlib import closing

from psycopg2 import sql

from store.database import connect

ROLES = ("cordon_worker", "cordon_api", "cordon_sealer", "cordon_keeper")


def ensure_database(server_url: str, name: str) -> bool:
    """Create the database where it is missing; whether it was."""
    with closing(connect(server_url, "cordon-provision")) as connection:
        connection.autocommit = True  # CREATE DATABASE runs in no transaction
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", (name,))
            missing = cursor.fetchone() is None
            if missing:
                cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    return missing


def allow_logins(owner_url: str) -> None:
    """Let the roles that own nothing log in themselves: only for a server whose socket is private."""
    with closing(connect(owner_url, "cordon-provision")) as connection, connection, connection.cursor() as cursor:
        for role in ROLES:
            cursor.execute(sql.SQL("ALTER ROLE {} LOGIN").format(sql.Identifier(role)))
