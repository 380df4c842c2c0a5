"""What the deliverer does with an outcome, on a real outbox and a channel that fails on demand."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from alerts.deliver import LONGEST_RETRY_S, Deliverer, retry_delay_s, waves
from alerts.kafka_channel import encode
from ops.errors import UnavailableError
from store.outbox import Outbox, OutboxMessage
from tests.support.database import DatabaseUrls
from tests.support.outbox import add_events, prepare_alerts
from tests.support.world import rows

STATE = "SELECT event_id, attempts, last_error, delivered_at IS NOT NULL FROM outbox ORDER BY event_id"


class UnreliableChannel:
    """Acknowledges all but the events named in ``failing``."""

    def __init__(self) -> None:
        self.failing: set[int] = set()
        self.acknowledged: list[int] = []

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def send(self, messages: Sequence[OutboxMessage]) -> dict[int, str | None]:
        outcome = {one.event_id: "out of order" if one.event_id in self.failing else None for one in messages}
        self.acknowledged += [event_id for event_id, error in outcome.items() if error is None]
        return outcome


@pytest.fixture
def channel() -> UnreliableChannel:
    return UnreliableChannel()


def message(event_id: int, alert_id: str) -> OutboxMessage:
    return OutboxMessage(event_id, alert_id, 0, datetime(2026, 3, 1, tzinfo=UTC), {"alert_id": alert_id})


def test_a_wave_holds_one_event_of_each_alert() -> None:
    due = [message(1, "a"), message(2, "b"), message(3, "a"), message(4, "a"), message(5, "c")]
    assert [[one.event_id for one in wave] for wave in waves(due)] == [[1, 2, 5], [3], [4]]


def test_retries_are_further_and_further_apart_up_to_a_limit() -> None:
    delays = [retry_delay_s(attempts) for attempts in range(1, 2000)]
    assert delays[:4] == [0.5, 1, 2, 4]
    assert delays == sorted(delays)
    assert delays[-1] == LONGEST_RETRY_S


def test_a_message_carries_the_event_s_id_its_payload_and_its_time() -> None:
    assert encode(message(7, "a")) == b'{"event_id":7,"alert_id":"a","happened_at":"2026-03-01T00:00:00+00:00"}'


def test_a_failed_event_holds_back_its_own_alert_only(
    migrated_database: DatabaseUrls, channel: UnreliableChannel
) -> None:
    one, other = prepare_alerts(migrated_database.owner, 2)
    first, second, third, fourth = add_events(migrated_database.owner, [one, other, one, other])
    channel.failing = {first}
    deliverer = Deliverer(Outbox(migrated_database.worker, "kafka"), channel, "kafka")
    for _ in range(3):
        deliverer.round()
    assert channel.acknowledged == [second, fourth]
    assert rows(migrated_database.owner, STATE) == [
        (first, 1, "out of order", False),
        (second, 1, None, True),
        (third, 0, None, False),
        (fourth, 1, None, True),
    ]
    channel.failing = set()
    rows(migrated_database.owner, "UPDATE outbox SET next_attempt_at = '-infinity' RETURNING 1")
    deliverer.round()
    assert channel.acknowledged == [second, fourth, first, third]
    assert rows(migrated_database.owner, STATE)[0] == (first, 2, None, True)


def test_each_failure_puts_the_next_attempt_further_off(
    migrated_database: DatabaseUrls, channel: UnreliableChannel
) -> None:
    (alert,) = prepare_alerts(migrated_database.owner, 1)
    channel.failing = set(add_events(migrated_database.owner, [alert]))
    deliverer = Deliverer(Outbox(migrated_database.worker, "kafka"), channel, "kafka")
    waits = []
    for _ in range(3):
        with pytest.raises(UnavailableError, match="none of 1 alert events was acknowledged: out of order"):
            deliverer.round()
        waits += rows(
            migrated_database.owner,
            "UPDATE outbox SET next_attempt_at = now() - interval '1 s'"
            " FROM (SELECT extract(epoch FROM next_attempt_at - clock_timestamp()) AS wait FROM outbox) AS before"
            " RETURNING round(before.wait, 1)::float",
        )
    assert [wait for (wait,) in waits] == pytest.approx([0.5, 1, 2], abs=0.3)
    assert rows(migrated_database.owner, STATE)[0][1] == 3


def test_one_session_sends_and_the_next_follows_when_it_ends(migrated_database: DatabaseUrls) -> None:
    holder, standby = Outbox(migrated_database.worker, "kafka"), Outbox(migrated_database.worker, "kafka")
    assert holder.become_sender()
    assert not standby.become_sender()
    holder.close()
    deadline = time.monotonic() + 5  # the server ends a session a moment after its client has gone
    while not (became := standby.become_sender()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert became


def test_a_silent_sender_s_session_is_ended(migrated_database: DatabaseUrls) -> None:
    frozen, standby = Outbox(migrated_database.worker, "kafka"), Outbox(migrated_database.worker, "kafka")
    assert frozen.become_sender()
    assert not standby.become_sender()
    assert not standby.end_silent_sender(60)
    assert standby.end_silent_sender(0)
    deadline = time.monotonic() + 10
    while not standby.become_sender():
        assert time.monotonic() < deadline
    with pytest.raises(UnavailableError):
        frozen.record([1], [])
