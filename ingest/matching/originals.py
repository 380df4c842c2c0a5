"""Whether the original bytes of their messages prove the positions that a bundle reports."""

from collections.abc import Mapping, Sequence

from crimes.evidence.dossier import OriginalMessage
from crimes.evidence.inputs import Inputs
from crimes.evidence.observed import Serials
from ingest.evidence import prove
from model.crimes import MatchedPosition
from model.times import from_microseconds
from store.database import Cursor
from store.raw_batches import StoredBatch, StoredFix, find_batches

NOT_ARCHIVED = "the archive holds no such message"

Place = tuple[int, int]
"""Partition and offset of a message."""


def original_messages(
    cursor: Cursor, positions: Sequence[MatchedPosition], inputs: Inputs, serials: Serials
) -> tuple[OriginalMessage, ...]:
    """In the order of the positions, which are among the inputs."""
    fixes = _fixes(inputs, serials)
    found: list[OriginalMessage] = []
    batches: list[StoredBatch] = []
    for one in positions:
        fix = fixes[one.device_id, one.fix_time_us, one.fix_key]
        if not any(_holds(batch, fix) for batch in batches):  # the next position is mostly in the same batch
            batches = find_batches(cursor, fix.partition, fix.message_offset)
        found.append(_original(fix, one.fix_time_us, [batch for batch in batches if _holds(batch, fix)]))
    return tuple(found)


def _fixes(inputs: Inputs, serials: Serials) -> Mapping[tuple[int, int, int], StoredFix]:
    rows, fixes = inputs.tracks.rows, inputs.tracks.rows.fixes
    columns = (rows.device_id, fixes.fix_time_us, rows.fix_key, fixes.received_us, rows.partition, fixes.message_offset)
    return {
        (device, time_us, key): StoredFix(
            serials[device],
            from_microseconds(time_us),
            key,
            from_microseconds(received_us),
            partition,
            offset,
            quarantined=False,
        )
        for device, time_us, key, received_us, partition, offset in zip(*(one.tolist() for one in columns), strict=True)
    }


def _holds(batch: StoredBatch, fix: StoredFix) -> bool:
    return batch.partition == fix.partition and batch.first_offset <= fix.message_offset < batch.next_offset


def _original(fix: StoredFix, fix_time_us: int, batches: Sequence[StoredBatch]) -> OriginalMessage:
    proofs = [prove(fix, batch) for batch in batches]
    proof = min(proofs, key=lambda one: one.problem is not None, default=None)
    return OriginalMessage(
        serial=fix.serial,
        fix_time_us=fix_time_us,
        fix_key=fix.fix_key,
        topic=proof.batch.topic if proof else "",
        partition=fix.partition,
        message_offset=fix.message_offset,
        leaf=proof.message.hash().hex() if proof and proof.message else None,
        chain=proof.batch.chain_hash.hex() if proof else None,
        problem=proof.problem if proof else NOT_ARCHIVED,
    )
