"""What the watch puts on the broker: heartbeats on every partition of the intake, and commands to tags."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.future import Future

from ingest.heartbeat import HEARTBEAT_KEY, HEARTBEAT_VALUE
from ingest.queue import PARTITION
from ops.broker import require_broker
from ops.errors import UnavailableError
from ops.settings import Settings
from store.commands import WaitingCommand
from store.database import Cursor
from store.ping_queue import append_pings

CONNECTED_WITHIN_S = 5
ACKNOWLEDGED_WITHIN_S = 5
UNANSWERED_FOR_S = 3 * ACKNOWLEDGED_WITHIN_S
COMMAND_ID_HEADER = "command-id"

Partitions = Mapping[str, Sequence[int]]
"""Of each topic of the intake."""


class WatchBroker(Protocol):
    """Each method raises UnavailableError when the broker does not answer."""

    def beat(self, cursor: Cursor) -> Partitions:
        """Put a heartbeat on every partition; which they are."""
        ...

    def send(self, commands: Sequence[WaitingCommand]) -> list[str]:
        """Send commands; the ids of those that the broker has acknowledged."""
        ...

    def close(self) -> None: ...


class KafkaWatchBroker:
    """A producer that is made on first need, and made anew after a failure: a failed one may refuse ever after."""

    def __init__(self, settings: Settings) -> None:
        self._bootstrap_servers = settings.kafka_bootstrap_servers
        self._security = settings.kafka_security
        self._topics = (settings.kafka_pings_topic, settings.kafka_events_topic)
        self._commands_topic = settings.kafka_commands_topic
        self._producer: KafkaProducer | None = None
        self._beats: list[Future] = []
        self._beaten_at_s = 0.0  # on the monotonic clock: since when a beat is unanswered

    def beat(self, cursor: Cursor) -> Partitions:  # noqa: ARG002 -- the embedded queue's way
        """Not waited for: that they come out at the other end is what proves them."""
        require_broker(self._bootstrap_servers)
        if self._has_failed():
            self.close()
        unanswered = [beat for beat in self._beats if not beat.is_done]
        try:
            producer = self._opened()
            partitions = {topic: sorted(producer.partitions_for(topic)) for topic in self._topics}
            self._beats = [
                producer.send(topic, key=HEARTBEAT_KEY, value=HEARTBEAT_VALUE, partition=number)
                for topic, numbers in partitions.items()
                for number in numbers
            ] + unanswered
            if not unanswered:
                self._beaten_at_s = time.monotonic()
        except KafkaError as error:
            self.close()
            raise _unavailable(error) from None
        return partitions

    def send(self, commands: Sequence[WaitingCommand]) -> list[str]:
        try:
            producer = self._opened()
            sent = {
                command.command_id: producer.send(
                    self._commands_topic,
                    key=command.serial.encode(),
                    value=encode(command),
                    headers=[(COMMAND_ID_HEADER, command.command_id.encode())],
                )
                for command in commands
            }
            producer.flush(timeout=ACKNOWLEDGED_WITHIN_S)
        except KafkaError as error:
            self.close()
            raise _unavailable(error) from None
        return [command_id for command_id, future in sent.items() if future.succeeded()]

    def close(self) -> None:
        self._beats = []
        if self._producer is not None:
            with suppress(KafkaTimeoutError):  # what was not sent is not waited for
                self._producer.close(timeout=0)
            self._producer = None

    def _has_failed(self) -> bool:
        """Whether a beat was refused, or waits for so long that it never comes: a producer whose partitions have lost
        their leader may wait for ever.
        """
        if any(beat.is_done and beat.failed() for beat in self._beats):
            return True
        is_waiting = any(not beat.is_done for beat in self._beats)
        return is_waiting and time.monotonic() - self._beaten_at_s > UNANSWERED_FOR_S

    def _opened(self) -> KafkaProducer:
        if self._producer is None:
            self._producer = KafkaProducer(
                bootstrap_servers=self._bootstrap_servers.split(","),
                acks="all",
                enable_idempotence=True,
                allow_auto_create_topics=False,
                delivery_timeout_ms=ACKNOWLEDGED_WITHIN_S * 1000,
                request_timeout_ms=ACKNOWLEDGED_WITHIN_S * 500,
                max_block_ms=CONNECTED_WITHIN_S * 1000,
                bootstrap_timeout_ms=CONNECTED_WITHIN_S * 1000,
                reconnect_backoff_max_ms=2000,
                **self._security,
            )
        return self._producer


class QueueWatchBroker:
    """The embedded queue. There is no topic of commands beside it: they stay in their table."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.kafka_pings_topic

    def beat(self, cursor: Cursor) -> Partitions:
        append_pings(cursor, [(HEARTBEAT_KEY.decode(), HEARTBEAT_VALUE)])
        return {self._topic: [PARTITION]}

    def send(self, commands: Sequence[WaitingCommand]) -> list[str]:  # noqa: ARG002 -- Kafka's way
        return []

    def close(self) -> None:
        """It has no connection of its own."""


class Pulse:
    """When the next heartbeat is due."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._next = 0.0

    def is_due(self) -> bool:
        return time.monotonic() >= self._next

    def beaten(self) -> None:
        self._next = time.monotonic() + self._every_s


def encode(command: WaitingCommand) -> bytes:
    """The command as a tag's supplier reads it; the same command has the same bytes however often it is sent."""
    fields = {
        "command_id": command.command_id,
        "device_id": command.serial,
        "command": command.kind,
        "text": command.text,
        "created_at": command.created_at,
        "expires_at": command.expires_at,
    }
    return msgspec.json.encode({name: value for name, value in fields.items() if value is not None})


def _unavailable(error: KafkaError) -> UnavailableError:
    return UnavailableError(
        f"the Kafka broker does not answer, or lacks a topic ({error}): `cordon topics create` makes those missing"
    )
