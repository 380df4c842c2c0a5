"""Every advisory lock of the service. PostgreSQL knows them by number alone, database by database.

A lock that is one in each database has a number; a family of locks (one a partition, one a channel) has a class, and
a name within it. No number may ever be given a second meaning: an older release may hold it.
"""

from enum import IntEnum

from store.database import Cursor, fetch_one


class Lock(IntEnum):
    """Locks of which there is one."""

    MIGRATION = 1129272901  # to the connection's end: one migration at a time
    REGISTRY = 1129272902  # shared by batches, exclusive for edits of zones and activations
    ALERT_EVENTS = 1129272904  # to the commit: event ids become visible in their order
    QUEUE = 1129272905  # to the connection's end: the embedded queue's one reader
    ROTA = 1129272916  # to the commit: one at a time adds shifts, so that none overlaps another
    ERASURE = 1129272907  # to the commit: one erasure at a time
    RETENTION = 1129272942  # shared by each transaction that deletes, exclusive for legal holds (migration 0048)
    RETENTION_RUN = 1129272943  # to the connection's end: one run of retention at a time


class LockClass(IntEnum):
    """Families of locks, each told apart by a name."""

    APPEND = 1129272900  # taken by the SQL function append_pings, in whose file the number stands too
    PARTITION = 1129272903  # "topic/partition", to the commit: whoever moves the partition's offset
    WATCH = 1129272912  # "watch", to the connection's end: the one who judges silence
    MATCH = 1129272913  # "match", to the connection's end: the one who matches
    DUTY = 1129272915  # "duty", to the connection's end: the one who tells staff by the timetable
    SEAL = 1129272917  # "seal", to the connection's end: the one who seals the audit
    SENDER = 1129272906  # a channel's name, to the connection's end: the one who delivers to it
    CRIME_FORCE = 1129272914  # a police force, to the commit: one of its files at a time
    POLICE_QUESTION = 1129272929  # an analyst's bare name, to the commit: taken in 0045, where the number stands too
    RESPONSE_PLAN = 1129272928  # a zone's id, to the commit: one version of its plan at a time


def hold_until_commit(cursor: Cursor, lock: Lock) -> None:
    """Wait for the lock. Raises psycopg2's LockNotAvailable after ``limit_lock_wait``."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (lock,))


def hold_named_until_commit(cursor: Cursor, lock_class: LockClass, name: str) -> None:
    """The same for one of a family."""
    cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (lock_class, name))


def try_hold(cursor: Cursor, lock_class: LockClass, name: str) -> bool:
    """Whether this session holds the lock from now until its connection ends."""
    cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", (lock_class, name))
    return bool(fetch_one(cursor)[0])


def limit_lock_wait(cursor: Cursor, milliseconds: int) -> None:
    """For this transaction only: psycopg2's LockNotAvailable where a lock of any kind is not had in this time."""
    cursor.execute("SELECT set_config('lock_timeout', %s, true)", (str(milliseconds),))


def end_holders(cursor: Cursor, lock_class: LockClass, name: str, silent_s: float = 0) -> int:
    """End the sessions that hold the lock, or only those that have asked nothing for ``silent_s``; how many."""
    cursor.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = %(class)s"
        " AND objid = (hashtext(%(name)s)::bigint & 4294967295)::oid"
        " AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND (%(silent_s)s = 0 OR state_change < clock_timestamp() - make_interval(secs => %(silent_s)s))",
        {"class": lock_class, "name": name, "silent_s": silent_s},
    )
    return cursor.rowcount
