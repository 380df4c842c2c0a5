"""What each worker says of itself: which partitions it has, and by which revision of the registry it judges."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from model.zone_proof import PartitionHolder
from store.database import Cursor

KEPT_DAYS = 30  # of a worker that says nothing more


@dataclass(frozen=True, slots=True)
class WorkerNote:
    """``topic_partitions`` is how many the topic has; ``partitions`` are the worker's, in order."""

    worker: str
    topic: str
    topic_partitions: int
    partitions: Sequence[int]
    revision: int


def note_worker(cursor: Cursor, note: WorkerNote) -> None:
    """Write it, as of now. The commit waits for no disk: what a crash of the server loses is written again soon."""
    cursor.execute("SELECT set_config('synchronous_commit', 'off', true)")
    cursor.execute(
        "INSERT INTO worker_registries AS noted"
        " (worker, topic, topic_partitions, partitions, partitions_since, revision)"
        " VALUES (%s, %s, %s, %s, service_clock(), %s)"
        " ON CONFLICT (worker) DO UPDATE SET topic = excluded.topic, topic_partitions = excluded.topic_partitions,"
        " partitions = excluded.partitions, partitions_since = CASE WHEN noted.partitions = excluded.partitions"
        "  THEN noted.partitions_since ELSE excluded.partitions_since END,"
        " revision = excluded.revision, seen_at = excluded.seen_at",
        (note.worker, note.topic, note.topic_partitions, list(note.partitions), note.revision),
    )
    cursor.execute(
        "INSERT INTO worker_registry_loads (worker, revision) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (note.worker, note.revision),
    )


def forget_worker(cursor: Cursor, worker: str) -> None:
    """It has let everything go."""
    cursor.execute("DELETE FROM worker_registries WHERE worker = %s", (worker,))


def forget_silent_workers(cursor: Cursor) -> None:
    cursor.execute(
        "DELETE FROM worker_registries WHERE seen_at < clock_timestamp() - make_interval(days => %s)", (KEPT_DAYS,)
    )


def find_holders(cursor: Cursor) -> list[PartitionHolder]:
    """Every partition of the topic that workers spoke of last, in order; none where no worker ever did."""
    cursor.execute(
        "WITH latest AS (SELECT topic, topic_partitions FROM worker_registries ORDER BY seen_at DESC LIMIT 1)"
        " SELECT place.partition, held.worker, noted.revision,"
        "  extract(epoch FROM clock_timestamp() - noted.seen_at)::float8"
        " FROM latest CROSS JOIN generate_series(0, latest.topic_partitions - 1) AS place (partition)"
        " LEFT JOIN partition_offsets held ON held.topic = latest.topic AND held.partition = place.partition"
        " LEFT JOIN worker_registries noted ON noted.worker = held.worker AND noted.topic = latest.topic"
        "  AND place.partition = ANY (noted.partitions)"
        " ORDER BY place.partition"
    )
    return [PartitionHolder(*row) for row in cursor.fetchall()]


def held_since(cursor: Cursor, workers: Collection[str], revision: int) -> dict[str, datetime]:
    """Since when each of these judges by ``revision`` or a later one, and has all of its partitions."""
    cursor.execute(
        "SELECT worker, greatest(min(loaded_at), partitions_since) FROM worker_registry_loads"
        " JOIN worker_registries noted USING (worker)"
        " WHERE worker = ANY (%s) AND worker_registry_loads.revision >= %s GROUP BY worker, partitions_since",
        (list(workers), revision),
    )
    return dict(cursor.fetchall())
