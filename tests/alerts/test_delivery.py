"""`cordon deliver` on a real broker and a real database, through deaths of each."""

import json
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.kafka import KafkaPingSink
from store.database import connect
from tests.servers.broker import Kafka
from tests.servers.timescale import DatabaseServer, GivenServer
from tests.support.database import DatabaseUrls
from tests.support.outbox import TRIANGLE, add_events, by_alert, prepare_alerts, receive_alerts
from tests.support.waiting import wait_until
from tests.support.worker_process import WorkerProcess, worker_environment
from tests.support.world import add_zone, enrol, rows

Start = Callable[[DatabaseUrls], WorkerProcess]
WAITING = "SELECT count(*) FROM outbox WHERE delivered_at IS NULL"
SENDERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cordon-deliver' AND datname = current_database()"
)


@pytest.fixture
def topic(kafka: Kafka) -> str:
    name = f"alerts-{uuid.uuid4().hex}"
    kafka.create_topic(name, 4)
    return name


@pytest.fixture
def start(kafka: Kafka, topic: str, tmp_path: Path) -> Iterator[Start]:
    """Starts a deliverer; all of them are ended with the test."""
    started: list[WorkerProcess] = []

    def start_one(database: DatabaseUrls) -> WorkerProcess:
        environment = worker_environment(
            worker_url=database.worker,
            bootstrap_servers=kafka.bootstrap_servers,
            topic="not-used",
            kafka_alerts_topic=topic,
        )
        process = WorkerProcess(environment, tmp_path / f"deliver-{len(started)}.log", "deliver")
        started.append(process)
        process.start()
        return process

    yield start_one
    for process in started:
        process.kill()


def wait_until_delivered(database: DatabaseUrls, within_s: float = 60) -> None:
    wait_until(lambda: rows(database.owner, WAITING) == [(0,)], within_s, "delivery of everything")


def test_a_broker_that_was_down_gets_everything_in_order(
    stoppable_kafka: Kafka, migrated_database: DatabaseUrls, topic: str, start: Start
) -> None:
    alerts = prepare_alerts(migrated_database.owner, 20)
    expected = add_events(migrated_database.owner, alerts)
    deliverer = start(migrated_database)
    wait_until_delivered(migrated_database)
    stoppable_kafka.kill()
    for _ in range(10):
        expected += add_events(migrated_database.owner, alerts)
        time.sleep(0.2)
    assert rows(migrated_database.owner, WAITING) == [(200,)]
    stoppable_kafka.start()
    wait_until_delivered(migrated_database, 90)
    received = receive_alerts(stoppable_kafka, topic, len(expected))
    assert {document["event_id"] for _, document in received} == set(expected)
    for order in by_alert(received).values():
        first_arrivals = list(dict.fromkeys(order))
        assert first_arrivals == sorted(first_arrivals)
    assert deliverer.stop() == 0


def test_two_deliverers_send_nothing_twice_and_one_takes_over(
    kafka: Kafka, migrated_database: DatabaseUrls, topic: str, start: Start
) -> None:
    alerts = prepare_alerts(migrated_database.owner, 50)
    first = start(migrated_database)
    wait_until(lambda: rows(migrated_database.owner, SENDERS) == [(1,)], 60, "the connection of the first one")
    second = start(migrated_database)
    wait_until(lambda: rows(migrated_database.owner, SENDERS) == [(2,)], 60, "the connection of the second one")
    expected = []
    for _ in range(20):
        expected += add_events(migrated_database.owner, alerts)
    wait_until_delivered(migrated_database)
    received = receive_alerts(kafka, topic, len(expected))
    assert sorted(document["event_id"] for _, document in received) == expected
    assert all(header == str(document["event_id"]) for header, document in received)
    first.kill()
    more = add_events(migrated_database.owner, alerts)
    wait_until_delivered(migrated_database, 20)
    received = receive_alerts(kafka, topic, len(expected) + len(more))
    assert sorted(document["event_id"] for _, document in received) == expected + more
    assert second.stop() == 0


