"""A migrated database and its four ways in, as a deployment would have them."""

from contextlib import closing
from dataclasses import dataclass
from typing import Self

import psycopg2
import psycopg2.extensions
from psycopg2 import sql

from store.migrate import migrate

WORKER_LOGIN = "cordon_test_worker"
API_LOGIN = "cordon_test_api"
SEALER_LOGIN = "cordon_test_sealer"
KEEPER_LOGIN = "cordon_test_keeper"
PASSWORD = "cordon-test"  # noqa: S105 -- of a database that lives as long as its test


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    owner: str
    worker: str
    api: str
    sealer: str
    keeper: str

    @classmethod
    def of(cls, owner_url: str) -> Self:
        """Those of a database that ``prepare_database`` has made ready, or of a copy of one."""
        return cls(
            owner_url, *(_as_login(owner_url, one) for one in (WORKER_LOGIN, API_LOGIN, SEALER_LOGIN, KEEPER_LOGIN))
        )


def prepare_database(owner_url: str) -> DatabaseUrls:
    """Migrate, and make a login in each of the roles that own nothing."""
    migrate(owner_url)
    with closing(psycopg2.connect(owner_url)) as connection, connection, connection.cursor() as cursor:
        _ensure_login(cursor, WORKER_LOGIN, "cordon_worker")
        _ensure_login(cursor, API_LOGIN, "cordon_api")
        _ensure_login(cursor, SEALER_LOGIN, "cordon_sealer")
        _ensure_login(cursor, KEEPER_LOGIN, "cordon_keeper")
    return DatabaseUrls.of(owner_url)


def _ensure_login(cursor: psycopg2.extensions.cursor, login: str, role: str) -> None:
    cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", (login,))
    if cursor.fetchone() is None:
        cursor.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}").format(
                sql.Identifier(login), sql.Literal(PASSWORD), sql.Identifier(role)
            )
        )


def _as_login(owner_url: str, login: str) -> str:
    return psycopg2.extensions.make_dsn(owner_url, user=login, password=PASSWORD)
