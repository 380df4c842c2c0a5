"""Kafka as the place where pings wait. Offsets live in our database; the broker's own are kept for its lag figures."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from ingest.source import PartitionBatch, Polled
from ops.broker import PLAIN, require_broker
from ops.errors import ConfigurationError, UnavailableError
from store.offsets import BEGINNING

FETCH_BYTES = 4 * 1024 * 1024  # a partition's share of a fetch: some 16,000 pings
FETCH_WAIT_MS = 100
APPEND_TIMEOUT_S = 10
PRODUCER_BATCH_BYTES = 128 * 1024  # larger ones are parsed 1.6 times as fast
LATEST_MS = 253_402_300_799_999  # the end of the year 9999
ASK_EVERY_S = 2.0  # whether the broker is there, while nothing comes from it
CONNECTION = {"bootstrap_timeout_ms": 5000, "reconnect_backoff_max_ms": 2000}  # back soon after the broker is
PLACEHOLDER_OFFSET = 0  # of a partition that is paused until it is claimed


class _Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python carries no types
    """Runs on the client's I/O thread, which sends the heartbeats: it only notes and pauses."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lost: set[int] = set()
        self._gained: set[int] = set()
        self.consumer: KafkaConsumer | None = None

    def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        with self._lock:
            self._lost |= {partition.partition for partition in revoked}
            self._gained -= {partition.partition for partition in revoked}

    on_partitions_lost = on_partitions_revoked

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        if self.consumer is not None:
            for partition in assigned:
                self.consumer.pause(partition)
                self.consumer.seek(partition, PLACEHOLDER_OFFSET)
        with self._lock:
            self._gained |= {partition.partition for partition in assigned}

    def take(self) -> tuple[frozenset[int], frozenset[int]]:
        """(lost, gained) since the last call."""
        with self._lock:
            lost, gained = frozenset(self._lost), frozenset(self._gained)
            self._lost.clear()
            self._gained.clear()
        return lost, gained


