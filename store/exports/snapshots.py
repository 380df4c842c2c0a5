"""One moment of all tables, for as long as it takes to write them down."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from store.database import Cursor, connect


@contextmanager
def snapshot(url: str, application: str) -> Iterator[Cursor]:
    """A cursor in one transaction that sees nothing of what is written meanwhile.

    It may stand still while files are packed, so no time limit ends it.
    """
    with closing(connect(url, application)) as connection:
        connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ)
        with connection, connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield cursor
