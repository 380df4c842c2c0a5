"""Erasing one person's original bytes: their leaves stay, so the chain still verifies.

By hand, whatever the period; a legal hold goes before it. Retention erases by its rules (ingest/retention.py).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ingest.archive import Message, erase
from ingest.evidence import decode_message, problem_of
from model.times import from_microseconds
from ops.errors import InputError
from store.raw_batches import StoredBatch, Wear


@dataclass(frozen=True, slots=True)
class Theirs:
    """Which messages are one person's."""

    wears: dict[bytes, list[Wear]]  # by the device's key
    by_receipt: set[tuple[int, int]]  # (partition, offset) of messages whose fix times say nothing

    def owns(self, batch: StoredBatch, message: Message) -> bool:
        """Whether any fix of the message is theirs: bytes that hold one of another wearer too go with it."""
        worn = self.wears.get(message.key) if message.key is not None else None
        if not worn:
            return False
        if (batch.partition, message.offset) in self.by_receipt:
            return True
        moments = [from_microseconds(moment) for moment in decode_message(batch, message).fixes.fix_time_us.tolist()]
        return any(wear.covers(moment) for moment in moments for wear in worn)


@dataclass(frozen=True, slots=True)
class Erased:
    messages: int
    batches: int


def erase_person(
    batches: Iterable[StoredBatch], theirs: Theirs, held: Theirs, replace: Callable[[StoredBatch, bytes], None]
) -> Erased:
    """Erase their messages, but those with a fix that is ``held``; ``replace`` writes a batch's new body.

    Raises InputError when any of ``batches`` is damaged: it may hide a message of theirs, and an erasure the damage.
    """
    message_count = batch_count = 0
    for batch in batches:
        body, count = _erase_in(batch, theirs, held)
        if count == 0:
            continue
        replace(batch, body)
        message_count += count
        batch_count += 1
    return Erased(message_count, batch_count)


def _erase_in(batch: StoredBatch, theirs: Theirs, held: Theirs) -> tuple[bytes, int]:
    problem = problem_of(batch)
    if problem:
        raise InputError(
            f"{batch} is damaged ({problem}): nothing was erased; `cordon raw verify` shows each damaged chain"
        )
    return erase(batch.body, lambda message: theirs.owns(batch, message) and not held.owns(batch, message))