class KafkaPingSource:
    """One member of the workers' consumer group."""

    def __init__(
        self,
        bootstrap_servers: str,
        topic: str,
        group: str,
        batch_size: int,
        session_timeout_ms: int,
        max_poll_interval_ms: int,
        security: Mapping[str, Any] = PLAIN,
    ) -> None:
        self.topic = topic
        self._batch_size = batch_size
        self._bootstrap_servers = bootstrap_servers
        self._ask_at = 0.0
        self._sought: set[int] = set()
        self._assignment = _Assignment()
        with _as_unavailable():
            self._consumer = KafkaConsumer(
                bootstrap_servers=bootstrap_servers.split(","),
                group_id=group,
                enable_auto_commit=False,
                auto_offset_reset="none",
                # co-partitioned topics must give one worker the same partition of each
                partition_assignment_strategy=(RangePartitionAssignor,),
                session_timeout_ms=session_timeout_ms,
                heartbeat_interval_ms=session_timeout_ms // 4,
                max_poll_interval_ms=max_poll_interval_ms,
                max_poll_records=batch_size,
                max_partition_fetch_bytes=FETCH_BYTES,
                fetch_max_wait_ms=FETCH_WAIT_MS,
                allow_auto_create_topics=False,
                **CONNECTION,
                **security,
            )
            self._require_topic()
            self._assignment.consumer = self._consumer
            self._consumer.subscribe([topic], listener=self._assignment)

    def poll(self, timeout_s: float) -> Polled:
        with _as_unavailable():
            records = self._consumer.poll(timeout_ms=int(timeout_s * 1000))
        self._require_answer(got_something=bool(records))
        lost, gained = self._assignment.take()
        self._sought -= lost | gained
        batches = [
            self._batch(partition, found)
            for partition, found in sorted(records.items())
            if partition.partition in self._sought and found
        ]
        return Polled(lost, gained, batches)

    def seek(self, partition: int, offset: int) -> None:
        where = TopicPartition(self.topic, partition)
        with _as_unavailable():
            first = self._consumer.beginning_offsets([where])[where]
            end = self._consumer.end_offsets([where])[where]
        if offset == BEGINNING:
            offset = first
        if not first <= offset <= end:
            raise ConfigurationError(
                f"partition {partition} of {self.topic} is to be read from offset {offset}, but the broker holds"
                f" {first} to {end}: messages were deleted before they were judged, or the topic was made anew."
                " Restore the topic, or accept the loss with `cordon offsets set` (docs/operations.md)"
            )
        try:
            self._consumer.seek(where, offset)
            self._consumer.resume(where)
        except (KafkaError, KeyError, ValueError, AssertionError):  # by the client's own account and its code's
            return  # taken away again meanwhile: the next poll says so
        self._sought.add(partition)

    def commit(self, next_offsets: dict[int, int]) -> None:
        with _as_unavailable():
            self._consumer.commit_async(
                {
                    TopicPartition(self.topic, partition): OffsetAndMetadata(offset, "", -1)
                    for partition, offset in next_offsets.items()
                }
            )

    def partition_count(self) -> int:
        with _as_unavailable():
            return len(self._consumer.partitions_for_topic(self.topic) or ()) or 1

    def rejoin(self) -> None:
        self._sought.clear()
        with _as_unavailable():
            self._consumer.unsubscribe()
            self._assignment.take()  # what was gained before is not ours any more: claiming it would steal it back
            self._consumer.subscribe([self.topic], listener=self._assignment)

    def close(self) -> None:
        self._consumer.close()

    def _require_answer(self, *, got_something: bool) -> None:
        """A poll of a broker that is away finds nothing and raises nothing. Raises UnavailableError then."""
        now = time.monotonic()
        if not got_something:
            if now < self._ask_at:
                return
            require_broker(self._bootstrap_servers)
        self._ask_at = now + ASK_EVERY_S

    def _batch(self, where: TopicPartition, records: Sequence[Any]) -> PartitionBatch:
        next_offset = records[-1].offset + 1
        highwater = self._consumer.highwater(where)
        return PartitionBatch(
            partition=where.partition,
            offsets=[record.offset for record in records],
            timestamps_ms=[_time_ms(record.timestamp) for record in records],
            keys=[record.key for record in records],
            values=[record.value or b"" for record in records],
            next_offset=next_offset,
            lag=max(0, (highwater or next_offset) - next_offset),
        )

    def _require_topic(self) -> None:
        if not self._consumer.partitions_for_topic(self.topic):
            self._consumer.close()
            raise ConfigurationError(
                f"the topic {self.topic} does not exist: make it with `cordon topics create --partitions 4`"
            )


class KafkaPingSink:
    """Appends to the topic, keyed by device; safe to share between threads."""

    def __init__(self, bootstrap_servers: str, topic: str, security: Mapping[str, Any] = PLAIN) -> None:
        self._topic = topic
        with _as_unavailable():
            self._producer = KafkaProducer(
                bootstrap_servers=bootstrap_servers.split(","),
                acks="all",
                enable_idempotence=True,  # a retry neither doubles nor reorders
                linger_ms=2,
                batch_size=PRODUCER_BATCH_BYTES,
                compression_type="lz4",
                delivery_timeout_ms=APPEND_TIMEOUT_S * 1000,
                request_timeout_ms=APPEND_TIMEOUT_S * 500,
                max_block_ms=APPEND_TIMEOUT_S * 1000,
                **CONNECTION,
                **security,
            )

    def append(self, messages: Sequence[tuple[str, bytes]]) -> None:
        with _as_unavailable():
            sent = [
                self._producer.send(self._topic, key=serial.encode(), value=payload) for serial, payload in messages
            ]
            for future in sent:
                future.get(timeout=APPEND_TIMEOUT_S)

    def close(self) -> None:
        self._producer.close()


def _time_ms(timestamp: int) -> int:
    """A record's time as far as it is one: a producer may send any 64-bit number, and -1 for none."""
    return min(max(timestamp, 0), LATEST_MS)


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except KafkaError as error:
        raise UnavailableError(f"the Kafka broker does not answer: {error}") from None
