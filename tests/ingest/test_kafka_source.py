"""The Kafka source on a real broker: whose a partition is, and that nothing is read that was not sought."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaError

from ingest.kafka import LATEST_MS, KafkaPingSink, KafkaPingSource, _Assignment, _time_ms
from ingest.source import Polled
from ops.errors import ConfigurationError
from store.offsets import BEGINNING
from tests.servers.broker import Kafka
from tests.support.database import DatabaseUrls
from tests.support.pings import START_US, ping
from tests.support.waiting import wait_until
from tests.support.worker_process import WorkerProcess, worker_environment
from tests.support.worker_thread import worker_on
from tests.support.world import enrol, rows

SESSION_MS = 6000
PARTITIONS = 4
JOIN_S = 30
MESSAGES = 400


@pytest.fixture
def topic(kafka: Kafka) -> str:
    name = f"pings.{uuid.uuid4().hex[:8]}"
    kafka.create_topic(name, PARTITIONS)
    return name


def fill(kafka: Kafka, topic: str, count: int = MESSAGES, first: int = 0) -> None:
    sink = KafkaPingSink(kafka.bootstrap_servers, topic)
    sink.append([(f"TAG-{number % 40}", str(number).encode()) for number in range(first, first + count)])
    sink.close()


def open_source(kafka: Kafka, topic: str) -> KafkaPingSource:
    return KafkaPingSource(kafka.bootstrap_servers, topic, f"group-{topic}", 50, SESSION_MS, 15_000)


class Reader:
    """A member of the group that seeks what it gains to where the test says, and keeps what it was given."""

    def __init__(self, source: KafkaPingSource, offset: int = BEGINNING) -> None:
        self.source = source
        self.offset = offset
        self.owned: set[int] = set()
        self.sought: set[int] = set()
        self.seen: dict[int, list[int]] = {}
        self.values: list[bytes] = []
        self.unsought: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def turn(self, *, seek: bool = True) -> Polled:
        polled = self.source.poll(0.2)
        self.owned = (self.owned - polled.lost) | polled.gained
        self.sought -= polled.lost | polled.gained
        for batch in polled.batches:
            if batch.partition not in self.sought:
                self.unsought.append(batch.partition)
            self.seen.setdefault(batch.partition, []).extend(batch.offsets)
            self.values += batch.values
        for partition in polled.gained if seek else ():
            self.source.seek(partition, self.offset)
            self.sought.add(partition)
        return polled

    @contextmanager
    def running(self) -> Iterator["Reader"]:
        self._thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            self._thread.join(JOIN_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.turn()


@contextmanager
def reader(kafka: Kafka, topic: str, offset: int = BEGINNING) -> Iterator[Reader]:
    source = open_source(kafka, topic)
    try:
        yield Reader(source, offset)
    finally:
        source.close()


def turn_until_owned(one: Reader, wanted: set[int], *, seek: bool = True) -> None:
    deadline = time.monotonic() + JOIN_S
    while one.owned != wanted:
        assert time.monotonic() < deadline, f"owns {one.owned}"
        one.turn(seek=seek)


def test_a_topic_that_is_missing_is_a_matter_of_configuration(kafka: Kafka) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        open_source(kafka, f"missing.{uuid.uuid4().hex[:8]}")


def test_two_members_share_the_partitions_and_nothing_comes_unsought(kafka: Kafka, topic: str) -> None:
    fill(kafka, topic)
    everything = set(range(PARTITIONS))
    with reader(kafka, topic) as one, one.running():
        wait_until(lambda: one.owned == everything and len(one.values) >= MESSAGES, JOIN_S)
        assert sorted(map(int, one.values)) == list(range(MESSAGES))
        with reader(kafka, topic) as other, other.running():
            wait_until(lambda: len(one.owned) == len(other.owned) == PARTITIONS // 2, JOIN_S, "an even share")
            assert one.owned | other.owned == everything
            fill(kafka, topic, MESSAGES, first=MESSAGES)
            wait_until(lambda: len({*one.values, *other.values}) == 2 * MESSAGES, JOIN_S, "what came after")
        wait_until(lambda: one.owned == everything, JOIN_S, "the other's share after it has left")
    assert one.unsought == other.unsought == []
    for found in (*one.seen.values(), *other.seen.values()):
        assert all(later == 0 or later == before + 1 for before, later in pairwise(found))


def test_nothing_comes_of_a_partition_before_it_is_sought(kafka: Kafka, topic: str) -> None:
    fill(kafka, topic)
    with reader(kafka, topic) as one:
        turn_until_owned(one, set(range(PARTITIONS)), seek=False)
        for _ in range(5):
            assert one.turn(seek=False).batches == []
        one.source.seek(2, BEGINNING)
        one.sought.add(2)
        wait_until(lambda: bool(one.turn(seek=False).batches))
        assert set(one.seen) == {2}


def test_reading_goes_on_exactly_where_it_was_told(kafka: Kafka, topic: str) -> None:
    fill(kafka, topic)
    with reader(kafka, topic, offset=7) as one:
        turn_until_owned(one, set(range(PARTITIONS)))
        wait_until(lambda: one.turn() is not None and set(one.seen) == set(range(PARTITIONS)))
    assert {offsets[0] for offsets in one.seen.values()} == {7}


@pytest.mark.parametrize("offset", [10_000, 2**62])
def test_an_offset_that_the_broker_does_not_hold_is_said(kafka: Kafka, topic: str, offset: int) -> None:
    with reader(kafka, topic) as one:
        turn_until_owned(one, set(range(PARTITIONS)), seek=False)
        with pytest.raises(ConfigurationError, match="messages were deleted"):
            one.source.seek(0, offset)


def test_a_partition_that_was_taken_away_before_its_seek_is_passed_over(kafka: Kafka, topic: str) -> None:
    with reader(kafka, topic) as one:
        one.source.seek(0, BEGINNING)  # nothing is assigned yet
        turn_until_owned(one, set(range(PARTITIONS)))
        assert one.unsought == []


def test_rejoining_gives_everything_up_and_gets_it_anew(kafka: Kafka, topic: str) -> None:
    fill(kafka, topic)
    everything = frozenset(range(PARTITIONS))
    with reader(kafka, topic) as one:
        turn_until_owned(one, set(everything))
        one.source.rejoin()
        one.owned.clear()
        one.sought.clear()
        turn_until_owned(one, set(everything))
        one.seen.clear()
        wait_until(lambda: one.turn() is not None and set(one.seen) == everything)
        assert {offsets[0] for offsets in one.seen.values()} == {0}
    assert one.unsought == []


def test_what_was_gained_before_rejoining_is_not_claimed_after_it(kafka: Kafka, topic: str) -> None:
    """It may be another worker's by then: claiming it would steal it back."""
    with reader(kafka, topic) as one:
        turn_until_owned(one, set(range(PARTITIONS)))
        one.source._assignment._gained |= {0, 1}  # noted since the last poll
        one.source.rejoin()
        assert one.source._assignment.take() == (frozenset(), frozenset())


