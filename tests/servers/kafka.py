"""A real Apache Kafka for the tests: a given one, a container, or a process of our own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.broker import Kafka, properties
from tests.servers.common import ServerUnavailable, free_port
from tests.servers.docker import Container, engine_answers
from tests.servers.kafka_process import LocalKafka

VARIABLE = "CORDON_TEST_KAFKA"
IMAGE = "apache/kafka:4.3.1"


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
        settings = properties(port, 9093, "", Path("/tmp/kafka-data"))  # noqa: S108 - inside the container
        environment = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in settings.items()}
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
        if self._container.state() == "paused":
            self.thaw()
        if self._container.state() != "running":
            self.start()

    def close(self) -> None:
        self._container.remove()

    def failure(self) -> str | None:
        return self._container.failure()


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
