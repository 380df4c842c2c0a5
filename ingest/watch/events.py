"""Device events from their topic to their table, each batch with its offsets in one transaction."""

from collections.abc import Callable, Sequence

from ingest.archive import archive
from ingest.event import DecodedEvents, EventLimits, FoundEvent, decode_messages
from ingest.letters import NOT_REGISTERED, letters_of
from ingest.raw_records import raw_record
from ingest.source import PartitionBatch, PingSource
from model.enums import RejectionReason
from model.times import MILLISECOND_US
from ops import metrics
from ops.errors import FencedError, UnavailableError
from ops.logs import get_logger
from store.batch import DeadLetter, write_dead_letters, write_raw
from store.database import Connection
from store.device_events import EventRow, known_serials, record_events
from store.intake import note_heartbeats
from store.locks import limit_lock_wait
from store.offsets import Claim, advance, claim

POLL_S = 0.05
LOCK_WAIT_MS = 5000

log = get_logger("watch")


class EventIntake:
    """Reads the topic of device events; fenced by the offsets of its partitions as a worker is."""

    def __init__(
        self, open_source: Callable[[], PingSource], name: str, lock_patience_s: float, limits: EventLimits
    ) -> None:
        self._open_source = open_source
        self._name = name
        self._lock_patience_s = lock_patience_s
        self._limits = limits
        self._source: PingSource | None = None
        self._claims: dict[int, Claim] = {}

    def round(self, connection: Connection) -> None:
        """Store what waits. Raises UnavailableError when the broker does not answer; the next round starts anew."""
        try:
            if self._source is None:
                self._source = self._open_source()
            self._take(connection, self._source)
        except (FencedError, UnavailableError) as error:
            log.warning("the intake of device events starts anew", reason=str(error))
            self.close()
            if isinstance(error, UnavailableError):
                raise

    def close(self) -> None:
        self._claims.clear()
        if self._source is not None:
            self._source.close()
            self._source = None

    def _take(self, connection: Connection, source: PingSource) -> None:
        while True:
            polled = source.poll(POLL_S)
            for partition in polled.lost | polled.gained:
                self._claims.pop(partition, None)
            for partition in sorted(polled.gained):
                held = claim(connection, source.topic, partition, self._name, self._lock_patience_s)
                self._claims[partition] = held
                source.seek(partition, held.next_offset)
            batches = [batch for batch in polled.batches if batch.partition in self._claims]
            for batch in batches:
                self._store(connection, source.topic, batch)
                source.commit({batch.partition: batch.next_offset})
            if not batches:
                return

    def _store(self, connection: Connection, topic: str, batch: PartitionBatch) -> None:
        held = self._claims[batch.partition]
        if batch.offsets[0] < held.next_offset:
            raise FencedError(f"partition {batch.partition} of {topic} was read from before what is written of it")
        found = decode_messages(batch.keys, batch.values, batch.timestamps_ms, self._limits)
        raw = archive(topic, batch, held.chain_hash)
        with connection, connection.cursor() as cursor:
            limit_lock_wait(cursor, LOCK_WAIT_MS)
            advanced = advance(cursor, held, batch.next_offset, raw.chain_hash)
            if found.heartbeat_ms is not None:
                note_heartbeats(cursor, {(topic, batch.partition): found.heartbeat_ms * MILLISECOND_US})
            write_raw(cursor, [raw_record(topic, batch.partition, raw)])
            known = known_serials(cursor, {one.message.serial for one in found.events})
            events = [one.message for one in found.events if one.message.serial in known]
            unknown = [one for one in found.events if one.message.serial not in known]
            letters = _letters(topic, batch, found, unknown)
            write_dead_letters(cursor, letters)
            stored = record_events(
                cursor, [EventRow(one.serial, one.event, one.sequence, one.original) for one in events]
            )
        self._claims[batch.partition] = advanced
        metrics.DEVICE_EVENTS.labels("stored").inc(stored)
        metrics.DEVICE_EVENTS.labels("repeated").inc(len(events) - stored)
        metrics.DEVICE_EVENTS.labels("rejected").inc(sum(letter.pings for letter in letters))
        for letter in letters:
            metrics.DEAD_LETTERS.labels(letter.reason.value).inc(letter.pings)


def _letters(
    topic: str, batch: PartitionBatch, found: DecodedEvents, unknown: Sequence[FoundEvent]
) -> list[DeadLetter]:
    bad_items = [(one.message_index, one.item, one.reason, one.detail) for one in found.rejections]
    bad_items += [(one.message_index, one.item, RejectionReason.UNKNOWN_DEVICE, NOT_REGISTERED) for one in unknown]
    return letters_of(topic, batch, bad_items)
