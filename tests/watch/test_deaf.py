"""Our own outage is told once, and nobody is called silent for it: real Kafka, TimescaleDB and processes."""

import json
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.kafka import KafkaPingSink
from tests.servers.broker import Kafka
from tests.support.database import DatabaseUrls
from tests.support.waiting import wait_until
from tests.support.watch import QUICK, alerts, changes
from tests.support.worker_process import WorkerProcess, worker_environment
from tests.support.world import enrol, rows

TAGS = [f"TAG-{number:03}" for number in range(400)]
LIMIT_S = 8
DEAF_AFTER_S = 4
HEARD = "SELECT count(*) FROM device_heard"
IS_ALIVE = "SELECT alive_since IS NOT NULL FROM intake_state"
DEAF = [("intake_deaf", "open", None)]


@pytest.fixture
def environment(stoppable_kafka: Kafka, migrated_timescale_database: DatabaseUrls) -> dict[str, str]:
    unique = uuid.uuid4().hex
    stoppable_kafka.create_topic(f"pings-{unique}", 3)
    stoppable_kafka.create_topic(f"events-{unique}", 3)
    settings: dict[str, Any] = QUICK | {"no_communication_s": LIMIT_S, "deaf_after_s": DEAF_AFTER_S}
    return worker_environment(
        worker_url=migrated_timescale_database.worker,
        bootstrap_servers=stoppable_kafka.bootstrap_servers,
        topic=f"pings-{unique}",
        kafka_events_topic=f"events-{unique}",
        **settings,
    )


@contextmanager
def running(environment: dict[str, str], folder: Path, *commands: str) -> Iterator[list[WorkerProcess]]:
    processes = [
        WorkerProcess(environment, folder / f"{command}-{number}.log", command)
        for number, command in enumerate(commands)
    ]
    try:
        for process in processes:
            process.start()
        yield processes
    finally:
        for process in processes:
            process.kill()


def speak(kafka: Kafka, environment: dict[str, str], serials: Sequence[str]) -> None:
    """Each tag sends one ping of now."""
    moment = datetime.now(UTC).isoformat()
    sink = KafkaPingSink(kafka.bootstrap_servers, environment["CORDON_KAFKA_PINGS_TOPIC"])
    try:
        sink.append(
            [
                (serial, json.dumps({"device_id": serial, "fix_time": moment, "lat": 51.5, "lon": -0.1}).encode())
                for serial in serials
            ]
        )
    finally:
        sink.close()


@pytest.mark.timeout(240)
def test_a_stopped_broker_raises_one_alert_of_ours_and_none_of_silence(
    stoppable_kafka: Kafka, migrated_timescale_database: DatabaseUrls, environment: dict[str, str], tmp_path: Path
) -> None:
    database = migrated_timescale_database
    enrol(database.owner, TAGS)
    with running(environment, tmp_path, "worker"):
        speak(stoppable_kafka, environment, TAGS)
        wait_until(lambda: rows(database.owner, HEARD) == [(400,)], 60, "every tag heard")
        with running(environment, tmp_path, "watch", "watch") as (first, _second):
            outage(stoppable_kafka, database, environment, first)


def outage(kafka: Kafka, database: DatabaseUrls, environment: dict[str, str], first: WorkerProcess) -> None:
    wait_until(lambda: rows(database.owner, IS_ALIVE) == [(True,)], 60, "the proof that the intake is alive")
    speak(kafka, environment, TAGS)
    kafka.stop()
    wait_until(lambda: alerts(database) == DEAF, 30, "the alert of our own")
    first.kill()  # one takes over from the other, or goes on: either way nothing changes
    time.sleep(LIMIT_S + 3)
    assert alerts(database) == DEAF
    assert changes(database) == [("intake_deaf", "raised")]

    kafka.start()
    back = time.monotonic()
    wait_until(lambda: alerts(database) == [("intake_deaf", "ended", None)], 60, "hearing again")
    speak(kafka, environment, TAGS[1:])
    silent = ("no_communication", "open", TAGS[0])
    while silent not in alerts(database):
        assert time.monotonic() - back < 60, "the one silent tag was not told"
        time.sleep(1)
        speak(kafka, environment, TAGS[1:])
    assert alerts(database) == [("intake_deaf", "ended", None), silent]
    (waited,) = rows(
        database.owner,
        "SELECT extract(epoch FROM silence.raised_at - deaf.ended_at) FROM alerts silence, alerts deaf"
        " WHERE silence.kind = 'no_communication' AND deaf.kind = 'intake_deaf'",
    )[0]
    assert waited >= LIMIT_S
