"""`cordon offsets`, and workers whose messages the broker has deleted: they stop loudly and skip nothing."""

import getpass
import importlib
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.kafka import KafkaPingSink
from tests.servers.broker import Kafka
from tests.support.command import Cordon, in_process
from tests.support.database import DatabaseUrls
from tests.support.waiting import wait_until
from tests.support.worker_process import WorkerProcess, worker_environment
from tests.support.world import enrol, rows

# kafka-python carries no types
_client: Any = importlib.import_module("kafka")

JUDGED = "SELECT coalesce(sum(message_count), 0) FROM raw_batches"


@pytest.fixture
def topic(kafka: Kafka) -> str:
    name = f"pings-{uuid.uuid4().hex}"
    kafka.create_topic(name, 1)
    return name


@pytest.fixture
def cordon(
    kafka: Kafka,
    topic: str,
    migrated_database: DatabaseUrls,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cordon:
    monkeypatch.setenv("CORDON_BROKER", "kafka")
    monkeypatch.setenv("CORDON_KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    monkeypatch.setenv("CORDON_KAFKA_PINGS_TOPIC", topic)
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", migrated_database.owner)
    return in_process(monkeypatch, capsys)


@pytest.fixture
def worker(kafka: Kafka, topic: str, migrated_database: DatabaseUrls, tmp_path: Path) -> Iterator[WorkerProcess]:
    environment = worker_environment(
        worker_url=migrated_database.worker, bootstrap_servers=kafka.bootstrap_servers, topic=topic
    )
    enrol(migrated_database.owner, ["TAG-1"])
    process = WorkerProcess(environment, tmp_path / "worker.log")
    yield process
    process.kill()


def send(kafka: Kafka, topic: str, count: int) -> None:
    sink = KafkaPingSink(kafka.bootstrap_servers, topic)
    moment = datetime.now(UTC).isoformat()
    ping = {"device_id": "TAG-1", "fix_time": moment, "lat": 51.5, "lon": -0.1}
    sink.append([("TAG-1", json.dumps(ping | {"sequence": number}).encode()) for number in range(count)])
    sink.close()


def delete_before(kafka: Kafka, topic: str, offset: int) -> None:
    admin = _client.KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    admin.delete_records({_client.TopicPartition(topic, 0): offset})
    admin.close()


def judged(database: DatabaseUrls) -> int:
    return int(rows(database.owner, JUDGED)[0][0])


def test_a_worker_stops_at_deleted_messages_until_an_operator_accepts_the_loss(
    kafka: Kafka, topic: str, migrated_database: DatabaseUrls, cordon: Cordon, worker: WorkerProcess
) -> None:
    send(kafka, topic, 5)
    worker.start()
    wait_until(lambda: judged(migrated_database) == 5, 60)
    assert worker.stop() == 0

    send(kafka, topic, 20)
    delete_before(kafka, topic, 12)
    worker.start()
    assert worker.wait() == 1
    log = worker.log_file.read_text()
    assert "is to be read from offset 5, but the broker holds 12 to 25" in log
    assert "cordon offsets set" in log
    assert judged(migrated_database) == 5
    assert "12-25         OUT OF RANGE: cordon offsets set" in cordon("offsets", "list")[1]

    arguments = ("offsets", "set", "--partition", "0", "--offset", "beginning", "--reason", "disk lost, ticket 7")
    code, _, error = cordon(*arguments)
    assert code == 1
    assert "7 messages that the broker has deleted and 0 that it still holds would never be judged" in error
    assert cordon(*arguments, "--yes")[0] == 0
    worker.start()
    wait_until(lambda: judged(migrated_database) == 5 + 13, 60)
    assert cordon("raw", "verify")[:2] == (0, f"{topic}/0: 2 batches, 18 messages, 0 of them erased: verified\n")
    assert rows(
        migrated_database.owner,
        "SELECT subject, purpose, detail->>'from_offset', detail->>'to_offset', detail->>'deleted' FROM audit_log",
    ) == [(getpass.getuser(), "disk lost, ticket 7", "5", "12", "7")]


def test_a_running_worker_stops_when_messages_are_deleted_before_it_gets_to_them(
    kafka: Kafka, topic: str, migrated_database: DatabaseUrls, worker: WorkerProcess
) -> None:
    send(kafka, topic, 5)
    worker.start()
    wait_until(lambda: judged(migrated_database) == 5, 60)
    worker.freeze()
    send(kafka, topic, 20)
    delete_before(kafka, topic, 12)
    worker.thaw()
    assert worker.wait() == 1
    assert "is to be read from offset 5, but the broker holds 12 to 25" in worker.log_file.read_text()
    assert judged(migrated_database) == 5


def test_a_running_worker_is_fenced_and_goes_on_where_it_is_told(
    kafka: Kafka, topic: str, migrated_database: DatabaseUrls, cordon: Cordon, worker: WorkerProcess
) -> None:
    send(kafka, topic, 10)
    worker.start()
    wait_until(lambda: judged(migrated_database) == 10, 60)
    code, out, _ = cordon("offsets", "set", "--partition", "0", "--offset", "4", "--reason", "read again")
    assert (code, "goes on at 4, was 10" in out) == (0, True)
    send(kafka, topic, 1)
    wait_until(lambda: judged(migrated_database) == 10 + 7, 60)
    assert "fenced" in worker.log_file.read_text()
    assert rows(migrated_database.owner, "SELECT count(*) FROM positions")[0][0] == 11
    assert cordon("raw", "verify")[0] == 0
    assert cordon("offsets", "list")[1].splitlines()[1].split()[3] == "11"
    assert cordon("offsets", "list")[1].splitlines()[1].split()[-2:] == ["0-11", "0"]


def test_skipping_needs_a_yes_and_tells_how_many(kafka: Kafka, topic: str, cordon: Cordon) -> None:
    send(kafka, topic, 10)
    assert cordon("offsets", "list")[1].splitlines()[1].split()[-2:] == ["0-10", "10"]
    skip = ("offsets", "set", "--partition", "0", "--offset", "end", "--reason", "rubbish from a test rig")
    assert "and 10 that it still holds would never be judged" in cordon(*skip)[2]
    assert "never claimed" in cordon("offsets", "list")[1]
    assert cordon(*skip, "--yes")[0] == 0
    assert cordon("offsets", "list")[1].splitlines()[1].split()[1:5] == ["0", "1", "10", "operator"]


@pytest.mark.parametrize(
    ("partition", "offset", "reason", "complaint"),
    [
        ("0", "99", "why", "the broker holds offsets 0 to 0: 99 is not among them"),
        ("0", "latest", "why", "'latest' is no offset"),
        ("7", "end", "why", "has no partition 7: it has [0]"),
        ("0", "end", " ", "the reason is empty"),
    ],
)
def test_what_cannot_be_set_is_refused(
    cordon: Cordon, partition: str, offset: str, reason: str, complaint: str
) -> None:
    code, _, error = cordon("offsets", "set", "--partition", partition, "--offset", offset, "--reason", reason)
    assert (code, complaint in error) == (1, True), error
