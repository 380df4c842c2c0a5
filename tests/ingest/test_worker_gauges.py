"""What a worker's gauges say when a server does not answer, and when a partition is lost."""

import threading
from collections.abc import Callable
from unittest.mock import MagicMock

import pytest

from ingest.run import worker_configuration
from ingest.source import Polled
from ingest.worker import Worker
from ops import metrics
from ops.errors import UnavailableError
from ops.settings import Settings

NOTHING = Polled(frozenset(), frozenset(), [])


def _worker(poll: Callable[[float], Polled], connect: Callable[[], MagicMock] = MagicMock) -> Worker:
    source = MagicMock(topic="tag.pings", poll=poll)
    return Worker(worker_configuration(Settings()), source, connect)


def _value(name: str, **labels: str) -> float | None:
    return metrics.REGISTRY.get_sample_value(name, labels)


def test_a_broker_that_does_not_answer_is_not_taken_for_the_database() -> None:
    stop = threading.Event()

    def poll(_timeout_s: float) -> Polled:
        stop.set()
        raise UnavailableError("no broker")

    _worker(poll).run(stop)
    assert (_value("cordon_database_up"), _value("cordon_broker_up")) == (1, 0)


def test_a_database_that_does_not_answer_is_told() -> None:
    def connect() -> MagicMock:
        raise UnavailableError("no database")

    _worker(lambda _timeout_s: NOTHING).round()
    assert (_value("cordon_database_up"), _value("cordon_broker_up")) == (1, 1)
    with pytest.raises(UnavailableError):
        _worker(lambda _timeout_s: NOTHING, connect).round()
    assert (_value("cordon_database_up"), _value("cordon_broker_up")) == (0, 1)


def test_the_lag_of_a_lost_partition_does_not_linger() -> None:
    metrics.PARTITION_LAG.labels("tag.pings", 7).set(12_000)
    _worker(lambda _timeout_s: Polled(frozenset({7}), frozenset(), [])).round()
    assert _value("cordon_partition_lag", topic="tag.pings", partition="7") is None
