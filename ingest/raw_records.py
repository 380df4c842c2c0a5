"""A batch of the raw archive as the row that the store writes."""

from ingest.archive import RawBatch
from model.times import MILLISECOND_US
from store.batch import RawRecord


def raw_record(topic: str, partition: int, kept: RawBatch) -> RawRecord:
    return RawRecord(
        topic=topic,
        partition=partition,
        first_offset=kept.first_offset,
        next_offset=kept.next_offset,
        message_count=kept.message_count,
        received_from_us=kept.received_from_ms * MILLISECOND_US,
        received_to_us=kept.received_to_ms * MILLISECOND_US,
        body=kept.body,
        previous_hash=kept.previous_hash,
        chain_hash=kept.chain_hash,
    )
