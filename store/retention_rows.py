"""Rows that go: counted, or deleted a batch at a time, each in a transaction under the lock that holds wait for."""

from collections.abc import Mapping

from store.database import Cursor, fetch_one
from store.legal_holds import keep_holds_out
from store.locks import Lock, limit_lock_wait
from store.retention_plan import holds_mark
from store.retention_tables import Step

BATCH = 5000
LAST_RUN_WAIT_MS = 2000  # a run that was killed is over a moment later


class PlanOutdatedError(Exception):
    """A legal hold was placed since the plan was made, or somebody's order goes on again: make it anew."""


def hold_run(cursor: Cursor) -> None:
    """To the connection's end: one run at a time. Raises psycopg2's LockNotAvailable while there is another."""
    limit_lock_wait(cursor, LAST_RUN_WAIT_MS)
    cursor.execute("SELECT pg_advisory_lock(%s)", (Lock.RETENTION_RUN,))


def begin_batch(cursor: Cursor, planned_holds: int) -> None:
    """First in each transaction that deletes. Raises PlanOutdatedError."""
    keep_holds_out(cursor)
    if holds_mark(cursor) != planned_holds:
        raise PlanOutdatedError


def count_rows(cursor: Cursor, step: Step, parameters: Mapping[str, object]) -> int:
    cursor.execute(f"SELECT count(*) FROM {step.table} WHERE {step.condition}", parameters)  # noqa: S608  names of ours
    return int(fetch_one(cursor)[0])


def delete_rows(cursor: Cursor, step: Step, parameters: Mapping[str, object]) -> int:
    """At most BATCH of them; how many."""
    if step.table == "visits":  # one that goes may have been merged into one that goes before it
        cursor.execute(
            "UPDATE visits SET merged_into = NULL WHERE merged_into IS NOT NULL"
            " AND visit_id IN (SELECT visit_id FROM due_visits)"
        )
    cursor.execute(
        f"DELETE FROM {step.table} WHERE ctid = ANY (ARRAY("  # noqa: S608  names of ours
        f"SELECT ctid FROM {step.table} WHERE {step.condition} LIMIT %(batch)s))",
        {**parameters, "batch": BATCH},
    )
    return cursor.rowcount
