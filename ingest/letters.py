"""What of a batch becomes dead letters (pure): one for each message and reason, however many items that concerns.

A message is kept whole in its letter. One for each item would keep a message of ten thousand pings ten thousand times.
"""

from collections.abc import Iterable

from geofence.columns import Booleans
from ingest.decode import Decoded
from ingest.source import PartitionBatch
from model.enums import RejectionReason
from model.times import MILLISECOND_US
from store.batch import DeadLetter

NOT_REGISTERED = "device_id: no such device is registered; register it, then replay this dead letter"

BadItem = tuple[int, int, RejectionReason, str]
"""Index of the message in the batch, place of the ping or event in it, why, and in words."""

_Place = tuple[int, RejectionReason]
"""Index of the message in the batch, and why."""


def dead_letters(topic: str, batch: PartitionBatch, found: Decoded, known: Booleans) -> list[DeadLetter]:
    """Letters for what ``decode`` rejected and for fixes of devices that are not ``known``, shape ``(n,)``."""
    return letters_of(topic, batch, (*_rejected(found), *_of_unknown_devices(batch, found, known)))


def letters_of(topic: str, batch: PartitionBatch, bad_items: Iterable[BadItem]) -> list[DeadLetter]:
    """By message and reason; of several items that share both, the first one's place and words."""
    first: dict[_Place, tuple[int, str]] = {}
    count: dict[_Place, int] = {}
    for index, item, reason, detail in bad_items:
        first.setdefault((index, reason), (item, detail))
        count[index, reason] = count.get((index, reason), 0) + 1
    return [
        DeadLetter(
            topic=topic,
            partition=batch.partition,
            message_offset=batch.offsets[index],
            item=item,
            key=batch.keys[index],
            value=batch.values[index],
            reason=reason,
            detail=_detail(detail, count[index, reason]),
            received_us=batch.timestamps_ms[index] * MILLISECOND_US,
            pings=count[index, reason],
        )
        for (index, reason), (item, detail) in sorted(first.items())
    ]


def _rejected(found: Decoded) -> Iterable[BadItem]:
    return ((one.message_index, one.item, one.reason, one.detail) for one in found.rejections)


def _of_unknown_devices(batch: PartitionBatch, found: Decoded, known: Booleans) -> Iterable[BadItem]:
    if known.all():
        return
    index_of = {offset: index for index, offset in enumerate(batch.offsets)}
    for at in (~known).nonzero()[0].tolist():
        index = index_of[int(found.fixes.message_offset[at])]
        yield index, found.item[at], RejectionReason.UNKNOWN_DEVICE, NOT_REGISTERED


def _detail(detail: str, count: int) -> str:
    return detail if count == 1 else f"{detail} (the first of {count} in this message)"
