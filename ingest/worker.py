"""The worker: polls, decides, and writes each batch with its offsets in one transaction."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
import psycopg2

from geofence.columns import Fixes
from ingest.archive import RawBatch, archive, without
from ingest.decode import Decoded, DecodeLimits, decode
from ingest.heard import HeardNews, heard_rows, select_heard
from ingest.letters import dead_letters
from ingest.pipeline import Batch, Outcome, process_batch
from ingest.raw_records import raw_record
from ingest.screen import ScreenLimits
from ingest.source import PartitionBatch, PingSource, Polled
from ingest.worker_look_back import LookBack
from ingest.worker_metrics import answering, forget_lag, observe_written, stage
from ingest.worker_notes import WorkerNotes
from ingest.worker_state import WorkerState
from model.crimes import MatchingSettings
from model.times import MILLISECOND_US, SECOND_US
from ops import metrics
from ops.errors import FencedError, UnavailableError
from ops.logs import get_logger
from store.batch import LOCK_WAIT_MS, BatchWrite, DeadLetter, RegistryChangedError, Written, write_batch
from store.database import Connection, may_pass
from store.intake import clock_us
from store.offsets import Claim, claim
from store.registry import registry_held

POLL_S = 0.5
POLL_BEHIND_S = 0.01  # while a past waits to be judged anew, only what is there already is taken
OVERTAKEN_AT_MOST = 3  # times that a batch is decided again before edits have to wait for it
BACKOFF_S = (0.1, 0.5, 1.0, 2.0, 5.0)

log = get_logger("worker")


@dataclass(frozen=True, slots=True)
class WorkerConfiguration:
    name: str
    centre: tuple[float, float]  # latitude, longitude
    decode_limits: DecodeLimits
    screen_limits: ScreenLimits
    lock_patience_s: float
    channels: tuple[str, ...]  # that alert changes are delivered to
    heard_every_s: float
    matching: MatchingSettings


class Worker:
    """One member of the workers; ``run`` it in its own thread or process."""

    def __init__(
        self, configuration: WorkerConfiguration, source: PingSource, connect: Callable[[], Connection]
    ) -> None:
        self._configuration = configuration
        self._source = source
        self._connect = connect
        self._connection: Connection | None = None
        self._claims: dict[int, Claim] = {}
        self._must_rejoin = False
        self._state = self._fresh_state()
        self._look_back = LookBack(configuration.channels)
        self._notes = WorkerNotes(configuration.name, source)

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set. A server that does not answer is waited for; other errors end the worker."""
        failures = 0
        try:
            while not stop.is_set():
                try:
                    self.round()
                    failures = 0
                except FencedError as error:
                    metrics.FENCED.inc()
                    log.warning("fenced", reason=str(error))
                    self._let_go()
                except (UnavailableError, psycopg2.Error) as error:
                    if not may_pass(self._connection, error):
                        raise
                    log.warning("waiting for a server", reason=str(error).strip())
                    self._let_go()
                    stop.wait(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])
                    failures += 1
        finally:
            self.close()

    def round(self) -> None:
        """One poll and, where it found something, one batch written."""
        with answering(metrics.DATABASE_UP):
            connection = self._open()
        with answering(metrics.BROKER_UP):
            polled = self._poll()
        self._drop(polled.lost | polled.gained)
        for partition in sorted(polled.gained):
            self._claim(connection, partition)
        held = [batch for batch in polled.batches if batch.partition in self._claims]
        with answering(metrics.DATABASE_UP):
            if held:
                self._process(connection, held)
            elif self._claims:
                self._state.refresh(connection)
            if self._claims:
                self._look_back.round(connection, self._state, self._claims)
            self._notes.round(connection, self._state.revision, self._claims)

    def _poll(self) -> Polled:
        if self._must_rejoin:
            self._source.rejoin()
            self._must_rejoin = False
        with stage("poll"):
            return self._source.poll(POLL_BEHIND_S if self._claims and self._look_back.is_behind else POLL_S)

    def readiness(self) -> dict[str, bool]:
        """For the health server's thread: the last round's outcome, not a question to a server."""
        return {"database": self._connection is not None, "broker": not self._must_rejoin}

    def close(self) -> None:
        self._let_go()
        self._source.close()

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _claim(self, connection: Connection, partition: int) -> None:
        configuration = self._configuration
        with answering(metrics.DATABASE_UP):
            held = claim(connection, self._source.topic, partition, configuration.name, configuration.lock_patience_s)
            self._look_back.retry(connection, partition)
        self._claims[partition] = held
        with answering(metrics.BROKER_UP):
            self._source.seek(partition, held.next_offset)
        log.info("claimed", partition=partition, epoch=held.epoch, next_offset=held.next_offset)

    def _drop(self, partitions: frozenset[int]) -> None:
        for partition in partitions:
            self._claims.pop(partition, None)
            forget_lag(self._source.topic, partition)
        self._state.forget_partitions(partitions)

    def _let_go(self) -> None:
        """Forget everything, and ask whose the partitions are before any is claimed again.

        After a failure, what was decided may not be what the database holds; and one who was frozen may be the last
        to know that another has taken over.
        """
        self._must_rejoin = True
        for partition in self._claims:
            forget_lag(self._source.topic, partition)
        self._claims.clear()
        self._notes.end(self._connection)
        self._state = self._fresh_state()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _fresh_state(self) -> WorkerState:
        configuration = self._configuration
        return WorkerState(configuration.centre, configuration.screen_limits, configuration.matching)

    def _process(self, connection: Connection, batches: Sequence[PartitionBatch]) -> None:
        with stage("decode"):
            decoded = [decode(batch, self._configuration.decode_limits) for batch in batches]
        with stage("archive"):
            raw = [archive(self._source.topic, batch, self._claims[batch.partition].chain_hash) for batch in batches]
        for attempt in count():
            # edits that follow each other closely would let a batch decide for ever: in the end they wait for it
            with registry_held(connection, LOCK_WAIT_MS) if attempt > OVERTAKEN_AT_MOST else nullcontext():
                if attempt:
                    self._state.refresh(connection)
                try:
                    decided = self._decide_and_write(connection, batches, decoded, raw)
                except RegistryChangedError:
                    continue
            break
        outcome, heard, letters, written = decided
        self._state.apply(outcome)
        self._state.devices.heard_written_us[heard.slot] = heard.received_us
        self._claims.update({held.partition: held for held in written.claims})
        self._source.commit({batch.partition: batch.next_offset for batch in batches})
        observe_written(self._source.topic, batches, written, letters, outcome, time.time())

    def _decide_and_write(
        self,
        connection: Connection,
        batches: Sequence[PartitionBatch],
        decoded: Sequence[Decoded],
        raw: Sequence[RawBatch],
    ) -> tuple[Outcome, HeardNews, list[DeadLetter], Written]:
        with stage("load"):
            for batch, found in zip(batches, decoded, strict=True):
                self._state.load(connection, batch.partition, found.serials)
            with connection, connection.cursor() as cursor:
                now_us = clock_us(cursor)
        with stage("check"):
            arrived, letters, erased = self._resolve(batches, decoded)
            raw = [without(kept, offsets) if offsets else kept for kept, offsets in zip(raw, erased, strict=True)]
            outcome = process_batch(arrived, self._state.context(now_us))
            heard = select_heard(
                arrived,
                self._state.devices,
                self._configuration.screen_limits,
                int(self._configuration.heard_every_s * SECOND_US),
            )
        with stage("write"):
            written = write_batch(
                connection,
                [self._claims[batch.partition] for batch in batches],
                replace(
                    self._write(batches, raw, letters, outcome),
                    heard=heard_rows(heard, self._state.devices.device_id),
                    heartbeats=self._heartbeats(batches, decoded),
                ),
                self._state.revision,
            )
        return outcome, heard, letters, written

    def _heartbeats(self, batches: Sequence[PartitionBatch], decoded: Sequence[Decoded]) -> dict[tuple[str, int], int]:
        return {
            (self._source.topic, batch.partition): found.heartbeat_ms * MILLISECOND_US
            for batch, found in zip(batches, decoded, strict=True)
            if found.heartbeat_ms is not None
        }

    def _resolve(
        self, batches: Sequence[PartitionBatch], decoded: Sequence[Decoded]
    ) -> tuple[Batch, list[DeadLetter], list[set[int]]]:
        """The fixes of known devices, dead letters for the rest, and by batch the messages that are of erased times:
        of those nothing is kept.
        """
        letters: list[DeadLetter] = []
        erased: list[set[int]] = []
        parts: list[tuple[Fixes, np.ndarray, int]] = []
        for batch, found in zip(batches, decoded, strict=True):
            slots = self._state.devices.slots(found.serials)
            known, gone = slots >= 0, self._state.devices.erased(slots, found.fixes.fix_time_us)
            kept = known & ~gone
            erased.append(set(found.fixes.message_offset[gone].tolist()))
            parts.append((found.fixes.take(kept), slots[kept], batch.partition))
            found_letters = dead_letters(self._source.topic, batch, found, known)
            letters += [letter for letter in found_letters if letter.message_offset not in erased[-1]]
        return _join(parts), letters, erased

    def _write(
        self,
        batches: Sequence[PartitionBatch],
        raw: Sequence[RawBatch],
        letters: Sequence[DeadLetter],
        outcome: Outcome,
    ) -> BatchWrite:
        return BatchWrite(
            raw=[
                raw_record(self._source.topic, batch.partition, kept) for batch, kept in zip(batches, raw, strict=True)
            ],
            newer=outcome.newer,
            older=outcome.older,
            quarantined=outcome.quarantined,
            gaps=outcome.gaps,
            cells=outcome.cells,
            dead_letters=letters,
            visits=[change.after for change in outcome.visit_changes],
            presence=outcome.presence,
            alert_changes=outcome.alert_changes,
            commands=outcome.commands,
            rematches=outcome.rematches,
            channels=self._configuration.channels,
        )


def _join(parts: Sequence[tuple[Fixes, np.ndarray, int]]) -> Batch:
    fixes = Fixes.concatenate([part for part, _, _ in parts])
    return Batch(
        fixes=fixes,
        slot=np.concatenate([slots for _, slots, _ in parts]),
        partition=np.concatenate([np.full(len(slots), partition, np.int64) for _, slots, partition in parts]),
    )
