"""The audit's own pruning, which keeps its chain whole (prune_audit, migration 0046)."""

from datetime import datetime

from store.database import Cursor, fetch_one


def count_audit(cursor: Cursor, before: datetime | None) -> int:
    """Rows of whole seals at the beginning of the chain, all older than ``before``."""
    if before is None:
        return 0
    cursor.execute(
        "SELECT coalesce(sum(cardinality(audit_ids)), 0) FROM audit_seals WHERE seal_id < ("
        " SELECT coalesce(min(seal_id) FILTER (WHERE newest_at >= %s), max(seal_id) + 1) FROM audit_seals)",
        (before,),
    )
    return int(fetch_one(cursor)[0])


def prune_audit(cursor: Cursor, before: datetime | None) -> int:
    """A batch of them; how many rows went, and 0 once none is left."""
    if before is None:
        return 0
    cursor.execute("SELECT prune_audit(%s)", (before,))
    return int(fetch_one(cursor)[0])
