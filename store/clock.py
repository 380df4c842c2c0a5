"""The service's clock: the database's, so that every process goes by the same."""

from datetime import datetime

from store.database import Cursor, fetch_one


def service_now(cursor: Cursor) -> datetime:
    """Aware, in UTC. It moves within a transaction."""
    cursor.execute("SELECT service_clock()")
    now: datetime = fetch_one(cursor)[0]
    return now
