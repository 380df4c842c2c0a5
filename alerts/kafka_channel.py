"""Alert events on a Kafka topic: keyed by alert, so that a partition holds an alert's events in their order."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError
from kafka.future import Future

from ops.broker import PLAIN, require_broker
from ops.errors import UnavailableError
from store.outbox import OutboxMessage

ACKNOWLEDGED_WITHIN_S = 20
CONNECTED_WITHIN_S = 10
ASK_EVERY_S = 2.0
EVENT_ID_HEADER = "event-id"


class KafkaAlertChannel:
    """A producer that is made on first need, and made anew after a failure: a failed one may refuse ever after."""

    def __init__(self, bootstrap_servers: str, topic: str, security: Mapping[str, Any] = PLAIN) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._security = security
        self._topic = topic
        self._producer: KafkaProducer | None = None
        self._ask_at = 0.0

    def open(self) -> None:
        """Connect, where that is not so already.

        Raises UnavailableError when the broker does not answer, or knows no such topic yet.
        """
        if self._producer is not None:
            self._ask_now_and_then()
            return
        try:
            producer = self._connect()
        except KafkaError as error:
            raise UnavailableError(f"the Kafka broker does not answer: {error}") from None
        try:
            producer.partitions_for(self._topic)
        except KafkaError as error:
            producer.close(timeout=0)
            raise UnavailableError(
                f"the Kafka broker names no partitions of {self._topic} ({error}):"
                " if the topic is missing, make it with `cordon topics create`"
            ) from None
        self._producer = producer

    def send(self, messages: Sequence[OutboxMessage]) -> dict[int, str | None]:
        """Send all with one flush. For each event id that was tried: None once acknowledged, or what went wrong.

        No two of ``messages`` may be of one alert: the later could arrive although the earlier did not.
        """
        producer = self._producer
        if producer is None:
            raise UnavailableError("the Kafka broker is not connected")
        outcome: dict[int, str | None] = {}
        sent: dict[int, Future] = {}
        for message in messages:
            try:
                sent[message.event_id] = self._hand_over(producer, message)
            except KafkaError as error:
                outcome[message.event_id] = str(error)
                break  # each further one would wait as long; those not tried stay as they are
        try:
            producer.flush(timeout=ACKNOWLEDGED_WITHIN_S + CONNECTED_WITHIN_S)
        except KafkaError as error:
            outcome |= {event_id: str(error) for event_id, future in sent.items() if not future.is_done}
        outcome |= {event_id: _error_of(future) for event_id, future in sent.items() if future.is_done}
        if any(outcome.values()):
            self.close()
        return outcome

    def _ask_now_and_then(self) -> None:
        """A connected producer with nothing to send does not say that its broker has gone."""
        now = time.monotonic()
        if now >= self._ask_at:
            require_broker(self._bootstrap_servers)
            self._ask_at = now + ASK_EVERY_S

    def close(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=0)
            self._producer = None

    def _connect(self) -> KafkaProducer:
        return KafkaProducer(
            bootstrap_servers=self._bootstrap_servers.split(","),
            acks="all",
            enable_idempotence=True,  # the client's own retries neither double nor reorder
            linger_ms=2,
            compression_type="lz4",
            allow_auto_create_topics=False,  # an automatic one would have another count of partitions
            delivery_timeout_ms=ACKNOWLEDGED_WITHIN_S * 1000,
            request_timeout_ms=ACKNOWLEDGED_WITHIN_S * 500,
            max_block_ms=CONNECTED_WITHIN_S * 1000,
            bootstrap_timeout_ms=CONNECTED_WITHIN_S * 1000,
            reconnect_backoff_max_ms=2000,
            **self._security,
        )

    def _hand_over(self, producer: KafkaProducer, message: OutboxMessage) -> Future:
        return producer.send(
            self._topic,
            key=message.alert_id.encode(),
            value=encode(message),
            headers=[(EVENT_ID_HEADER, str(message.event_id).encode())],
        )


def encode(message: OutboxMessage) -> bytes:
    """The event as its receiver reads it; the same event has the same bytes however often it is sent."""
    happened_at = message.happened_at.astimezone(UTC).isoformat()
    return msgspec.json.encode({"event_id": message.event_id, **message.payload, "happened_at": happened_at})


def _error_of(future: Future) -> str | None:
    return None if future.succeeded() else str(future.exception)
