"""The chain of the archive: any erasure keeps it whole, any other change is found (pure)."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
import zstandard
from hypothesis import assume, given
from hypothesis import strategies as st

from ingest.archive import Message, archive, erase, messages
from ingest.evidence import ChainReport, verify_chain
from ingest.source import PartitionBatch
from store.offsets import GENESIS_HASH
from store.raw_batches import ChainHead, StoredBatch

TOPIC = "tag.pings"
MOMENT = datetime(2026, 3, 1, tzinfo=UTC)
MOMENT_MS = int(MOMENT.timestamp() * 1000)


@st.composite
def chains(draw: st.DrawFn) -> list[StoredBatch]:
    """A few batches of a few messages, with offsets left out as a compacted topic does."""
    stored: list[StoredBatch] = []
    previous_hash, offset = GENESIS_HASH, draw(st.integers(0, 5))
    for size in draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)):
        offsets = []
        for _ in range(size):
            offsets.append(offset)
            offset += draw(st.integers(1, 3))
        batch = PartitionBatch(
            partition=0,
            offsets=offsets,
            timestamps_ms=[MOMENT_MS] * size,
            keys=draw(st.lists(st.none() | st.binary(max_size=6), min_size=size, max_size=size)),
            values=draw(st.lists(st.binary(max_size=30), min_size=size, max_size=size)),
            next_offset=offsets[-1] + 1,
            lag=0,
        )
        kept = archive(TOPIC, batch, previous_hash)
        previous_hash = kept.chain_hash
        stored.append(
            StoredBatch(
                TOPIC,
                0,
                kept.first_offset,
                kept.next_offset,
                kept.message_count,
                MOMENT,
                MOMENT,
                kept.body,
                kept.previous_hash,
                kept.chain_hash,
            )
        )
    return stored


def head_of(chain: list[StoredBatch]) -> ChainHead:
    return ChainHead(TOPIC, 0, chain[-1].chain_hash, chain[-1].next_offset, len(chain))


def verify(chain: list[StoredBatch], head: ChainHead, moves: frozenset[bytes] = frozenset()) -> ChainReport:
    return verify_chain(head, {batch.previous_hash: batch for batch in chain}.get, moves)


def holds_the_same(changed: bytes, original: bytes) -> bool:
    """Some bits of a compressed frame say nothing: whoever reads it reads the same messages."""
    try:
        return messages(changed) == messages(original)
    except ValueError:
        return False


@given(chains())
def test_a_chain_as_it_was_written_verifies(chain: list[StoredBatch]) -> None:
    count = sum(batch.message_count for batch in chain)
    assert verify(chain, head_of(chain)) == ChainReport(len(chain), count, 0, None)


@given(chains(), st.data())
def test_any_erasure_leaves_the_chain_whole_and_no_byte_of_the_erased(
    chain: list[StoredBatch], data: st.DataObject
) -> None:
    offsets = [message.offset for batch in chain for message in messages(batch.body)]
    erased = data.draw(st.sets(st.sampled_from(offsets)))
    left = []
    for batch in chain:
        body, _ = erase(batch.body, lambda message: message.offset in erased)
        left.append(replace(batch, body=body))
    assert verify(left, head_of(chain)) == ChainReport(len(chain), len(offsets), len(erased), None)
    for message in (message for batch in left for message in messages(batch.body)):
        assert message.erased == (message.offset in erased)
        if message.erased:
            assert (message.received_ms, message.salt, message.key, message.value) == (None,) * 4


@given(chains(), st.data())
def test_any_bit_that_changes_a_message_is_found(chain: list[StoredBatch], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(chain) - 1))
    body = bytearray(chain[place].body)
    bit = data.draw(st.integers(0, 2**31)) % (len(body) * 8)  # salts are random, and so is a body's length
    body[bit // 8] ^= 1 << bit % 8
    changed = [*chain[:place], replace(chain[place], body=bytes(body)), *chain[place + 1 :]]
    report = verify(changed, head_of(chain))
    assert report.broken or holds_the_same(bytes(body), chain[place].body)
    if report.broken:
        assert str(chain[place]) in report.broken
        assert report.batches == place


@given(chains(), st.data())
def test_a_removed_batch_is_found(chain: list[StoredBatch], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(chain) - 1))
    report = verify(chain[:place] + chain[place + 1 :], replace(head_of(chain), batches=len(chain) - 1))
    assert report.broken
    assert report.batches == place


@given(chains(), st.data())
def test_batches_in_each_other_s_place_are_found(chain: list[StoredBatch], data: st.DataObject) -> None:
    assume(len(chain) > 1)
    one, other = sorted(data.draw(st.sets(st.integers(0, len(chain) - 1), min_size=2, max_size=2)))
    swapped = list(chain)
    swapped[one] = replace(chain[other], previous_hash=chain[one].previous_hash)
    swapped[other] = replace(chain[one], previous_hash=chain[other].previous_hash)
    report = verify(swapped, head_of(chain))
    assert report.broken
    assert report.batches == one


@given(chains(), st.sampled_from(["first_offset", "next_offset", "message_count"]), st.sampled_from([-1, 1]))
def test_a_changed_place_is_found(chain: list[StoredBatch], column: str, by: int) -> None:
    changed = replace(chain[-1], **{column: getattr(chain[-1], column) + by})
    assert verify([*chain[:-1], changed], head_of(chain)).broken


@given(chains())
def test_a_message_put_in_or_taken_out_is_found(chain: list[StoredBatch]) -> None:
    kept = messages(chain[0].body)
    for forged in (kept[1:], [*kept, kept[-1]]):
        body = zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(forged))
        assert verify([replace(chain[0], body=body), *chain[1:]], head_of(chain)).broken


@given(chains())
def test_bytes_beside_a_leaf_are_not_believed(chain: list[StoredBatch]) -> None:
    kept = messages(chain[0].body)
    forged = [Message(kept[0].offset, None, None, b"TAG-2", b"another ping", kept[0].hash()), *kept[1:]]
    body = zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(forged))
    report = verify([replace(chain[0], body=body), *chain[1:]], head_of(chain))
    assert "neither kept nor erased" in (report.broken or "")


@given(chains())
def test_a_head_that_is_not_the_chain_s_is_found(chain: list[StoredBatch]) -> None:
    head = head_of(chain)
    assert "no batch follows" in (verify(chain, replace(head, chain_hash=bytes([1] * 32))).broken or "")
    assert "belong to no chain" in (verify(chain, replace(head, batches=len(chain) + 1)).broken or "")
    assert "goes on at 10000" in (verify(chain, replace(head, next_offset=10_000)).broken or "")
    assert "partition_offsets is missing" in (verify(chain, replace(head, chain_hash=None)).broken or "")


def batch_at(offset: int, previous_hash: bytes) -> StoredBatch:
    found = PartitionBatch(0, [offset], [MOMENT_MS], [b"TAG-1"], [b"{}"], offset + 1, 0)
    kept = archive(TOPIC, found, previous_hash)
    return StoredBatch(TOPIC, 0, offset, offset + 1, 1, MOMENT, MOMENT, kept.body, kept.previous_hash, kept.chain_hash)


def test_offsets_go_back_only_where_an_operator_moved_the_partition() -> None:
    first = batch_at(7, GENESIS_HASH)
    again = batch_at(0, first.chain_hash)
    assert "goes back behind offset 7" in (verify([first, again], head_of([first, again])).broken or "")
    assert verify([first, again], head_of([first, again]), frozenset({first.chain_hash})).broken is None


@pytest.mark.parametrize("body", [b"", b"\x28\xb5\x2f\xfd", b"\x28\xb5\x2f\xfd\xe0" + b"\xff" * 8, b"rubbish"])
def test_a_body_that_is_no_batch_is_damage_and_no_crash(body: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        messages(body)
