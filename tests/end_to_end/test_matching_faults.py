"""Workers and matchers are killed while positions and crimes come in: what matching says in the end is the same."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from ingest.kafka import KafkaPingSink
from model.times import SECOND_US, to_microseconds
from tests.servers.broker import Kafka
from tests.support.database import DatabaseUrls, prepare_database
from tests.support.matching import DOCUMENTS, ReportedCrime, ask_again, import_crimes, nothing_waits
from tests.support.pings import ping
from tests.support.waiting import wait_until
from tests.support.worker_process import WorkerProcess, worker_environment
from tests.support.world import enrol, rows

TOPIC = "matching.pings"
DEVICES = 40
MINUTES = 300
PARTITIONS = 4
FILES = 5
CRIMES_PER_FILE = 12
CHUNK = 500
PAUSE_S = 1.0
DEADLINE_S = 120
MINUTE_US = 60 * SECOND_US
DEGREES_PER_STEP = 0.0004
RUNS = (
    "SELECT DISTINCT ON (reference, version) reference, version, present, possible, absent, cannot_say"
    " FROM matching_runs JOIN crime_versions USING (crime_version_id) JOIN crimes USING (crime_id) WHERE is_current"
    " ORDER BY reference, version, run_id DESC"
)


def start_of_all() -> int:
    """Seven hours ago, on the minute: every window is over and settled."""
    moment = to_microseconds(datetime.now(UTC) - timedelta(hours=7))
    return moment - moment % MINUTE_US


def walks(seed: int, start_us: int) -> list[tuple[str, bytes]]:
    """Random walks a minute a step, in the order of arrival. Some fall silent, upload late or out of order."""
    generator = np.random.default_rng(seed)
    steps = generator.normal(0, DEGREES_PER_STEP, (DEVICES, MINUTES, 2)).cumsum(axis=1)
    arrivals = []
    for device in range(DEVICES):
        kind = device % 4
        for minute in range(MINUTES):
            if kind == 1 and 100 <= minute < 140:
                continue  # lost for ever
            arrives = minute
            if kind == 2 and 60 <= minute < 90:
                arrives = MINUTES  # long after those that follow
            if kind == 3 and minute >= 150:
                arrives = MINUTES + minute  # a buffer that is uploaded in the end
            lat, lon = 51.5 + float(steps[device, minute, 0]), -0.1 + float(steps[device, minute, 1])
            serial, place = f"TAG-{device:02}", (round(lat, 6), round(lon, 6))
            told = ping(serial, start_us + minute * MINUTE_US, *place, accuracy_m=8, mechanism="GPS")
            arrivals.append((arrives, minute, device, (serial, told)))
    return [message for _, _, _, message in sorted(arrivals, key=lambda one: one[:3])]


def files(seed: int, start_us: int) -> list[list[ReportedCrime]]:
    """Police files; the last one has some crimes of the first again, at another place."""
    generator = random.Random(seed)

    def crime(number: int) -> ReportedCrime:
        place = (round(51.5 + generator.uniform(-0.006, 0.006), 6), round(-0.1 + generator.uniform(-0.01, 0.01), 6))
        from_us = start_us + generator.randrange(20, MINUTES - 30) * MINUTE_US
        return ReportedCrime(f"CRIME-{number:03}", place, from_us, from_us + generator.randrange(15) * MINUTE_US)

    numbers = [range(first, first + CRIMES_PER_FILE) for first in range(0, FILES * CRIMES_PER_FILE, CRIMES_PER_FILE)]
    return [[crime(number) for number in some] for some in (*numbers, numbers[0][:4])]


class Members:
    """Workers and matchers as processes."""

    def __init__(self, kafka: Kafka, database: DatabaseUrls, group: str, logs: Path, copies: int) -> None:
        environment = worker_environment(
            worker_url=database.worker,
            bootstrap_servers=kafka.bootstrap_servers,
            topic=TOPIC,
            kafka_group=group,
            worker_batch_size=300,
            lock_timeout_ms=1000,
            match_every_s=0.1,
        )
        self._all = [
            WorkerProcess(environment, logs / f"{group}-{command}-{number}.log", command)
            for command in ("worker", "match")
            for number in range(copies)
        ]

    def __enter__(self) -> Self:
        for one in self._all:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._all:
            one.kill()

    @contextmanager
    def troubled(self, seed: int) -> Iterator[list[int]]:
        """Members are killed at random moments, and started again, while the block runs; how many were."""
        generator, stop, killed = random.Random(seed), threading.Event(), list[int]()

        def kill() -> None:
            while not stop.wait(generator.uniform(1, 3)):
                place = generator.randrange(len(self._all))
                self._all[place].kill()
                self._all[place].start()
                killed.append(place)

        thread = threading.Thread(target=kill)
        thread.start()
        try:
            yield killed
        finally:
            stop.set()
            thread.join()


def feed(
    kafka: Kafka, database: DatabaseUrls, messages: Sequence[tuple[str, bytes]], crimes: Sequence[list[ReportedCrime]]
) -> None:
    """Positions and police files in turn."""
    waiting = list(crimes)
    sink = KafkaPingSink(kafka.bootstrap_servers, TOPIC)
    each = len(messages) // (len(crimes) + 1)
    for first in range(0, len(messages), CHUNK):
        sink.append(messages[first : first + CHUNK])
        if waiting and first >= each * (len(crimes) - len(waiting) + 1):
            import_crimes(database, *waiting.pop(0))
        time.sleep(PAUSE_S)
    sink.close()
    for file in waiting:
        import_crimes(database, *file)


def all_done(database: DatabaseUrls, messages: int) -> None:
    written = "SELECT coalesce(sum(message_count), 0) FROM raw_batches"
    wait_until(lambda: rows(database.owner, written) == [(messages,)], DEADLINE_S, "the positions")
    wait_until(lambda: nothing_waits(database), DEADLINE_S, "the matches")


def found(database: DatabaseUrls) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Results and counts. Whether somebody absent has a result depends on whether there was another before."""
    newest = {(reference, version) for reference, version, *_ in rows(database.owner, RUNS)}
    results = [row for row in rows(database.owner, DOCUMENTS) if row[3] != "absent" and (row[0], row[1]) in newest]
    return results, rows(database.owner, RUNS)


