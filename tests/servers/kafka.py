"""A real Apache Kafka for the tests: a given one, a container, or a broker of one process from Maven's jars (KRaft)."""

import importlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import uuid
from abc import ABC, abstractmethod
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from store.die_with_parent import wrapped
from tests.servers.common import INSTALL_SECONDS, ServerUnavailable, free_port, installed_once, run_tool, tool
from tests.servers.docker import Container, engine_answers

VARIABLE = "CORDON_TEST_KAFKA"
NAME = "kafka"
IMAGE = "apache/kafka:4.3.1"
OLDEST_JAVA = 17

_RECIPE = Path(__file__).with_name("kafka")
_READY_SECONDS = 90.0
_STOP_SECONDS = 30.0

# kafka-python carries no types
_client: Any = importlib.import_module("kafka")
_errors: Any = importlib.import_module("kafka.errors")


class Kafka(ABC):
    """A broker, running. `controllable` says whether a test may stop it; one that is given must be left alone."""

    controllable = True

    def __init__(self, bootstrap_servers: str) -> None:
        self.bootstrap_servers = bootstrap_servers

    def create_topic(self, name: str, partitions: int = 1) -> None:
        """Make a topic, and return once every partition has a leader."""
        admin = _client.KafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        try:
            topic = {name: {"num_partitions": partitions, "replication_factor": 1}}
            admin.create_topics(topic, wait_for_metadata=True)
        finally:
            admin.close()

    @abstractmethod
    def start(self) -> None:
        """Start it again on the same data and port, and wait until it answers."""

    @abstractmethod
    def stop(self) -> None:
        """Stop it in good order."""

    @abstractmethod
    def kill(self) -> None:
        """End it at once, as a power cut would."""

    @abstractmethod
    def freeze(self) -> None:
        """Let it answer nothing while its connections stay open."""

    @abstractmethod
    def thaw(self) -> None:
        """Let a frozen one go on."""

    @abstractmethod
    def ensure_running(self) -> None:
        """Bring it back, whatever a test did to it."""

    @abstractmethod
    def close(self) -> None:
        """End it for good."""

    @abstractmethod
    def failure(self) -> str | None:
        """Why it will never answer, as far as is known; None while it may."""

    def _wait_until_ready(self) -> None:
        host, _, port = self.bootstrap_servers.split(",")[0].rpartition(":")
        deadline = time.monotonic() + _READY_SECONDS
        while not (_listens(host, int(port)) and self._lists_topics()):
            reason = self.failure()
            if reason is not None or time.monotonic() > deadline:
                raise ServerUnavailable(f"Kafka on {self.bootstrap_servers} is not ready: {reason or 'no answer'}")
            time.sleep(0.1)

    def _lists_topics(self) -> bool:
        try:
            admin = _client.KafkaAdminClient(bootstrap_servers=self.bootstrap_servers, request_timeout_ms=5000)
        except _errors.KafkaError:
            return False
        try:
            admin.list_topics()
        except _errors.KafkaError:
            return False
        finally:
            admin.close()
        return True


class GivenKafka(Kafka):
    """The broker that CORDON_TEST_KAFKA names."""

    controllable = False

    def start(self) -> None:
        self._wait_until_ready()

    def stop(self) -> None:
        raise ServerUnavailable(f"the Kafka that {VARIABLE} names is not ours to stop")

    kill = freeze = thaw = stop

    def ensure_running(self) -> None:
        """Nothing was done to it."""

    def close(self) -> None:
        """It is not ours to end."""

    def failure(self) -> str | None:
        return None


class ContainerKafka(Kafka):
    """The official image."""

    def __init__(self) -> None:
        port = free_port()
        super().__init__(f"127.0.0.1:{port}")
        properties = _properties(port, 9093, "", Path("/tmp/kafka-data"))  # noqa: S108 - inside the container
        environment = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in properties.items()}
        self._container = Container(IMAGE, {port: port}, environment | {"KAFKA_HEAP_OPTS": "-Xmx512m"})

    def start(self) -> None:
        self._container.do("start")
        self._wait_until_ready()

    def stop(self) -> None:
        self._container.do("stop")

    def kill(self) -> None:
        self._container.do("kill")

    def freeze(self) -> None:
        self._container.do("pause")

    def thaw(self) -> None:
        self._container.do("unpause")

    def ensure_running(self) -> None:
        self._container.do("restart")
        self._wait_until_ready()

    def close(self) -> None:
        self._container.remove()

    def failure(self) -> str | None:
        return None


