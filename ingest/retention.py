"""One run of retention: plans what goes, and either counts it or deletes it, a short transaction at a time.

A run that ends in the middle leaves nothing half told: whoever runs it again goes on where it was, for what is left is
still due. A hold that is placed meanwhile stops the batch it comes before, and the plan is made anew. Nobody who is due
comes back while they are let go: their end is recorded first.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import psycopg2.errors

from access.audit import Action, Subject, record_allowed
from ingest.archive import Message, erase, messages
from ingest.erasure import Theirs
from ingest.evidence import problem_of
from model.retention import Kind, RetentionRules, cutoffs
from ops.errors import InputError
from store.clock import service_now
from store.database import Connection, Cursor, Identity, set_identity
from store.raw_batches import StoredBatch, Wear
from store.retention_archive import (
    FIRST,
    archive_is_remembered,
    next_batches,
    places_of,
    wears_held,
    wears_to_erase,
    write_erased,
)
from store.retention_audit import count_audit, prune_audit
from store.retention_people import (
    count_people,
    count_unended,
    forget_person,
    forget_victim,
    people_due,
    record_ends,
    victims_due,
)
from store.retention_plan import make_plan
from store.retention_positions import (
    count_positions,
    delete_cells,
    delete_earliest,
    note_gaps,
    remember_erased,
    spans_with_positions,
)
from store.retention_rows import BATCH, PlanOutdatedError, begin_batch, count_rows, delete_rows, hold_run
from store.retention_tables import STEPS, Step

ROLE = "cordon_keeper"
MOST_PLANS = 20

Counts = Counter[tuple[Kind, str]]
"""How many rows, or messages of the archive, by kind and table."""


@dataclass(slots=True)
class Run:
    """``connection`` is the keeper's, and nothing else is done on it."""

    connection: Connection
    rules: RetentionRules
    identity: Identity
    counts: Counts = field(default_factory=Counter)
    _parameters: dict[str, object] = field(default_factory=dict)
    _holds: int = 0
    _archive_before: datetime | None = None
    _audit_before: datetime | None = None

    def dry(self) -> Counts:
        """What a run would delete now; nothing is changed."""
        with self.connection.cursor() as cursor:
            try:
                cursor.execute(f"SET LOCAL ROLE {ROLE}")
                self._plan(cursor)
                for step in STEPS:
                    self.counts[step.kind, step.table] += count_rows(cursor, step, self._parameters)
                self.counts[Kind.POSITIONS, "positions"] += count_positions(cursor)
                people = count_people(cursor)
                self.counts[Kind.PEOPLE, "people"] += people.people
                self.counts[Kind.PEOPLE, "activation_records"] += people.activations
                self.counts[Kind.VICTIMS, "victims"] += people.victims
                self.counts[Kind.AUDIT, "audit_log"] += count_audit(cursor, self._audit_before)
                self._erase_archive(cursor, lambda _batch, _body, _is_empty: None)
            finally:
                self.connection.rollback()
        return self.counts

    def unended(self) -> int:
        """People whose tags are all off, and of whose order no end is known: nothing of theirs goes by one."""
        with self._transaction(is_planned=False) as cursor:
            return count_unended(cursor)

    def delete(self) -> Counts:
        """Delete what is due. Raises InputError where another run is at it, or the archive is damaged."""
        with self._transaction(is_planned=False) as cursor:
            try:
                hold_run(cursor)
            except psycopg2.errors.LockNotAvailable:
                raise InputError("another run of retention is at work: wait for its end") from None
        for _ in range(MOST_PLANS):
            try:
                self._delete_planned()
            except PlanOutdatedError:
                continue
            return self.counts
        raise InputError("legal holds are placed, or orders go on, faster than data can be let go: run it again later")

    def _delete_planned(self) -> None:
        with self._transaction(is_planned=False) as cursor:
            self._plan(cursor)
        with self._transaction() as cursor:
            if not record_ends(cursor):
                raise PlanOutdatedError
        with self._transaction() as cursor:
            for kind in (Kind.POSITIONS, Kind.DEVICE_EVENTS):
                remember_erased(cursor, kind)  # under the registry's lock, which ends here
        with self._transaction() as cursor:
            note_gaps(cursor)
        self._archive()
        for step in STEPS:
            self._empty(step)
        self._positions()
        self._people()
        self._audit()
        self._record(None, {f"{kind}.{table}": count for (kind, table), count in self.counts.items() if count})

    def _plan(self, cursor: Cursor) -> None:
        before = cutoffs(self.rules, service_now(cursor))
        self._archive_before, self._audit_before = before[Kind.RAW_ARCHIVE].age, before[Kind.AUDIT].age
        self._parameters, self._holds = make_plan(cursor, before)

    @contextmanager
    def _transaction(self, *, is_planned: bool = True) -> Iterator[Cursor]:
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {ROLE}")
            if is_planned:
                begin_batch(cursor, self._holds)
            yield cursor

    def _empty(self, step: Step) -> None:
        while True:
            with self._transaction() as cursor:
                deleted = delete_rows(cursor, step, self._parameters)
            self.counts[step.kind, step.table] += deleted
            if deleted == 0:
                return

    def _positions(self) -> None:
        with self._transaction() as cursor:
            spans = spans_with_positions(cursor)
        waiting = deque(spans)
        while waiting:
            gone = 0
            with self._transaction() as cursor:
                while waiting and gone < BATCH:
                    most = BATCH - gone
                    deleted = delete_earliest(cursor, *waiting[0], most)
                    gone += deleted
                    if deleted < most:
                        waiting.popleft()
            self.counts[Kind.POSITIONS, "positions"] += gone
        with self._transaction() as cursor:
            delete_cells(cursor)

    def _people(self) -> None:
        with self._transaction() as cursor:
            people, victims = people_due(cursor), victims_due(cursor)
        for person_id in people:
            with self._transaction() as cursor:
                forgotten, worn = forget_person(cursor, person_id)
                self._record_in(cursor, person_id, {"erased": True})
            self.counts[Kind.PEOPLE, "people"] += forgotten
            self.counts[Kind.PEOPLE, "activation_records"] += worn
        for victim_id in victims:
            with self._transaction() as cursor:
                self.counts[Kind.VICTIMS, "victims"] += forget_victim(cursor, victim_id, self._parameters)

    def _audit(self) -> None:
        pruned = -1
        while pruned:
            with self._transaction() as cursor:
                set_identity(cursor, self.identity)  # the pruning records itself
                pruned = prune_audit(cursor, self._audit_before)
            self.counts[Kind.AUDIT, "audit_log"] += pruned

    def _archive(self) -> None:
        """All pages, each in a transaction; the times are remembered once the last one is done."""
        with self._transaction() as cursor:
            pages = _Pages.of(cursor, self._archive_before)
        after = FIRST
        while True:
            with self._transaction() as cursor:
                batches = pages.after(cursor, after)
                for batch in batches:
                    self.counts[Kind.RAW_ARCHIVE, "raw_batches"] += pages.erase_in(
                        batch, lambda one, body, is_empty: write_erased(cursor, one, body, is_empty=is_empty)
                    )
                if not batches:
                    archive_is_remembered(cursor)
                    return
            after = (batches[-1].topic, batches[-1].partition, batches[-1].previous_hash)

    def _erase_archive(self, cursor: Cursor, write: Callable[[StoredBatch, bytes, bool], None]) -> None:
        """All pages in the one transaction of a dry run."""
        pages, after = _Pages.of(cursor, self._archive_before), FIRST
        while batches := pages.after(cursor, after):
            for batch in batches:
                self.counts[Kind.RAW_ARCHIVE, "raw_batches"] += pages.erase_in(batch, write)
            after = (batches[-1].topic, batches[-1].partition, batches[-1].previous_hash)

    def _record(self, person_id: int | None, detail: dict[str, object]) -> None:
        with self._transaction(is_planned=False) as cursor:
            self._record_in(cursor, person_id, detail)

    def _record_in(self, cursor: Cursor, person_id: int | None, detail: dict[str, object]) -> None:
        record_allowed(cursor, self.identity, Action.RETENTION_RUN, Subject(person_id=person_id, detail=detail))


