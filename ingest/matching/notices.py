"""Whoever received a bundle is told when what it says has changed."""

import time

from crimes.evidence.changes import changes_between
from crimes.matching.documents import read_match
from store.database import Connection
from store.evidence_notices import ChangedEvidence, unnoticed_changes, write_notices

CHANGES_AT_ONCE = 20
CHANGED = "later data changed the result"

_WORDS = {
    "crime_changed": "the police stated the crime anew: the bundle is of an earlier version of it",
    "qualification_changed": "a reviewer no longer confirms the match",
}


class Noticing:
    """A task of the matcher. It looks at every issued bundle, and so only every ``every_s`` seconds."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._looked_at = float("-inf")

    def round(self, connection: Connection) -> bool:
        """Write notices of some changes; whether more may wait."""
        if time.monotonic() < self._looked_at + self._every_s:
            return False
        with connection, connection.cursor() as cursor:
            changed = unnoticed_changes(cursor, CHANGES_AT_ONCE)
            for one in changed:
                write_notices(cursor, one, _changes(one))
        goes_on = len(changed) == CHANGES_AT_ONCE
        if not goes_on:
            self._looked_at = time.monotonic()
        return goes_on


def _changes(changed: ChangedEvidence) -> tuple[str, ...]:
    if changed.cause in _WORDS:
        return (_WORDS[changed.cause],)
    try:
        return changes_between(read_match(changed.before), None if changed.after is None else read_match(changed.after))
    except ValueError:  # one of them was stored by another version
        return (CHANGED,)
