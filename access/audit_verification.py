"""Does the audit still say what was written? Every row against its seal, the seals against each other, and against
heads that were published outside. Memory does not grow with the audit.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TypeVar

from access.audit_chain import LEAF_BYTES, NOTHING_BEFORE, ChainEnd, is_signed, leaf_of, seal_hash
from access.audit_heads import Head
from store.audit_seals import (
    BEFORE_ALL,
    Pruning,
    Seal,
    count_unsealed,
    fields_of,
    hashes_of,
    newest_pruning,
    newest_seal,
    seals_after,
    strays,
)
from store.database import Cursor

SEALS_A_PAGE = 64
ROWS_AT_ONCE = 5_000
HEADS_AT_ONCE = 1_000
MOST_SHOWN = 100

T = TypeVar("T")


@dataclass(slots=True)
class Verification:
    """What was looked at, and what was found; of many problems the first ``MOST_SHOWN`` stand in ``problems``."""

    seals: int = 0
    rows: int = 0
    unsealed: int = 0
    heads: int = 0
    signed_until: int = 0
    newest_seal: int = 0
    newest_hash: str = ""
    newest_sealed_at: datetime | None = None
    pruning: Pruning | None = None
    problems: list[str] = field(default_factory=list)
    problem_count: int = 0

    def note(self, problem: str) -> None:
        self.problem_count += 1
        if len(self.problems) < MOST_SHOWN:
            self.problems.append(problem)

    def note_first(self, problem: str) -> None:
        """What explains the others is shown, however many they are."""
        self.problem_count += 1
        self.problems = [problem, *self.problems][:MOST_SHOWN]


def verify_audit(cursor: Cursor, heads: Iterable[Head], public_keys: Sequence[bytes]) -> Verification:
    """Of the chain as it stands now; what is sealed meanwhile does not disturb. ``cursor`` is in autocommit, so that
    hours of reading do not hold back the cleaning of other tables. Raises ValueError on a key that is none.
    """
    found = Verification(pruning=newest_pruning(cursor))
    newest = newest_seal(cursor)
    _check_pruning(found)
    end = _check_seals(cursor, found, 0 if newest is None else newest.seal_id, public_keys)
    if newest is not None:
        found.newest_seal, found.newest_hash = newest.seal_id, newest.hash.hex()
        found.newest_sealed_at = newest.sealed_at
    _check_strays(cursor, found, end)
    found.unsealed = count_unsealed(cursor, end.reached)
    if public_keys and found.signed_until < found.newest_seal:
        found.note(f"seals {found.signed_until + 1} to {found.newest_seal}: none of the keys has signed them")
    _check_heads(cursor, found, heads)
    if newest_pruning(cursor) != found.pruning:
        found.note_first("retention pruned the audit meanwhile, and what is gone may be what it took: run it again")
    return found


def _check_pruning(found: Verification) -> None:
    pruning = found.pruning
    if pruning is not None and not pruning.is_recorded:
        found.note(f"the pruning through seal {pruning.through_seal} is not on record in the audit")


def _check_seals(cursor: Cursor, found: Verification, last: int, public_keys: Sequence[bytes]) -> ChainEnd:
    pruning = found.pruning
    end = ChainEnd(0, NOTHING_BEFORE, 0, BEFORE_ALL)
    if pruning is not None:
        end = ChainEnd(pruning.through_seal, pruning.through_hash, pruning.rows_before, pruning.reached)
    while end.seal_id < last and (page := seals_after(cursor, end.seal_id, SEALS_A_PAGE)):
        for seal in page:
            _check_seal(found, end, seal, public_keys)
            end = ChainEnd(seal.seal_id, seal.hash, seal.rows_sealed, seal.reached)
        _check_rows(cursor, found, page)
    return end


def _check_seal(found: Verification, end: ChainEnd, seal: Seal, public_keys: Sequence[bytes]) -> None:
    found.seals += 1
    name = f"seal {seal.seal_id} of {seal.sealed_at:%Y-%m-%d %H:%M:%S} UTC"
    if seal.seal_id != end.seal_id + 1:
        found.note(f"seals {end.seal_id + 1} to {seal.seal_id - 1} are gone")
    elif seal.previous_hash != end.hash:
        found.note(f"{name} does not go on from seal {end.seal_id}: one of the two was replaced")
    elif seal.rows_before != end.rows:
        found.note(f"{name} counts {seal.rows_before} rows before it, and there are {end.rows}")
    if seal_hash(seal) != seal.hash:
        found.note(f"{name} was changed: its hash is not that of what it says")
    if public_keys and seal.signature is not None:
        if is_signed(seal.hash, seal.signature, public_keys):
            found.signed_until = seal.seal_id
        else:
            found.note(f"{name} was not signed by any of the keys")


def _check_rows(cursor: Cursor, found: Verification, page: Sequence[Seal]) -> None:
    """The rows of these seals, a bounded number of them at once."""
    for some in _batches(_sealed_rows(page), ROWS_AT_ONCE):
        there = {int(str(fields[0])): leaf_of(fields) for fields in fields_of(cursor, [row for row, *_ in some])}
        found.rows += len(some)
        for audit_id, leaf, seal in some:
            sealed = f"sealed in seal {seal.seal_id} at {seal.sealed_at:%Y-%m-%d %H:%M:%S} UTC"
            if audit_id not in there:
                found.note(f"row {audit_id} is gone; it was {sealed}")
            elif there[audit_id] != leaf:
                found.note(f"row {audit_id} is not what was {sealed}")


def _sealed_rows(page: Sequence[Seal]) -> Iterator[tuple[int, bytes, Seal]]:
    for seal in page:
        for place, audit_id in enumerate(seal.audit_ids):
            yield audit_id, seal.leaves[place * LEAF_BYTES : (place + 1) * LEAF_BYTES], seal


def _check_strays(cursor: Cursor, found: Verification, end: ChainEnd) -> None:
    for audit_id in strays(cursor, end.reached, MOST_SHOWN):
        found.note(f"row {audit_id} is in no seal although the chain has passed it: it was added afterwards, or moved")


def _check_heads(cursor: Cursor, found: Verification, heads: Iterable[Head]) -> None:
    pruned_through = 0 if found.pruning is None else found.pruning.through_seal
    for some in _batches(heads, HEADS_AT_ONCE):
        there = hashes_of(cursor, [head.seal_id for head in some])
        if found.pruning is not None:
            there[pruned_through] = found.pruning.through_hash
        found.heads += len(some)
        for head in some:
            if head.seal_id not in there and head.seal_id > pruned_through:
                found.note(f"seal {head.seal_id} was published and is gone: the end of the audit was cut off")
            elif there.get(head.seal_id, head.hash) != head.hash:
                found.note(f"seal {head.seal_id} is not the one that was published: the audit was rewritten up to it")


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