class LocalKafka(Kafka):
    """One process of Java; ends with the tests even if they are killed."""

    def __init__(self, folder: Path) -> None:
        java = _java()
        jars = installed_once(NAME, _RECIPE / "pom.xml", _install)
        port = free_port()
        super().__init__(f"127.0.0.1:{port}")
        self._folder = folder
        self._settings = folder / "server.properties"
        self._process: subprocess.Popen[bytes] | None = None
        self._frozen = False
        log4j = f"-Dlog4j2.configurationFile={_RECIPE / 'log4j2.properties'}"
        self._java = [java, "-Xms128m", "-Xmx512m", log4j, "-cp", f"{jars}/*"]
        properties = _properties(port, free_port(), "127.0.0.1", folder / "data")
        self._settings.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = [*self._java, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", self._settings]
        run_tool(command, "formatting Kafka's storage", 60)

    def start(self) -> None:
        if self._process is not None:
            raise RuntimeError("the broker is already started")
        command = wrapped([*self._java, "kafka.Kafka", str(self._settings)], signal.SIGKILL)
        with (self._folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._wait_until_ready()

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        self._running().send_signal(signal.SIGSTOP)
        self._frozen = True

    def thaw(self) -> None:
        self._running().send_signal(signal.SIGCONT)
        self._frozen = False

    def ensure_running(self) -> None:
        if self._process is not None and self._frozen:
            self.thaw()
        if self._process is not None and self._process.poll() is not None:
            self.kill()
        if self._process is None:
            self.start()

    def close(self) -> None:
        if self._process is not None:
            self.kill()

    def failure(self) -> str | None:
        if self._process is not None and self._process.poll() is None:
            return None
        return (self._folder / "broker.log").read_text(errors="replace")[-2000:]

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the broker is not started")
        return self._process

    def _end(self, with_signal: signal.Signals) -> None:
        process = self._running()
        process.send_signal(with_signal)
        if self._frozen:
            self.thaw()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._process = None


@contextmanager
def running_kafka(folder: Path) -> Iterator[Kafka]:
    """The broker this machine can have, ready; ServerUnavailable with the reason where it can have none."""
    given = os.environ.get(VARIABLE)
    kafka: Kafka
    if given:
        kafka = GivenKafka(given)
    elif engine_answers():
        kafka = ContainerKafka()
    else:
        kafka = LocalKafka(folder)
    try:
        kafka.start()
        yield kafka
    finally:
        kafka.close()


def _properties(port: int, controller_port: int, listen_on: str, data: Path) -> Mapping[str, str]:
    """Broker and controller in one process, small, with everything on one replica."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://{listen_on}:{port},CONTROLLER://{listen_on}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": str(data),
        "auto.create.topics.enable": "false",
        "offsets.topic.num.partitions": "4",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.num.partitions": "2",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        "log.cleaner.dedupe.buffer.size": "8388608",
    }


def _java() -> str:
    """A Java that is new enough for the broker."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    if java is None:
        raise ServerUnavailable(f"no Java on this machine; Kafka needs Java {OLDEST_JAVA} and Maven, or Docker")
    said = run_tool([java, "-version"], "java -version", 30)
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < OLDEST_JAVA:
        raise ServerUnavailable(f"Kafka needs Java {OLDEST_JAVA} or newer; this is {said.splitlines()[0]}")
    return java


def _install(folder: Path) -> None:
    maven = tool("mvn", "Maven")
    command = [maven, "-q", "-B", "-f", _RECIPE / "pom.xml", "dependency:copy-dependencies"]
    run_tool([*command, f"-DoutputDirectory={folder}"], "fetching Kafka's jars with Maven", INSTALL_SECONDS)


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