@pytest.mark.parametrize(
    ("notes", "lost", "gained"),
    [
        ("+0 +1", set(), {0, 1}),
        ("-0", {0}, set()),
        ("-0 +0", {0}, {0}),
        ("+0 -0", {0}, set()),
        ("-0 +0 -0", {0}, set()),
        ("-0 -1 +1 +2", {0, 1}, {1, 2}),
    ],
)
def test_what_happened_between_two_polls_is_told_in_the_order_that_matters(
    notes: str, lost: set[int], gained: set[int]
) -> None:
    """Lost partitions are dropped before gained ones are claimed."""
    assignment = _Assignment()
    for note in notes.split():
        partition = [_Partition(int(note[1:]))]
        if note[0] == "+":
            assignment.on_partitions_assigned(partition)
        else:
            assignment.on_partitions_lost(partition)
    assert assignment.take() == (frozenset(lost), frozenset(gained))
    assert assignment.take() == (frozenset(), frozenset())


class _Partition:
    def __init__(self, partition: int) -> None:
        self.partition = partition


@pytest.mark.parametrize(
    ("sent", "used"), [(-1, 0), (-(2**63), 0), (0, 0), (START_US // 1000, START_US // 1000), (2**63 - 1, LATEST_MS)]
)
def test_a_records_time_is_one_that_can_be_stored(sent: int, used: int) -> None:
    assert _time_ms(sent) == used


@pytest.mark.timeout(240)
def test_a_worker_goes_on_after_the_broker_was_away(
    stoppable_kafka: Kafka, topic: str, migrated_database: DatabaseUrls, tmp_path: Path
) -> None:
    enrol(migrated_database.owner, ["TAG-1"])
    moment = int(time.time() - 3600) * 1_000_000

    def send(first: int) -> None:
        sink = KafkaPingSink(stoppable_kafka.bootstrap_servers, topic)
        sink.append([("TAG-1", ping("TAG-1", moment + number * 1_000_000)) for number in range(first, first + 20)])
        sink.close()

    def stored(count: int) -> bool:
        return rows(migrated_database.owner, "SELECT count(*) FROM positions") == [(count,)]

    # in a process of its own: the client leaves sockets of refused attempts to the garbage collector
    worker = WorkerProcess(
        worker_environment(
            worker_url=migrated_database.worker, bootstrap_servers=stoppable_kafka.bootstrap_servers, topic=topic
        ),
        tmp_path / "worker.log",
    )
    worker.start()
    try:
        send(0)
        wait_until(lambda: stored(20), JOIN_S)
        stoppable_kafka.stop()
        time.sleep(2)
        assert worker.running
        stoppable_kafka.start()
        send(20)
        wait_until(lambda: stored(40), 60, "what was sent after the broker came back")
        assert worker.running
        assert worker.stop() == 0
    finally:
        worker.kill()
    assert rows(migrated_database.owner, "SELECT sum(message_count) FROM raw_batches") == [(40,)]


def send_record(kafka: Kafka, topic: str, key: bytes | None, value: bytes | None, timestamp_ms: int | None) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap_servers, enable_idempotence=False, retries=0)
    try:
        producer.send(topic, key=key, value=value, timestamp_ms=timestamp_ms, partition=0).get(10)
    finally:
        producer.close()


def test_a_record_without_key_value_or_honest_time_is_a_dead_letter(
    kafka: Kafka, topic: str, migrated_database: DatabaseUrls
) -> None:
    enrol(migrated_database.owner, ["TAG-1"])
    good = ping("TAG-1", int(time.time()) * 1_000_000)
    wild = [(b"TAG-1", good, timestamp_ms) for timestamp_ms in (1, -(10**15), 10**18)]
    taken = 0
    for record in ((None, good, None), (b"TAG-1", None, None), (b"\xff", good, None), *wild, (b"TAG-1", good, None)):
        with suppress(KafkaError):  # a broker of today refuses some of the wild times
            send_record(kafka, topic, *record)
            taken += record in wild
    with worker_on(migrated_database, open_source(kafka, topic)) as worker:
        wait_until(lambda: not worker.alive or rows(migrated_database.owner, "SELECT FROM positions") != [], JOIN_S)
        assert worker.error is None, worker.error
    reasons = rows(migrated_database.owner, "SELECT reason FROM dead_letters ORDER BY message_offset")
    assert reasons == [("no_key",), ("empty",), ("key_mismatch",)]
    kept = rows(migrated_database.owner, "SELECT count(*) FROM quarantined_positions")
    assert 0 < kept[0][0] <= taken  # of one content: stored once
