"""Which requests for a trail nobody was told of yet, and who may decide on them."""

from collections.abc import Sequence
from dataclasses import dataclass

from store.database import Cursor
from store.rows import insert_rows


@dataclass(frozen=True, slots=True)
class UntoldTrailRequest:
    """``managers`` see the person, who is one of ours where ``is_known``."""

    trail_request_id: int
    is_known: bool
    managers: list[str]


def untold_trail_requests(cursor: Cursor, limit: int) -> list[UntoldTrailRequest]:
    """The oldest first."""
    cursor.execute("SELECT * FROM untold_trail_requests(%s)", (limit,))
    return [UntoldTrailRequest(*row) for row in cursor.fetchall()]


def note_told(cursor: Cursor, tellings: Sequence[tuple[int, int]]) -> None:
    """Each (request, how many managers were told), once for all."""
    insert_rows(cursor, "INSERT INTO trail_request_tellings (trail_request_id, managers) VALUES %s", tellings)
