"""`cordon topics` on a real broker."""

import time
import uuid

import pytest

from ingest.kafka import KafkaPingSource
from ingest.source import PartitionBatch
from store.offsets import BEGINNING
from tests.servers.broker import Kafka
from tests.support.command import Cordon, in_process
from tests.support.outbox import _client


@pytest.fixture
def cordon(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], names: tuple[str, ...]
) -> Cordon:
    monkeypatch.setenv("CORDON_BROKER", "kafka")
    monkeypatch.setenv("CORDON_KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    monkeypatch.setenv("CORDON_KAFKA_PINGS_TOPIC", names[0])
    monkeypatch.setenv("CORDON_KAFKA_EVENTS_TOPIC", names[1])
    monkeypatch.setenv("CORDON_KAFKA_ALERTS_TOPIC", names[2])
    monkeypatch.setenv("CORDON_KAFKA_COMMANDS_TOPIC", names[3])
    return in_process(monkeypatch, capsys)


@pytest.fixture
def names() -> tuple[str, ...]:
    unique = uuid.uuid4().hex
    return tuple(f"{kind}-{unique}" for kind in ("pings", "events", "alerts", "commands"))


def first_batch(kafka: Kafka, topic: str) -> PartitionBatch:
    source = KafkaPingSource(kafka.bootstrap_servers, topic, f"group-{topic}", 10, 6000, 15000)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            polled = source.poll(0.5)
            for partition in polled.gained:
                source.seek(partition, BEGINNING)
            if polled.batches:
                return polled.batches[0]
    finally:
        source.close()
    raise AssertionError("no message came")


def test_the_topics_are_made_once_with_equal_partitions(cordon: Cordon, names: tuple[str, ...]) -> None:
    assert "missing" in cordon("topics", "list")[1]
    assert cordon("topics", "create", "--partitions", "3", "--retention-days", "2")[:2] == (
        0,
        "".join(f"{name}: made, 3 partitions\n" for name in names),
    )
    assert cordon("topics", "create", "--partitions", "3")[:2] == (
        0,
        "".join(f"{name}: already there, 3 partitions\n" for name in names),
    )
    listed = [line.split() for line in cordon("topics", "list")[1].splitlines()[1:]]
    assert listed == [
        [names[0], "3", "1", "LogAppendTime", "2", "days"],
        [names[1], "3", "1", "LogAppendTime", "2", "days"],
        [names[2], "3", "1", "CreateTime", "2", "days"],
        [names[3], "3", "1", "CreateTime", "2", "days"],
    ]


def test_another_count_of_partitions_is_refused(cordon: Cordon, kafka: Kafka, names: tuple[str, ...]) -> None:
    kafka.create_topic(names[0], 2)
    code, _, error = cordon("topics", "create", "--partitions", "3")
    assert code == 1
    assert f"{names[0]} has 2 partitions, not 3" in error
    assert cordon("topics", "list")[1].splitlines()[2].split() == [names[1], "missing"]
    code, out, _ = cordon("topics", "create", "--partitions", "2")
    assert (code, "a wrong clock shifts its receipt" in out) == (0, True)


def test_a_ping_s_receipt_is_the_broker_s_time_whatever_its_sender_says(
    cordon: Cordon, kafka: Kafka, names: tuple[str, ...]
) -> None:
    assert cordon("topics", "create", "--partitions", "1")[0] == 0
    before_ms = int(time.time() * 1000)
    producer = _client.KafkaProducer(bootstrap_servers=kafka.bootstrap_servers, compression_type="lz4")
    for moment_ms in (0, before_ms + 10**9):
        producer.send(names[0], key=b"TAG-1", value=b"{}", timestamp_ms=moment_ms)
    producer.flush()
    producer.close()
    assert all(before_ms <= moment_ms <= time.time() * 1000 for moment_ms in first_batch(kafka, names[0]).timestamps_ms)


def test_what_the_broker_refuses_is_told(cordon: Cordon) -> None:
    code, _, error = cordon("topics", "create", "--replication", "3")
    assert (code, "the broker refuses to make" in error, "replication factor" in error) == (1, True, True)


def test_without_a_broker_the_settings_are_named(cordon: Cordon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORDON_BROKER", "embedded")
    code, _, error = cordon("topics", "list")
    assert (code, "set CORDON_BROKER=kafka" in error) == (1, True)
