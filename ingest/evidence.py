"""What the raw archive proves: that a chain is whole, and that a position is what its tag said (pure)."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from ingest.archive import Message, chain_hash, messages
from ingest.decode import Decoded, DecodeLimits, decode
from ingest.fix_key import fix_keys
from ingest.source import PartitionBatch
from model.times import to_microseconds
from store.offsets import GENESIS_HASH
from store.raw_batches import ChainHead, StoredBatch, StoredFix

UNLIMITED = 2**62
# Once accepted, a message is read again whatever the limits are today; the whole Earth makes no coordinate swapped.
NO_LIMITS = DecodeLimits(message_max_bytes=UNLIMITED, region=(-90, -180, 90, 180), pings_max=UNLIMITED)


@dataclass(frozen=True, slots=True)
class ChainReport:
    """How far a chain was found whole."""

    batches: int
    messages: int
    erased: int
    broken: str | None  # the first break, by its place


@dataclass(frozen=True, slots=True)
class Proof:
    """A position's message, as far as it was found. ``problem`` is None when it proves the position."""

    batch: StoredBatch
    message: Message | None
    problem: str | None


def problem_of(batch: StoredBatch) -> str | None:
    """What is wrong with the batch by itself, if anything."""
    try:
        kept = messages(batch.body)
        computed = chain_hash(batch.topic, batch.partition, batch.next_offset, kept, batch.previous_hash)
    except ValueError as error:
        return str(error)
    offsets = [message.offset for message in kept]
    if computed != batch.chain_hash:
        return "its messages do not give its chain hash: the bytes or the hash were changed"
    if not offsets or offsets[0] != batch.first_offset or len(offsets) != batch.message_count:
        return f"it says {batch.message_count} messages from offset {batch.first_offset} and holds {len(offsets)}"
    if any(after <= before for before, after in pairwise(offsets)):
        return "its messages are not in the order of their offsets"
    if batch.next_offset <= offsets[-1]:
        return f"it goes on at offset {batch.next_offset} and holds {offsets[-1]}"
    return None


def verify_chain(
    head: ChainHead, batch_after: Callable[[bytes], StoredBatch | None], moves: frozenset[bytes]
) -> ChainReport:
    """Walk one chain from its beginning to ``head``, with one batch in memory at a time.

    ``moves`` are the heads at which an operator went elsewhere; only there may offsets go back. A topic that is
    compacted or written by transactions leaves offsets out, so a gap between batches is no break.
    """
    if head.chain_hash is None:
        return ChainReport(0, 0, 0, "nothing says where the chain ends: its row of partition_offsets is missing")
    at, goes_on_at = GENESIS_HASH, -1
    batches = message_count = erased = 0
    while at != head.chain_hash:
        batch = batch_after(at)
        broken = _break_at(batch, goes_on_at, moved=at in moves)
        if batch is None or broken:
            return ChainReport(batches, message_count, erased, broken)
        batches += 1
        message_count += batch.message_count
        erased += sum(message.erased for message in messages(batch.body))
        at, goes_on_at = batch.chain_hash, batch.next_offset
    return ChainReport(batches, message_count, erased, _break_at_end(head, batches, goes_on_at, moved=at in moves))


def prove(fix: StoredFix, batch: StoredBatch) -> Proof:
    """Whether the batch holds the message that gave this position, and is whole."""
    problem = problem_of(batch)
    if problem:
        return Proof(batch, None, f"{batch} is damaged: {problem}")
    message = next((one for one in messages(batch.body) if one.offset == fix.message_offset), None)
    if message is None:
        return Proof(batch, None, f"{batch} holds no message at offset {fix.message_offset}")
    if message.erased:
        return Proof(batch, message, "the message was erased; its leaf hash is all that is left")
    decoded = decode_message(batch, message)
    keys = fix_keys(decoded.fixes).tolist()
    said = zip(decoded.serials, decoded.fixes.fix_time_us.tolist(), keys, strict=True)
    if (fix.serial, to_microseconds(fix.fix_time), fix.fix_key) not in set(said):
        return Proof(batch, message, "none of the message's pings gives this position")
    if to_microseconds(fix.received_at) != decoded.fixes.received_us[0]:
        return Proof(batch, message, "the position's receipt is not that of its message")
    return Proof(batch, message, None)


def decode_message(batch: StoredBatch, message: Message) -> Decoded:
    """The pings of a kept message. Its bytes must not have been erased."""
    if message.value is None or message.received_ms is None:
        raise ValueError(f"message {message.offset} of {batch} was erased")
    return decode(
        PartitionBatch(
            partition=batch.partition,
            offsets=[message.offset],
            timestamps_ms=[message.received_ms],
            keys=[message.key],
            values=[message.value],
            next_offset=message.offset + 1,
            lag=0,
        ),
        NO_LIMITS,
    )


def _break_at(batch: StoredBatch | None, goes_on_at: int, *, moved: bool) -> str | None:
    place = "at the beginning" if goes_on_at < 0 else f"behind offset {goes_on_at - 1}"
    if batch is None:
        return f"the chain breaks {place}: no batch follows there, it was removed or its link was changed"
    problem = problem_of(batch)
    if problem:
        return f"{batch}: {problem}"
    if batch.first_offset < goes_on_at and not moved:
        return f"{batch} goes back {place}, and the audit holds no move by an operator there"
    return None


def _break_at_end(head: ChainHead, batches: int, goes_on_at: int, *, moved: bool) -> str | None:
    if batches != head.batches:
        return f"the chain has {batches} batches and the archive {head.batches}: the others belong to no chain"
    if batches and head.next_offset != goes_on_at and not moved:
        return (
            f"the chain ends behind offset {goes_on_at - 1} and the worker goes on at {head.next_offset},"
            " and the audit holds no move by an operator there"
        )
    return None
