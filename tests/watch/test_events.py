"""Device events by both ways in, what follows from them, and what the wearer is told."""

import json
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingest.event import EventLimits, read_event
from ingest.kafka import KafkaPingSink
from ingest.ping import Refusal
from ingest.sinks import TableEventSink
from model.enums import RejectionReason
from store.activations import deactivate
from store.database import Pool, connect
from store.dead_letters import NewDeadLetter, keep_dead_letter
from tests.servers.broker import Kafka
from tests.support.command import in_process
from tests.support.database import DatabaseUrls
from tests.support.outbox import _client
from tests.support.waiting import wait_until
from tests.support.watch import alerts, changes, commands, watch_settings, watching
from tests.support.worker_thread import append, queue_worker
from tests.support.world import enrol, rows

LIMITS = EventLimits(message_max_bytes=5000, max_age_days=400, max_future_s=300)
CHARGE = "Your tag needs charging."
CONTACT = "Please contact your probation practitioner."


def told(serial: str, kind: str, ago_s: float = 0, **fields: Any) -> bytes:
    moment = (datetime.now(UTC) - timedelta(seconds=ago_s)).isoformat()
    return json.dumps({"device_id": serial, "event": kind, "event_time": moment} | fields).encode()


def tell(database: DatabaseUrls, serial: str, kind: str, ago_s: float = 0, **fields: Any) -> None:
    """As the gateway does beside the embedded queue."""
    message = read_event(told(serial, kind, ago_s, **fields), time.time_ns() // 1_000_000, LIMITS)
    assert not isinstance(message, Refusal)
    with closing(Pool(database.api, "test", size=1)) as pool:
        TableEventSink(pool).append([message])


def test_a_cut_strap_is_told_at_once_and_ends_when_restored(migrated_database: DatabaseUrls) -> None:
    enrol(migrated_database.owner, ["TAG"])
    with watching(watch_settings(migrated_database, deaf_after_s=60)):
        tell(migrated_database, "TAG", "strap_tamper", 2)
        wait_until(lambda: alerts(migrated_database) == [("strap_tamper", "open", "TAG")])
        assert commands(migrated_database) == [
            ("text", CONTACT, "strap_tamper"),
            ("vibrate", None, "strap_tamper"),
        ]
        tell(migrated_database, "TAG", "strap_restored", 1)
        wait_until(lambda: alerts(migrated_database) == [("strap_tamper", "ended", "TAG")])
    assert rows(migrated_database.owner, "SELECT severity, urgency FROM alerts") == [("warning", "immediate")]


def test_a_low_battery_is_the_wearer_s_first_and_staff_s_when_left_uncharged(migrated_database: DatabaseUrls) -> None:
    enrol(migrated_database.owner, ["LEFT", "CHARGED"])
    with queue_worker(migrated_database), watching(watch_settings(migrated_database, battery_uncharged_s=2)):
        for serial in ("LEFT", "CHARGED"):
            tell(migrated_database, serial, "battery_low", battery_pct=18)
        wait_until(lambda: len(commands(migrated_database)) == 4)
        assert {body for _, body, _ in commands(migrated_database)} == {None, CHARGE}
        assert alerts(migrated_database) == []
        tell(migrated_database, "CHARGED", "charging_started")
        wait_until(lambda: alerts(migrated_database) == [("battery_low", "open", "LEFT")])
        time.sleep(0.5)
        assert alerts(migrated_database) == [("battery_low", "open", "LEFT")]
        tell(migrated_database, "LEFT", "charging_started")
        wait_until(lambda: alerts(migrated_database) == [("battery_low", "ended", "LEFT")])
    assert len(commands(migrated_database)) == 4
    assert changes(migrated_database) == [("battery_low", "raised"), ("battery_low", "ended")]


def test_a_battery_that_falls_in_the_pings_is_judged_as_one_that_is_told(migrated_database: DatabaseUrls) -> None:
    enrol(migrated_database.owner, ["TAG"])

    def ping(battery_pct: float) -> None:
        fix = {"device_id": "TAG", "fix_time": datetime.now(UTC).isoformat(), "lat": 51.5, "lon": -0.1}
        append(migrated_database, [("TAG", json.dumps(fix | {"battery_pct": battery_pct}).encode())])

    with queue_worker(migrated_database), watching(watch_settings(migrated_database)):
        ping(4)
        wait_until(lambda: alerts(migrated_database) == [("battery_critical", "open", "TAG")])
        time.sleep(0.3)
        ping(50)
        wait_until(lambda: alerts(migrated_database) == [("battery_critical", "ended", "TAG")])
    assert commands(migrated_database) == [
        ("text", CHARGE, "battery_critical"),
        ("vibrate", None, "battery_critical"),
    ]


def test_device_alerts_end_with_the_activation(migrated_database: DatabaseUrls) -> None:
    enrol(migrated_database.owner, ["TAG"])
    settings = watch_settings(migrated_database, no_communication_s=1)
    with queue_worker(migrated_database), watching(settings):
        tell(migrated_database, "TAG", "power_off", 1)
        wait_until(lambda: len(alerts(migrated_database)) == 2)
        with closing(connect(migrated_database.owner, "test")) as connection, connection, connection.cursor() as cursor:
            deactivate(cursor, "TAG", datetime.now(UTC))
        wait_until(lambda: {state for _, state, _ in alerts(migrated_database)} == {"ended"})
    assert {kind for kind, _, _ in alerts(migrated_database)} == {"power_off", "no_communication"}


def received(kafka: Kafka, topic: str, count: int) -> list[tuple[bytes, dict[str, Any]]]:
    consumer = _client.KafkaConsumer(
        topic, bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest", enable_auto_commit=False
    )
    found: list[tuple[bytes, dict[str, Any]]] = []
    deadline = time.monotonic() + 30
    try:
        while len(found) < count and time.monotonic() < deadline:
            for records in consumer.poll(timeout_ms=500).values():
                found += [(record.key, json.loads(record.value)) for record in records]
    finally:
        consumer.close()
    return found


@pytest.mark.timeout(120)
def test_events_and_rubbish_of_the_topic_and_commands_to_the_tag(
    kafka: Kafka, migrated_timescale_database: DatabaseUrls
) -> None:
    database, unique = migrated_timescale_database, uuid.uuid4().hex
    topics = {f"kafka_{name}_topic": f"{name}-{unique}" for name in ("pings", "events", "commands")}
    for topic in topics.values():
        kafka.create_topic(topic, 2)
    enrol(database.owner, ["TAG"])
    cut = told("TAG", "strap_tamper", 3)
    rubbish: Sequence[tuple[str, bytes]] = [
        ("TAG", b"\xff?"),
        ("TAG", told("OTHER", "alive")),
        ("STRANGER", b"[" + b",".join([told("STRANGER", "alive")] * 3) + b"]"),  # one letter holds all of it
    ]
    sink = KafkaPingSink(kafka.bootstrap_servers, topics["kafka_events_topic"])
    sink.append([("TAG", cut), *rubbish, ("TAG", cut), ("TAG", told("TAG", "at_beacon", 1))])
    sink.close()
    settings = watch_settings(
        database, broker="kafka", kafka_bootstrap_servers=kafka.bootstrap_servers, deaf_after_s=60, **topics
    )
    with watching(settings):
        wait_until(lambda: alerts(database) == [("strap_tamper", "open", "TAG")], 60)
        sent = received(kafka, topics["kafka_commands_topic"], 2)
        wait_until(lambda: rows(database.owner, "SELECT count(delivered_at) FROM tag_commands") == [(2,)])
    assert {(key, told["device_id"], told["command"], told.get("text")) for key, told in sent} == {
        (b"TAG", "TAG", "vibrate", None),
        (b"TAG", "TAG", "text", CONTACT),
    }
    letters = rows(database.owner, "SELECT reason, value FROM dead_letters ORDER BY reason")
    assert [(reason, bytes(value)) for reason, value in letters] == [
        ("key_mismatch", rubbish[1][1]),
        ("not_json", rubbish[0][1]),
        ("unknown_device", rubbish[2][1]),
    ]
    stored = rows(database.owner, "SELECT kind, original FROM device_events ORDER BY event_time")
    assert [kind for kind, _ in stored] == ["strap_tamper", "at_beacon"]
    assert bytes(stored[0][1]) == cut
    assert rows(database.owner, "SELECT at_beacon FROM device_heard") == [(True,)]


def test_a_dead_letter_of_an_event_goes_in_again_once_its_device_is_known(
    migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    database = migrated_database
    value = told("NEW", "strap_tamper", 60)
    with closing(Pool(database.api, "test", size=1)) as pool:
        keep_dead_letter(pool, NewDeadLetter("tag.events", 0, b"NEW", value, RejectionReason.UNKNOWN_DEVICE, ""))
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", database.owner)
    cordon = in_process(monkeypatch, capsys)
    assert "not registered" in cordon("dead-letters", "replay", "1")[2]
    enrol(database.owner, ["NEW"])
    assert cordon("dead-letters", "replay", "1")[:2] == (0, "replayed 1: events 1\n")
    assert rows(database.owner, "SELECT kind FROM device_events") == [("strap_tamper",)]
