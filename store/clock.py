"""The service's clock: the database's, so that every process goes by the same."""

from datetime import datetime

from store.database import SERVICE, Cursor, Pool, fetch_one


def service_now(cursor: Cursor) -> datetime:
    """Aware, in UTC. It moves within a transaction."""
    cursor.execute("SELECT service_clock()")
    now: datetime = fetch_one(cursor)[0]
    return now


def read_service_clock(pool: Pool) -> datetime:
    """The same in a transaction of its own. UnavailableError when the database does not answer."""
    with pool.transaction(SERVICE) as cursor:
        return service_now(cursor)
