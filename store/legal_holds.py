"""Legal holds: stretches of a person's time whose data are kept until somebody releases them."""

from dataclasses import dataclass
from datetime import datetime

from store.database import Cursor


@dataclass(frozen=True, slots=True)
class LegalHold:
    legal_hold_id: int
    from_time: datetime
    to_time: datetime
    reason: str

    def __str__(self) -> str:
        return (
            f"hold {self.legal_hold_id} ({self.reason}) on {self.from_time.isoformat()} to {self.to_time.isoformat()}"
        )


def holds_on(cursor: Cursor, person_id: int) -> list[LegalHold]:
    """Those in force: nothing of these times may be deleted, and none of their original bytes erased."""
    cursor.execute(
        "SELECT legal_hold_id, from_time, to_time, reason FROM legal_holds"
        " WHERE person_id = %s AND released_at IS NULL ORDER BY legal_hold_id",
        (person_id,),
    )
    return [LegalHold(*row) for row in cursor.fetchall()]


def list_holds(cursor: Cursor) -> list[tuple[str, LegalHold]]:
    """Those in force, the oldest first, each with its person's CRN."""
    cursor.execute(
        "SELECT crn, legal_hold_id, from_time, to_time, reason FROM legal_holds JOIN people USING (person_id)"
        " WHERE released_at IS NULL ORDER BY legal_hold_id"
    )
    return [(crn, LegalHold(*hold)) for crn, *hold in cursor.fetchall()]


def release_hold(cursor: Cursor, legal_hold_id: int, released_by: str) -> int | None:
    """The person whose hold it was; None where there is none in force."""
    cursor.execute(
        "UPDATE legal_holds SET released_by = %s, released_at = service_clock()"
        " WHERE legal_hold_id = %s AND released_at IS NULL RETURNING person_id",
        (released_by, legal_hold_id),
    )
    row = cursor.fetchone()
    return row[0] if row else None
