"""A broker that goes away is told, although its client polls on in silence: a worker would say that all is well."""

import socket
from unittest.mock import MagicMock

import pytest

from ingest import kafka
from ingest.kafka import KafkaPingSource
from ops.errors import UnavailableError


def test_a_broker_that_goes_away_is_told_although_nothing_is_to_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = MagicMock()
    consumer.poll.return_value = {}
    monkeypatch.setattr(kafka, "KafkaConsumer", MagicMock(return_value=consumer))
    monkeypatch.setattr(kafka, "ASK_EVERY_S", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as broker:
        servers = f"127.0.0.1:{broker.getsockname()[1]}"
        source = KafkaPingSource(servers, "tag.pings", "workers", 100, 6000, 15000)
        source.poll(0.0)
    with pytest.raises(UnavailableError, match="no Kafka broker accepts a connection"):
        source.poll(0.0)