@pytest.mark.timeout(420)
def test_killed_workers_and_matchers_lose_no_match_and_invent_none(
    kafka: Kafka, empty_timescale_database: str, empty_embedded_database: str, tmp_path: Path
) -> None:
    seed, start_us = 20261126, start_of_all()
    messages, crimes = walks(seed, start_us), files(seed, start_us)
    disturbed, undisturbed = prepare_database(empty_timescale_database), prepare_database(empty_embedded_database)
    for database in (disturbed, undisturbed):
        enrol(database.owner, [f"TAG-{device:02}" for device in range(DEVICES)])
    kafka.create_topic(TOPIC, PARTITIONS)
    with Members(kafka, disturbed, "disturbed", tmp_path, copies=2) as members:
        with members.troubled(seed) as killed:
            feed(kafka, disturbed, messages, crimes)
        all_done(disturbed, len(messages))
        first = found(disturbed)
        ask_again(disturbed, "test")
        all_done(disturbed, len(messages))
    with Members(kafka, undisturbed, "undisturbed", tmp_path, copies=1):
        all_done(undisturbed, len(messages))
        for file in crimes:
            import_crimes(undisturbed, *file)
        all_done(undisturbed, len(messages))

    assert found(disturbed) == first, "matched anew from the beginning, it is the same"
    assert first == found(undisturbed)
    said = {verdict for _, _, _, verdict, _ in first[0]}
    assert said == {"present", "possible", "cannot_say"}
    assert len(first[1]) == FILES * CRIMES_PER_FILE
    assert len(killed) >= 6, killed
