"""Workers are killed and frozen while pings flow: nothing is lost, nothing is doubled, nothing stalls."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ingest.kafka import KafkaPingSink
from model.times import from_microseconds, to_microseconds
from tests.servers.broker import Kafka
from tests.support.database import DatabaseUrls, prepare_database
from tests.support.worker_process import WorkerProcess, worker_environment
from tests.support.world import ALERTS, EVENTS, POSITIONS, VISITS, add_zone, enrol, rows

TOPIC = "faults.pings"
DEVICES = 200
PINGS_PER_DEVICE = 500
PARTITIONS = 4
SESSION_S = 6
SLACK_S = 6  # joining again, claiming, a batch; on a machine with two cores and five servers
DEADLINE_S = 150
FLOW_S = 40
CHUNK = 2000
DEGREES_PER_STEP = 0.0004
SQUARE = [[-0.102, 51.498], [-0.098, 51.498], [-0.098, 51.502], [-0.102, 51.502], [-0.102, 51.498]]
SHARED = [[-0.1, 51.5], [-0.09, 51.5], [-0.09, 51.504], [-0.1, 51.504], [-0.1, 51.5]]


def walks(seed: int) -> list[tuple[str, bytes]]:
    """Every device's random walk around two zones, device by device in turn, as (serial, JSON)."""
    generator = np.random.default_rng(seed)
    steps = generator.normal(0, DEGREES_PER_STEP, (DEVICES, PINGS_PER_DEVICE, 2)).cumsum(axis=1)
    start = to_microseconds(datetime.now(UTC) - timedelta(hours=10))
    messages = []
    for turn in range(PINGS_PER_DEVICE):
        moment = from_microseconds(start + turn * 60_000_000).isoformat()
        for device in range(DEVICES):
            serial = f"TAG-{device:04}"
            ping = {
                "device_id": serial,
                "fix_time": moment,
                "lat": round(51.5 + float(steps[device, turn, 0]), 6),
                "lon": round(-0.1 + float(steps[device, turn, 1]), 6),
                "accuracy_m": 8,
                "sequence": turn,
            }
            messages.append((serial, json.dumps(ping).encode()))
    return messages


def prepare(url: str) -> DatabaseUrls:
    database = prepare_database(url)
    serials = [f"TAG-{device:04}" for device in range(DEVICES)]
    enrol(database.owner, serials)
    for serial in serials:
        add_zone(database.owner, f"HOME-{serial}", {"type": "Polygon", "coordinates": [SQUARE]}, serial)
    add_zone(database.owner, "SHARED", {"type": "Polygon", "coordinates": [SHARED]})
    return database


def produce(kafka: Kafka, messages: list[tuple[str, bytes]], pause_s: float) -> None:
    sink = KafkaPingSink(kafka.bootstrap_servers, TOPIC)
    for first in range(0, len(messages), CHUNK):
        sink.append(messages[first : first + CHUNK])
        time.sleep(pause_s)
    sink.close()


@contextmanager
def producing(kafka: Kafka, messages: list[tuple[str, bytes]], seconds: float) -> Iterator[None]:
    """Pings flow over at least ``seconds`` while the block runs."""
    pause_s = seconds * CHUNK / len(messages)
    thread = threading.Thread(target=produce, args=(kafka, messages, pause_s))
    thread.start()
    try:
        yield
    finally:
        thread.join()


@contextmanager
def workers(count: int, kafka: Kafka, database: DatabaseUrls, group: str, logs: Path) -> Iterator[list[WorkerProcess]]:
    environment = worker_environment(
        worker_url=database.worker,
        bootstrap_servers=kafka.bootstrap_servers,
        topic=TOPIC,
        kafka_group=group,
        worker_batch_size=1000,
        lock_timeout_ms=1000,
    )
    started = [WorkerProcess(environment, logs / f"{group}-{number}.log") for number in range(count)]
    try:
        for worker in started:
            worker.start()
        yield started
    finally:
        for worker in started:
            worker.kill()


def written(database: DatabaseUrls) -> int:
    return int(rows(database.owner, "SELECT coalesce(sum(message_count), 0) FROM raw_batches")[0][0])


def wait_until_written(database: DatabaseUrls, total: int, between: Callable[[int], None] | None = None) -> list[float]:
    """Moments at which the count of judged messages was seen to grow, until all are."""
    seen, moments = -1, [time.monotonic()]
    while seen < total:
        assert time.monotonic() - moments[0] < DEADLINE_S, f"{seen} of {total} judged"
        now = written(database)
        if now != seen:
            seen = now
            moments.append(time.monotonic())
        if between is not None:
            between(now)
        time.sleep(0.1)
    return moments


class Trouble:
    """Kills or freezes one of the workers at random moments; a frozen one thaws after its session has ended."""

    def __init__(self, workers: list[WorkerProcess], seed: int) -> None:
        self._workers = workers
        self._random = random.Random(seed)
        self._next = time.monotonic() + 5
        self._frozen: tuple[WorkerProcess, float] | None = None
        self.done: list[str] = []

    def __call__(self, _written: int) -> None:
        now = time.monotonic()
        if self._frozen and now > self._frozen[1]:
            self._frozen[0].thaw()
            self._frozen = None
            self._next = now + self._random.uniform(2, 5)
        if now < self._next or self._frozen:
            return
        victim = self._random.choice(self._workers)
        if self._random.random() < 0.5:
            victim.kill()
            victim.start()
            self.done.append("killed")
            self._next = now + self._random.uniform(3, 8)
        else:
            victim.freeze()
            self._frozen = (victim, now + SESSION_S + self._random.uniform(1, 4))
            self.done.append("frozen")


@pytest.mark.timeout(400)
def test_killed_and_frozen_workers_lose_nothing_and_double_nothing(
    kafka: Kafka, empty_timescale_database: str, empty_embedded_database: str, tmp_path: Path
) -> None:
    seed = 20261122
    messages = walks(seed)
    undisturbed, disturbed = prepare(empty_embedded_database), prepare(empty_timescale_database)
    kafka.create_topic(TOPIC, PARTITIONS)
    with workers(2, kafka, disturbed, "disturbed", tmp_path) as running, producing(kafka, messages, FLOW_S):
        trouble = Trouble(running, seed)
        moments = wait_until_written(disturbed, len(messages), trouble)
    with workers(1, kafka, undisturbed, "undisturbed", tmp_path):
        wait_until_written(undisturbed, len(messages))

    for statement in (POSITIONS, VISITS, ALERTS, EVENTS):
        assert rows(disturbed.owner, statement) == rows(undisturbed.owner, statement)
    assert len(rows(disturbed.owner, POSITIONS)) == len(messages)
    assert len(rows(disturbed.owner, ALERTS)) > DEVICES / 4
    longest_stall_s = max(after - before for before, after in pairwise(moments[1:]))
    assert len(trouble.done) >= 4, trouble.done
    assert longest_stall_s < SESSION_S + SLACK_S, trouble.done
