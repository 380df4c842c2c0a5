"""The small interface behind which pings wait: Kafka, or the embedded database's own queue."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from model.device_events import DeviceEvent


@dataclass(frozen=True, slots=True)
class PartitionBatch:
    """Messages of one partition in the order of their offsets; the lists are of equal length."""

    partition: int
    offsets: list[int]
    timestamps_ms: list[int]  # the broker's time of each message, milliseconds since 1970 UTC
    keys: list[bytes | None]
    values: list[bytes]
    next_offset: int  # where to go on once this batch is written
    lag: int  # messages of the partition behind this batch


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll found. ``lost`` partitions are dropped before ``gained`` ones are claimed."""

    lost: frozenset[int]
    gained: frozenset[int]
    batches: list[PartitionBatch]


class PingSource(Protocol):
    """Where a worker takes messages from. Offsets are kept in the database; the source is told where to go on."""

    topic: str

    def poll(self, timeout_s: float) -> Polled:
        """Messages of the partitions that were sought, and changes of the assignment since the last poll.

        Raises UnavailableError when the broker does not answer.
        """
        ...

    def seek(self, partition: int, offset: int) -> None:
        """Go on from ``offset``: called once for each gained partition after it was claimed.

        Raises ConfigurationError when the offset is no longer there: messages were lost before they were judged.
        """
        ...

    def commit(self, next_offsets: dict[int, int]) -> None:
        """What was written: for the broker's own lag figures, and for the queue to let go; nothing is read by it."""
        ...

    def partition_count(self) -> int:
        """How many partitions the topic has, as far as the source knows it; at least 1."""
        ...

    def rejoin(self) -> None:
        """Give every partition up and ask for an assignment anew: another worker has taken one over."""
        ...

    def close(self) -> None: ...


class PingSink(Protocol):
    """Where a gateway puts messages."""

    def append(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Append (device serial, JSON) pairs; returns only once all of them are durable.

        Raises UnavailableError when they could not be made durable; some may have been, and a repeated ping is
        stored once, so the sender sends all of them again.
        """
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class EventMessage:
    """One event as it came; ``original`` is its JSON, byte for byte."""

    serial: str
    event: DeviceEvent
    sequence: int | None
    original: bytes


class EventSink(Protocol):
    """Where a gateway puts device events."""

    def append(self, messages: Sequence[EventMessage]) -> None:
        """Returns only once all of them are durable; UnavailableError otherwise, and a repeated one is stored once."""
        ...

    def close(self) -> None: ...
