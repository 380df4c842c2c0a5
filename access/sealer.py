"""The sealer: one at work chains the audit's rows every second, behind the readers, who wait for nobody.

All that it decides by is in the database; a second one takes over when it ends. It seals what it finds whatever it
finds, and says loudly where the chain is not the one that it left or published.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from access.audit_chain import NOTHING_BEFORE, ChainEnd, end_of, make_seal
from access.audit_heads import head_fields, last_head, publish_head
from crimes.evidence.signature import SigningKey
from ops import metrics
from store.audit_seals import (
    BEFORE_ALL,
    Place,
    Seal,
    all_rows_in_no_seal,
    begin_timeline,
    hashes_of,
    insert_seal,
    is_of_another_server,
    newest_pruning,
    newest_seal,
    oldest_unsealed,
    rows_to_seal,
)
from store.database import Connection, Cursor
from store.locks import LockClass, limit_lock_wait
from store.one_at_work import OneAtWork

NAME = "seal"
SILENT_S = 60.0  # one at work asks the database more often
LOCK_WAIT_MS = 5000
ROWS_A_SEAL = 5_000
LOG_EVERY_S = 60.0


class Sealer(OneAtWork):
    """One at work, or standing by; ``run`` it in its own thread or process, or ask it for a ``round`` at a time."""

    def __init__(
        self, connect: Callable[[], Connection], every_s: float, heads_file: Path | None, key: SigningKey | None
    ) -> None:
        super().__init__(connect, LockClass.SEAL, NAME, SILENT_S)
        self._every_s = every_s
        self._heads_file = heads_file
        self._key = key
        self._left: ChainEnd | None = None
        self._unpublished: Seal | None = None
        self._log_at = 0.0

    def readiness(self) -> dict[str, bool]:
        """For the health server's thread: the last round's outcome."""
        return {"database": self._connection is not None, "heads": self._unpublished is None}

    def _begin(self, cursor: Cursor) -> None:
        """Compare the chain with what was published last, and publish where it ends now."""
        newest = newest_seal(cursor)
        self._left = None if newest is None else end_of(newest)
        if self._heads_file is None:
            return
        published = last_head(self._heads_file)
        if published is not None and not _is_in_chain(cursor, published.seal_id, published.hash):
            self._cry("the chain of the audit is not the one that was published", published.seal_id)
        if newest is not None and (published is None or published.seal_id < newest.seal_id):
            self._unpublished = newest

    def _work(self, connection: Connection) -> float:
        """One seal, if there is anything to seal."""
        with connection, connection.cursor() as cursor:
            limit_lock_wait(cursor, LOCK_WAIT_MS)
            end = _chain_end(cursor)
            if self._left is not None and not _goes_on_from(cursor, end, self._left):
                self._cry("the chain of the audit was changed behind the sealer", self._left.seal_id)
            sealed = self._seal(cursor, end)
        if sealed is not None:
            metrics.AUDIT_SEALED_ROWS.inc(len(sealed.audit_ids))
            metrics.AUDIT_HEAD.set(sealed.seal_id)
            end = end_of(sealed)
            self._unpublished = sealed
        self._left = end
        self._publish()
        with connection, connection.cursor() as cursor:
            waiting_since = oldest_unsealed(cursor, end.reached)
        age_s = 0.0 if waiting_since is None else (datetime.now(UTC) - waiting_since).total_seconds()
        metrics.AUDIT_UNSEALED_SECONDS.set(max(0.0, age_s))
        return 0 if sealed is not None and len(sealed.audit_ids) >= ROWS_A_SEAL else self._every_s

    def _seal(self, cursor: Cursor, end: ChainEnd) -> Seal | None:
        reached: Place | None = None
        if is_of_another_server(cursor, end.reached):
            reached = Place(begin_timeline(cursor), 0, 0)
            rows = all_rows_in_no_seal(cursor)
            self._log.warning("the database was brought back into another server", timeline=reached.timeline)
        else:
            rows = rows_to_seal(cursor, end.reached, ROWS_A_SEAL)
        if not rows:
            return None
        sealed = make_seal(end, rows, datetime.now(UTC), self._key, reached)
        insert_seal(cursor, sealed)
        return sealed

    def _publish(self) -> None:
        """Tried again every round: what is not published can be cut off unseen."""
        if self._unpublished is None:
            return
        if self._heads_file is not None:
            try:
                publish_head(self._heads_file, self._unpublished)
            except OSError as error:
                metrics.AUDIT_HEAD_UNPUBLISHED.set(1)
                self._log.error("the head of the audit could not be published", reason=error.strerror)
                return
        metrics.AUDIT_HEAD_UNPUBLISHED.set(0)
        if time.monotonic() >= self._log_at:
            self._log_at = time.monotonic() + LOG_EVERY_S
            self._log.info("the audit's head", **head_fields(self._unpublished))
        self._unpublished = None

    def _cry(self, what: str, seal_id: int) -> None:
        metrics.AUDIT_BROKEN.set(1)
        self._log.error(what, seal=seal_id)


def _chain_end(cursor: Cursor) -> ChainEnd:
    if (newest := newest_seal(cursor)) is not None:
        return end_of(newest)
    if (pruning := newest_pruning(cursor)) is not None:
        return ChainEnd(pruning.through_seal, pruning.through_hash, pruning.rows_before, pruning.reached)
    return ChainEnd(0, NOTHING_BEFORE, 0, BEFORE_ALL)


def _goes_on_from(cursor: Cursor, end: ChainEnd, left: ChainEnd) -> bool:
    return end == left or _is_in_chain(cursor, left.seal_id, left.hash)


def _is_in_chain(cursor: Cursor, seal_id: int, expected: bytes) -> bool:
    """Whether the seal is there with this hash, or was pruned."""
    if seal_id == 0:
        return True
    if (found := hashes_of(cursor, [seal_id]).get(seal_id)) is not None:
        return found == expected
    pruning = newest_pruning(cursor)
    return pruning is not None and (
        seal_id < pruning.through_seal or (seal_id == pruning.through_seal and expected == pruning.through_hash)
    )
