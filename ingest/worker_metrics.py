"""What a worker counts."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from prometheus_client import Gauge

from ingest.pipeline import Outcome
from ingest.source import PartitionBatch
from model.enums import AlertChangeKind, PositionFlag
from model.times import SECOND_US
from ops import metrics
from ops.errors import UnavailableError
from store.batch import DeadLetter, Written
from store.database import SERVER_ERRORS


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Time one stage of a batch."""
    started = time.monotonic()
    try:
        yield
    finally:
        metrics.BATCH_SECONDS.labels(name).observe(time.monotonic() - started)


@contextmanager
def answering(server: Gauge) -> Iterator[None]:
    """Whether a server answered when it was last asked; a worker that is fenced has been answered."""
    try:
        yield
    except (UnavailableError, *SERVER_ERRORS):
        server.set(0)
        raise
    else:
        server.set(1)


def forget_lag(topic: str, partition: int) -> None:
    """Another worker tells how far a lost partition is."""
    metrics.PARTITION_LAG.remove(topic, str(partition))


def observe_written(
    topic: str,
    batches: Sequence[PartitionBatch],
    written: Written,
    letters: Sequence[DeadLetter],
    outcome: Outcome,
    now_s: float,
) -> None:
    """Count a batch that was written at ``now_s`` seconds since 1970."""
    for outcome_name, count in (
        ("stored", written.stored),
        ("repeated", written.repeated),
        ("quarantined", written.quarantined),
        ("rejected", sum(letter.pings for letter in letters)),
    ):
        metrics.PINGS.labels(outcome_name).inc(count)
    for letter in letters:
        metrics.DEAD_LETTERS.labels(letter.reason.value).inc(letter.pings)
    flags = np.concatenate([outcome.newer.flags, outcome.older.flags])
    for flag in PositionFlag:
        if flag:
            metrics.POSITION_FLAGS.labels(str(flag.name).lower()).inc(int(np.count_nonzero(flags & flag)))
    for batch in batches:
        metrics.PARTITION_LAG.labels(topic, batch.partition).set(batch.lag)
    for change in outcome.alert_changes:
        metrics.ALERT_CHANGES.labels(change.kind.value).inc()
        if change.kind is AlertChangeKind.RAISED:
            metrics.FIX_TO_ALERT_SECONDS.observe(now_s - change.alert.began_us / SECOND_US)
            metrics.RECEIPT_TO_ALERT_SECONDS.observe(now_s - change.alert.received_us / SECOND_US)