def test_a_death_between_sending_and_marking_repeats_the_same_event(
    kafka: Kafka, migrated_database: DatabaseUrls, topic: str, start: Start
) -> None:
    expected = add_events(migrated_database.owner, prepare_alerts(migrated_database.owner, 3))
    with closing(connect(migrated_database.owner, "test")) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM outbox FOR UPDATE")  # the mark has to wait
        victim = start(migrated_database)
        sent = receive_alerts(kafka, topic, 3)
        victim.kill()
    assert rows(migrated_database.owner, WAITING) == [(3,)]
    start(migrated_database)
    wait_until_delivered(migrated_database)
    received = receive_alerts(kafka, topic, 6)
    assert sorted(document["event_id"] for _, document in received) == sorted(expected * 2)
    assert {str(document) for _, document in received} == {str(document) for _, document in sent}


@pytest.mark.timeout(300)
def test_a_restarted_database_is_waited_for(
    kafka: Kafka,
    timescale_server: DatabaseServer,
    migrated_timescale_database: DatabaseUrls,
    topic: str,
    start: Start,
) -> None:
    if isinstance(timescale_server, GivenServer):
        pytest.skip("the database server is not ours to stop")
    alerts = prepare_alerts(migrated_timescale_database.owner, 5)
    add_events(migrated_timescale_database.owner, alerts)
    deliverer = start(migrated_timescale_database)
    wait_until_delivered(migrated_timescale_database)
    timescale_server.stop()
    time.sleep(2)
    timescale_server.start()
    add_events(migrated_timescale_database.owner, alerts)
    wait_until_delivered(migrated_timescale_database)
    assert len(receive_alerts(kafka, topic, 10)) == 10
    assert deliverer.stop() == 0


def test_what_a_worker_raises_arrives_without_a_place(
    kafka: Kafka, migrated_timescale_database: DatabaseUrls, topic: str, start: Start, tmp_path: Path
) -> None:
    database, pings = migrated_timescale_database, f"pings-{topic}"
    kafka.create_topic(pings, 2)
    enrol(database.owner, ["TAG-1"])
    add_zone(database.owner, "ZONE", TRIANGLE, "TAG-1")
    began_at = datetime.now(UTC) - timedelta(minutes=10)
    places = [(51.495, -0.0955), (51.503, -0.0955), (51.503, -0.0954), (51.495, -0.0955)]
    sink = KafkaPingSink(kafka.bootstrap_servers, pings)
    for minute, (lat, lon) in enumerate(places):
        moment = (began_at + timedelta(minutes=minute)).isoformat()
        ping = {"device_id": "TAG-1", "fix_time": moment, "lat": lat, "lon": lon, "accuracy_m": 5}
        sink.append([("TAG-1", json.dumps(ping).encode())])
    sink.close()
    start(database)
    worker = WorkerProcess(
        worker_environment(worker_url=database.worker, bootstrap_servers=kafka.bootstrap_servers, topic=pings),
        tmp_path / "worker.log",
    )
    worker.start()
    received = receive_alerts(kafka, topic, 2)
    worker.kill()
    assert [document["change"] for _, document in received] == ["raised", "ended"]
    assert received[0][1].keys() == {
        "event_id",
        "alert_id",
        "change",
        "kind",
        "severity",
        "urgency",
        "state",
        "person_id",
        "zone_id",
        "zone_version",
        "began_at",
        "last_evidence_at",
        "ended_at",
        "happened_at",
    }
    assert datetime.fromisoformat(received[0][1]["began_at"]) == began_at + timedelta(minutes=1)


def test_its_health_tells_what_waits_and_what_was_sent(migrated_database: DatabaseUrls, start: Start) -> None:
    add_events(migrated_database.owner, prepare_alerts(migrated_database.owner, 3))
    deliverer = start(migrated_database)
    wait_until_delivered(migrated_database)
    port = deliverer.log_file.read_text().split("health and metrics on port ")[1].split()[0]

    def page(path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
            return str(answer.read().decode())

    assert json.loads(page("/health/ready"))["checks"] == {
        "database": "ok",
        "broker": "ok",
        "senders": "ok",
    }
    assert 'cordon_deliveries_total{channel="kafka",outcome="delivered"} 3.0' in page("/metrics")
    wait_until(lambda: 'cordon_outbox_waiting{channel="kafka"} 0.0' in page("/metrics"), 60, "a renewed count")