@dataclass(frozen=True, slots=True)
class _Pages:
    """Which messages of the archive go, and where they may be."""

    theirs: Theirs
    held: Theirs
    aged_before: datetime | None
    since: datetime | None

    @classmethod
    def of(cls, cursor: Cursor, aged_before: datetime | None) -> "_Pages":
        erased, held = wears_to_erase(cursor), wears_held(cursor)
        since = min((wear.began_at for wear in erased), default=None)
        return cls(
            Theirs(_by_key(erased), places_of(cursor, erased)),
            Theirs(_by_key(held), places_of(cursor, held)),
            aged_before,
            since,
        )

    def after(self, cursor: Cursor, key: tuple[str, int, bytes]) -> list[StoredBatch]:
        return next_batches(cursor, key, self.aged_before, self.since)

    def erase_in(self, batch: StoredBatch, write: Callable[[StoredBatch, bytes, bool], None]) -> int:
        """How many messages were erased. Raises InputError where the batch is damaged: an erasure would hide it."""
        problem = problem_of(batch)
        if problem:
            raise InputError(f"{batch} is damaged ({problem}): nothing of it was erased; see `cordon raw verify`")
        is_aged = self.aged_before is not None and batch.received_to < self.aged_before

        def goes(message: Message) -> bool:
            return (is_aged or self.theirs.owns(batch, message)) and not self.held.owns(batch, message)

        body, count = erase(batch.body, goes)
        if count:
            write(batch, body, all(message.erased for message in messages(body)))
        return count


def _by_key(wears: Iterable[Wear]) -> dict[bytes, list[Wear]]:
    found: dict[bytes, list[Wear]] = {}
    for wear in wears:
        found.setdefault(wear.serial.encode(), []).append(wear)
    return found
