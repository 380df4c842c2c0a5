"""The proof with several workers on a real broker: each partition by its own worker or, after a kill, the next."""

import uuid
from pathlib import Path

import pytest

from model.zone_proof import NotLiveReason, ZoneProof
from store.zone_proof import zone_proof
from tests.servers.broker import Kafka
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner
from tests.support.waiting import wait_until
from tests.support.worker_process import WorkerProcess, worker_environment
from tests.support.world import add_zone, enrol

PARTITIONS = 4
JOIN_S = 40
SQUARE = {"type": "Polygon", "coordinates": [[[-0.1, 51.5], [-0.09, 51.5], [-0.09, 51.51], [-0.1, 51.5]]]}


def proof(database: DatabaseUrls) -> ZoneProof:
    with as_owner(database.owner) as cursor:
        found = zone_proof(cursor, "SHARED")
    assert found is not None
    return found


def owners(found: ZoneProof) -> set[str | None]:
    return {one.worker for one in found.partitions}


@pytest.mark.timeout(240)
def test_every_partition_is_proved_and_a_killed_worker_s_by_its_successor(
    kafka: Kafka, migrated_database: DatabaseUrls, tmp_path: Path
) -> None:
    enrol(migrated_database.owner, ["TAG-1"])
    add_zone(migrated_database.owner, "SHARED", SQUARE)
    topic = f"pings.{uuid.uuid4().hex[:8]}"
    kafka.create_topic(topic, PARTITIONS)
    environment = worker_environment(
        worker_url=migrated_database.worker, bootstrap_servers=kafka.bootstrap_servers, topic=topic
    )
    workers = [WorkerProcess(environment, tmp_path / f"worker-{number}.log") for number in range(2)]
    try:
        for worker in workers:
            worker.start()
        wait_until(lambda: len(owners(proof(migrated_database))) == len(workers), JOIN_S, "a share for each")
        wait_until(lambda: proof(migrated_database).is_live, JOIN_S, "a live zone")
        assert [one.partition for one in proof(migrated_database).partitions] == list(range(PARTITIONS))
        workers[0].kill()
        wait_until(lambda: len(owners(proof(migrated_database))) == 1, JOIN_S, "the survivor's takeover")
        wait_until(lambda: proof(migrated_database).is_live, JOIN_S, "a zone that is live by the survivor alone")
        (survivor,) = owners(proof(migrated_database))
        workers[1].kill()
        with as_owner(migrated_database.owner) as cursor:
            cursor.execute("UPDATE worker_registries SET seen_at = seen_at - interval '31 s'")
        (reason,) = proof(migrated_database).reasons
        assert reason.reason is NotLiveReason.WORKER_SILENT
        assert reason.words.startswith(f"worker {survivor}, which has partitions 0, 1, 2, 3, was last seen ")
    finally:
        for worker in workers:
            worker.kill()
