"""What every Kafka of the tests can do, whether it is given, a container or a process."""

import importlib
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.servers.common import ServerUnavailable
from tests.servers.secure_listeners import SecureListeners

_READY_SECONDS = 90.0

# kafka-python carries no types
_client: Any = importlib.import_module("kafka")
_errors: Any = importlib.import_module("kafka.errors")


class Kafka(ABC):
    """A broker, running. `controllable` says whether a test may stop it; one that is given must be left alone."""

    controllable = True
    secure: SecureListeners | None = None  # where it has them

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


def properties(port: int, controller_port: int, listen_on: str, data: Path) -> Mapping[str, str]:
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
        # a killed broker is let in again only when its former session has ended
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        "log.cleaner.dedupe.buffer.size": "8388608",
    }


def with_secure_listeners(plain: Mapping[str, str], secure: SecureListeners) -> Mapping[str, str]:
    """The properties of a broker that has these beside its plain door."""
    added = secure.properties()
    return {**added, **{name: f"{value},{added[name]}" if name in added else value for name, value in plain.items()}}


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
