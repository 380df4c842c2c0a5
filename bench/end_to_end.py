"""From Kafka to committed offsets: real broker, real TimescaleDB (durable), workers in processes of their own."""

import re
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.result import Result
from bench.world import PEOPLE, fill, messages
from ingest.kafka import KafkaPingSink
from store.provision import ensure_database
from tests.servers.broker import Kafka
from tests.servers.kafka import running_kafka
from tests.servers.timescale import DatabaseServer, running_timescale
from tests.support.database import DatabaseUrls, prepare_database
from tests.support.worker_process import WorkerProcess, worker_environment
from tests.support.world import rows

MESSAGES = 600_000
PARTITIONS = 4
RUNS = 3
WARM = PEOPLE * 6  # until every worker has met every device a few times
TOPIC = "bench.pings"
LOOK_S = 0.05


def run() -> list[Result]:
    """Pings a second with one worker and with two, once their state is loaded, and where one worker's time goes."""
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        for name in ("kafka", "timescale"):
            (folder / name).mkdir()
        kafka = stack.enter_context(running_kafka(folder / "kafka"))
        server = stack.enter_context(running_timescale(folder / "timescale", durable=True))
        kafka.create_topic(TOPIC, PARTITIONS)
        _produce(kafka)
        return [*_measured(kafka, server, folder, 1), _measured(kafka, server, folder, 2)[0]]


def _produce(kafka: Kafka) -> None:
    sink = KafkaPingSink(kafka.bootstrap_servers, TOPIC)
    pings = messages(MESSAGES)
    for first in range(0, len(pings), PEOPLE):
        sink.append(pings[first : first + PEOPLE])
    sink.close()


@dataclass(frozen=True)
class Run:
    rate: float  # messages a second
    stages_us: dict[str, float]  # microseconds a message of each stage, of the first worker


def _measured(kafka: Kafka, server: DatabaseServer, folder: Path, workers: int) -> list[Result]:
    runs = [_one_run(kafka, server, folder, workers, f"bench_{workers}_{number}") for number in range(RUNS)]
    name = f"end to end, {PARTITIONS} partitions, {workers} worker{'s' * (workers > 1)}"
    return [_result(name, "pings/s", [run.rate for run in runs])] + [
        _result(f"  of it {stage}, start included", "us/ping", [run.stages_us[stage] for run in runs])
        for stage in runs[0].stages_us
    ]


def _result(name: str, unit: str, figures: list[float]) -> Result:
    return Result(
        name=name, value=median(figures), unit=unit, spread=(min(figures), max(figures)), peer=None, peer_value=None
    )


def _one_run(kafka: Kafka, server: DatabaseServer, folder: Path, workers: int, name: str) -> Run:
    ensure_database(server.url(), name)
    database = prepare_database(server.url(name))
    fill(database.owner)
    environment = worker_environment(
        worker_url=database.worker, bootstrap_servers=kafka.bootstrap_servers, topic=TOPIC, kafka_group=name
    )
    started = [WorkerProcess(environment, folder / f"{name}-{number}.log") for number in range(workers)]
    try:
        for worker in started:
            worker.start()
        return Run(_rate(database), _stages(started[0]))
    finally:
        for worker in started:
            worker.stop()


def _stages(worker: WorkerProcess) -> dict[str, float]:
    """What the worker's own metrics say of its time, for each ping that it took."""
    found = re.search(r"on port (\d+)", worker.log_file.read_text(encoding="utf-8"))
    if found is None:
        raise RuntimeError("the worker did not say where its metrics are")
    with urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    (stored,) = re.findall(r'^cordon_pings_total{outcome="stored"} (\S+)', text, re.MULTILINE)
    sums = re.findall(r'^cordon_batch_seconds_sum{stage="(\w+)"} (\S+)', text, re.MULTILINE)
    return {stage: float(seconds) * 1e6 / float(stored) for stage, seconds in sums}


def _rate(database: DatabaseUrls) -> float:
    """Messages a second from the warm mark to the last."""
    warm: tuple[float, int] | None = None
    while True:
        done = int(
            rows(database.owner, "SELECT coalesce(sum(greatest(next_offset, 0)), 0) FROM partition_offsets")[0][0]
        )
        now = time.monotonic()
        if warm is None and done >= WARM:
            warm = (now, done)
        if warm is not None and done >= MESSAGES:
            return (done - warm[1]) / (now - warm[0])
        time.sleep(LOOK_S)
