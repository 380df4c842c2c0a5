"""The real servers that tests start: that they are real, and that their absence is told plainly."""

import importlib
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest

from tests import conftest
from tests.servers import common, docker, kafka_process, timescale
from tests.servers import kafka as broker
from tests.servers.broker import Kafka
from tests.servers.common import ServerUnavailable
from tests.servers.kafka_process import LocalKafka
from tests.servers.timescale import DatabaseServer
from tests.test_embedded import gone, value

kafka_python: Any = importlib.import_module("kafka")

OWNER = """
import sys, time
from pathlib import Path
from tests.servers.kafka_process import LocalKafka
kafka = LocalKafka(Path(sys.argv[1]))
kafka.start()
print(kafka._process.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def topic(kafka: Kafka) -> str:
    name = f"test-{uuid.uuid4().hex}"
    kafka.create_topic(name, 2)
    return name


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A machine with no servers given, no program on the path and nothing installed."""
    for variable in (broker.VARIABLE, timescale.VARIABLE, "JAVA_HOME", "CI"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(common, "INSTALLED", tmp_path / "servers")
    docker.engine_answers.cache_clear()
    yield tmp_path
    docker.engine_answers.cache_clear()


def send(kafka: Kafka, topic: str, message: bytes) -> None:
    producer = kafka_python.KafkaProducer(bootstrap_servers=kafka.bootstrap_servers, acks="all")
    try:
        producer.send(topic, message).get(timeout=30)
    finally:
        producer.close()


def receive(kafka: Kafka, topic: str, count: int) -> list[bytes]:
    consumer = kafka_python.KafkaConsumer(
        topic,
        bootstrap_servers=kafka.bootstrap_servers,
        group_id=f"group-of-{uuid.uuid4().hex}",
        auto_offset_reset="earliest",
        consumer_timeout_ms=30_000,
    )
    try:
        return [next(consumer).value for _ in range(count)]
    finally:
        consumer.close()


def test_a_record_goes_through_the_broker(kafka: Kafka, topic: str) -> None:
    send(kafka, topic, b"one ping")
    assert receive(kafka, topic, 1) == [b"one ping"]


def test_records_survive_the_broker_s_death(stoppable_kafka: Kafka, topic: str) -> None:
    send(stoppable_kafka, topic, b"before")
    stoppable_kafka.kill()
    stoppable_kafka.start()
    send(stoppable_kafka, topic, b"after the kill")
    stoppable_kafka.stop()
    stoppable_kafka.start()
    assert sorted(receive(stoppable_kafka, topic, 2)) == [b"after the kill", b"before"]


def test_a_frozen_broker_goes_on(stoppable_kafka: Kafka, topic: str) -> None:
    stoppable_kafka.freeze()
    stoppable_kafka.thaw()
    send(stoppable_kafka, topic, b"after the frost")
    assert receive(stoppable_kafka, topic, 1) == [b"after the frost"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_killed_tests_leave_no_broker(tmp_path: Path, kafka: Kafka) -> None:
    if not isinstance(kafka, LocalKafka):
        pytest.skip("the broker is not a process of ours")
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], cwd=common.ROOT, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        server_pid = int(program.stdout.readline())
        program.send_signal(signal.SIGKILL)
    assert gone(server_pid)


def test_hypertables_work(empty_timescale_database: str) -> None:
    url = empty_timescale_database
    value(url, "CREATE EXTENSION IF NOT EXISTS timescaledb")
    value(url, "CREATE TABLE fixes (fix_time timestamptz NOT NULL, device_id integer NOT NULL)")
    assert value(url, "SELECT (create_hypertable('fixes', 'fix_time')).created") is True
    value(url, "INSERT INTO fixes VALUES ('2026-01-01T00:00:00Z', 1), ('2026-03-01T00:00:00Z', 1)")
    assert value(url, "SELECT count(*) FROM show_chunks('fixes')") == 2
    print(value(url, "SELECT version()"))  # noqa: T201 - `pytest -s` then says what the tests ran on
    print("timescaledb.license:", value(url, "SHOW timescaledb.license"))  # noqa: T201
    assert value(url, "SHOW timescaledb.license") in {"apache", "timescale"}


def test_timescale_starts_again_on_its_data(timescale_server: DatabaseServer, empty_timescale_database: str) -> None:
    if isinstance(timescale_server, timescale.GivenServer):
        pytest.skip(f"the server that {timescale.VARIABLE} names is not ours to stop")
    value(empty_timescale_database, "CREATE TABLE kept AS SELECT 7 AS number")
    timescale_server.stop()
    timescale_server.start()
    assert value(empty_timescale_database, "SELECT number FROM kept") == 7


@pytest.mark.parametrize("kind", ["timescale_server", "embedded_server"])
def test_fresh_databases_are_dropped_in_spite_of_open_connections(kind: str, request: pytest.FixtureRequest) -> None:
    server: DatabaseServer = request.getfixturevalue(kind)
    with conftest.fresh_database(server) as url, closing(psycopg2.connect(url)) as left_open:
        name = left_open.info.dbname
        assert value(url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is True
        assert value(server.url(), f"SELECT count(*) FROM pg_database WHERE datname = '{name}'") == 1
    assert value(server.url(), f"SELECT count(*) FROM pg_database WHERE datname = '{name}'") == 0


def test_a_given_broker_is_used(kafka: Kafka, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(broker.VARIABLE, kafka.bootstrap_servers)
    with broker.running_kafka(tmp_path) as given:
        assert given.bootstrap_servers == kafka.bootstrap_servers
        assert not given.controllable
        with pytest.raises(ServerUnavailable, match="not ours to stop"):
            given.stop()


def test_a_given_database_server_is_used(
    timescale_server: DatabaseServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(timescale.VARIABLE, timescale_server.url())
    with timescale.running_timescale(tmp_path) as given, conftest.fresh_database(given) as url:
        assert value(url, "SELECT current_database()") != "postgres"


def test_a_machine_without_java_is_told_so(bare_machine: Path) -> None:
    with pytest.raises(ServerUnavailable, match="no Java"), broker.running_kafka(bare_machine):
        pass


def test_a_machine_with_an_old_java_is_told_so(bare_machine: Path) -> None:
    java = bare_machine / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.20\" 2023-07-18'\n")
    java.chmod(0o755)
    with pytest.raises(ServerUnavailable, match="Java 17 or newer; this is openjdk version"):
        kafka_process._java()


def test_a_machine_without_maven_is_told_so(bare_machine: Path) -> None:
    java = bare_machine / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"21.0.1\"'\n")
    java.chmod(0o755)
    with pytest.raises(ServerUnavailable, match="install Maven, or Docker"), broker.running_kafka(bare_machine):
        pass
    assert not (common.INSTALLED / kafka_process.NAME / ".installed").exists()


def test_a_machine_without_apt_is_told_so(bare_machine: Path) -> None:
    (bare_machine / "bash").symlink_to("/bin/bash")
    with (
        pytest.raises(ServerUnavailable, match="no `apt-get` on this machine"),
        timescale.running_timescale(bare_machine),
    ):
        pass


@pytest.fixture
def noting_docker(bare_machine: Path) -> Path:
    """A docker that only notes what it is asked; the file it notes that in."""
    notes = bare_machine / "notes"
    program = bare_machine / "docker"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >>"{notes}"\necho an-id\n')
    program.chmod(0o755)
    return notes


def test_an_engine_that_answers_runs_the_images(noting_docker: Path) -> None:
    assert docker.engine_answers()
    kafka = broker.ContainerKafka()
    database = timescale.ContainerServer()
    asked = noting_docker.read_text().splitlines()
    assert {broker.IMAGE, timescale.IMAGE} < set(asked)
    port = kafka.bootstrap_servers.rpartition(":")[2]
    assert f"--publish=127.0.0.1:{port}:{port}" in asked
    assert f"--env=KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://127.0.0.1:{port}" in asked
    assert f"--publish=127.0.0.1:{urlsplit(database.url()).port}:5432" in asked
    kafka.close()
    database.remove()
    assert noting_docker.read_text().splitlines()[-4:] == ["rm", "--force", "--volumes", "an-id"]


def test_an_engine_that_does_not_answer_is_not_used(bare_machine: Path) -> None:
    program = bare_machine / "docker"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    assert not docker.engine_answers()


def test_a_broken_installation_is_made_again(bare_machine: Path) -> None:
    recipe = bare_machine / "recipe"
    recipe.write_text("first")
    made: list[str] = []

    def install(folder: Path) -> None:
        made.append(recipe.read_text())
        (folder / "part").touch(exist_ok=False)
        if len(made) == 1:
            raise ServerUnavailable("the network is down")

    with pytest.raises(ServerUnavailable):
        common.installed_once("thing", recipe, install)
    common.installed_once("thing", recipe, install)
    common.installed_once("thing", recipe, install)
    recipe.write_text("second")
    common.installed_once("thing", recipe, install)
    assert made == ["first", "first", "second"]


def test_a_missing_server_is_a_skip_and_in_ci_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="why"):
        conftest.cannot_be_had("why")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="why"):
        conftest.cannot_be_had("why")


def test_the_shared_data_are_real_input(shared_data: Path) -> None:
    assert (shared_data / "tracks").is_dir()
