"""A zone is live when its worker says so, and only while that worker lives: with real workers, one of them killed."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.worker_state import WorkerState
from model.times import to_microseconds
from model.zone_proof import NotLiveReason, ZoneProof
from store.database import Connection
from store.zone_proof import zone_proof, zones_unwatched
from store.zones import end_zone
from tests.support.batches import connected
from tests.support.database import DatabaseUrls
from tests.support.pings import ping
from tests.support.seed import as_owner
from tests.support.waiting import wait_until
from tests.support.worker_process import WorkerProcess
from tests.support.worker_thread import append, queue_worker
from tests.support.world import add_zone, enrol, rows

SERIAL = "TAG-1"
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[-0.103, 51.498], [-0.097, 51.498], [-0.097, 51.502], [-0.103, 51.502], [-0.103, 51.498]]],
}
OWN, SHARED = "OWN", "SHARED"
PUBLISHED_WITHIN_S = 2.5
AGE = "UPDATE worker_registries SET seen_at = seen_at - interval '31 s'"


@pytest.fixture
def database(migrated_database: DatabaseUrls) -> DatabaseUrls:
    """A wearer with a zone, a shared zone, and nobody who watches."""
    enrol(migrated_database.owner, [SERIAL])
    add_zone(migrated_database.owner, OWN, SQUARE, SERIAL)
    add_zone(migrated_database.owner, SHARED, SQUARE)
    return migrated_database


def proof(database: DatabaseUrls, reference: str = OWN) -> ZoneProof:
    with as_owner(database.owner) as cursor:
        found = zone_proof(cursor, reference)
    assert found is not None
    return found


def reasons(database: DatabaseUrls, reference: str = OWN) -> list[NotLiveReason]:
    return [one.reason for one in proof(database, reference).reasons]


def is_live(database: DatabaseUrls, reference: str = OWN) -> Callable[[], bool]:
    return lambda: proof(database, reference).is_live


def publish_again(database: DatabaseUrls) -> None:
    """A revision of both zones, as every edit makes one; the content stays."""
    with as_owner(database.owner) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(1129272902)")
        cursor.execute("UPDATE registry_revision SET revision = revision + 1")
        cursor.execute("UPDATE zone_versions SET revision = (SELECT revision FROM registry_revision)")


def test_without_a_worker_nothing_is_proved(database: DatabaseUrls) -> None:
    found = proof(database)
    assert not found.is_live
    assert found.words == "No: zone OWN is not live: no worker says that it is there."
    assert reasons(database, SHARED) == [NotLiveReason.NO_WORKER]


def test_a_worker_that_waits_for_its_first_position_has_loaded_the_zone(database: DatabaseUrls) -> None:
    with queue_worker(database):
        wait_until(is_live(database), what="a live zone")
        found = proof(database)
        assert found.words == "Yes: zone OWN is live, by its version 1."
        assert [(one.partition, one.worker) for one in found.partitions] == [(0, "test-worker")]
        assert [(one.serial, one.partition, one.fix_time) for one in found.tags] == [(SERIAL, None, None)], (
            "never heard"
        )
        assert proof(database, SHARED).is_live
    wait_until(lambda: reasons(database) == [NotLiveReason.NO_WORKER], what="the end of a worker that says good-bye")


def test_a_revision_is_loaded_within_two_seconds_and_positions_after_it_are_judged_by_it(
    database: DatabaseUrls,
) -> None:
    with queue_worker(database):
        wait_until(is_live(database))
        publish_again(database)
        wait_until(is_live(database), PUBLISHED_WITHIN_S, "the revision in the worker")
        found = proof(database)
        assert found.revision == 1
        (held,) = found.partitions
        assert held.revision == 1
        assert held.since is not None
        assert held.delay_s is not None
        assert 0 <= held.delay_s <= PUBLISHED_WITHIN_S
        assert found.last_judged_at is None, "no position came yet"
        fix_time = datetime.now(UTC)
        append(database, [(SERIAL, ping(SERIAL, to_microseconds(fix_time), 51.5, -0.1, accuracy_m=8))])
        wait_until(lambda: proof(database).last_judged_at == fix_time, what="a judged position")
        assert [one.partition for one in proof(database).tags] == [0]
        wait_until(lambda: proof(database, SHARED).last_judged_at == fix_time)


def test_what_was_judged_before_the_revision_is_no_proof_of_it(database: DatabaseUrls) -> None:
    with queue_worker(database):
        append(database, [(SERIAL, ping(SERIAL, to_microseconds(datetime.now(UTC)), 51.5, -0.1, accuracy_m=8))])
        wait_until(lambda: proof(database).last_judged_at is not None)
        publish_again(database)
        assert proof(database).last_judged_at is None


def test_a_worker_on_an_old_revision_proves_nothing(database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> None:
    def stuck(_state: WorkerState, _connection: Connection) -> None:
        """It looks for what changed no more."""

    with queue_worker(database):
        wait_until(is_live(database))
        monkeypatch.setattr(WorkerState, "refresh", stuck)
        publish_again(database)
        wait_until(lambda: reasons(database) == [NotLiveReason.WORKER_BEHIND])
        assert "worker test-worker, which has partition 0, has loaded revision 0 and not 1" in proof(database).words
        assert proof(database).partitions[0].since is None


def test_a_device_put_on_since_has_to_be_known_too(database: DatabaseUrls) -> None:
    with queue_worker(database):
        wait_until(is_live(database))
        with as_owner(database.owner) as cursor:
            cursor.execute("UPDATE device_activations SET revision = 1000")
        assert reasons(database) == [NotLiveReason.WORKER_BEHIND]
        assert proof(database, SHARED).is_live


@pytest.mark.parametrize("frozen", [False, True], ids=["killed", "frozen"])
def test_a_worker_that_is_killed_or_hangs_grows_silent(database: DatabaseUrls, tmp_path: Path, *, frozen: bool) -> None:
    worker = WorkerProcess({"CORDON_DATABASE_WORKER_URL": database.worker}, tmp_path / "worker.log")
    worker.start()
    try:
        wait_until(is_live(database), 30, "a live zone")
        name = proof(database).partitions[0].worker
        if frozen:
            worker.freeze()
        else:
            worker.kill()
        silent_s = proof(database).partitions[0].silent_s or 0
        wait_until(lambda: (proof(database).partitions[0].silent_s or 0) > max(silent_s, 6), what="silence")
        rows_aged(database)  # rather than wait for half a minute
        assert reasons(database) == [NotLiveReason.WORKER_SILENT]
        assert reasons(database, SHARED) == [NotLiveReason.WORKER_SILENT]
        assert f"worker {name}, which has partition 0, was last seen" in proof(database).words
        if frozen:
            worker.thaw()
            wait_until(is_live(database), what="the zone that is live again")
    finally:
        with suppress(ProcessLookupError):
            worker.thaw()
        worker.kill()


def rows_aged(database: DatabaseUrls) -> None:
    with as_owner(database.owner) as cursor:
        cursor.execute(AGE)


def test_another_worker_takes_over_and_proves_it_anew(database: DatabaseUrls, tmp_path: Path) -> None:
    worker = WorkerProcess({"CORDON_DATABASE_WORKER_URL": database.worker}, tmp_path / "worker.log")
    worker.start()
    wait_until(is_live(database), 30)
    worker.kill()
    rows_aged(database)
    with queue_worker(database):
        wait_until(is_live(database), what="a live zone under the next worker")
        assert [one.worker for one in proof(database).partitions] == ["test-worker"]


def test_a_partition_that_nobody_has_is_named(database: DatabaseUrls) -> None:
    with queue_worker(database):
        wait_until(is_live(database))
        with as_owner(database.owner) as cursor:
            cursor.execute("UPDATE partition_offsets SET worker = 'operator'")
        assert reasons(database) == [NotLiveReason.PARTITION_UNOWNED]
        assert proof(database).words.endswith("partition 0 is owned by nobody.")


def test_a_partition_that_was_never_taken_is_owned_by_nobody(database: DatabaseUrls) -> None:
    """A worker that knows of four partitions and has one: a shared zone is watched on a quarter of the tags."""
    with queue_worker(database):
        append(database, [(SERIAL, ping(SERIAL, to_microseconds(datetime.now(UTC)), 51.5, -0.1, accuracy_m=8))])
        wait_until(lambda: proof(database).last_judged_at is not None)
    with as_owner(database.owner) as cursor:
        cursor.execute(
            "INSERT INTO worker_registries (worker, topic, topic_partitions, partitions, partitions_since, revision)"
            " VALUES ('test-worker', 'tag.pings', 4, '{0}', now(), 0)"
        )
    assert proof(database).is_live, "its wearer's tag is heard on partition 0"
    assert proof(database, SHARED).words.endswith("partitions 1, 2, 3 are owned by nobody.")


def test_the_reasons_in_bulk_are_those_of_each(database: DatabaseUrls) -> None:
    identifiers = {
        reference: zone_id for zone_id, reference in rows(database.owner, "SELECT zone_id, reference FROM zones")
    }
    with queue_worker(database):
        wait_until(is_live(database))
        with connected(database.owner) as connection, connection, connection.cursor() as cursor:
            end_zone(cursor, SHARED, datetime.now(UTC))
        wait_until(lambda: reasons(database, SHARED) == [NotLiveReason.ENDED])
        with as_owner(database.owner) as cursor:
            found = zones_unwatched(cursor, identifiers.values())
        assert {zone_id: [one.reason for one in those] for zone_id, those in found.items()} == {
            identifiers[SHARED]: [NotLiveReason.ENDED]
        }
        assert found[identifiers[SHARED]] == proof(database, SHARED).reasons


def test_nobody_wears_a_tag_for_it(database: DatabaseUrls) -> None:
    with queue_worker(database):
        wait_until(is_live(database))
        with as_owner(database.owner) as cursor:
            cursor.execute("UPDATE device_activations SET during = tstzrange(lower(during), now())")
        assert reasons(database) == [NotLiveReason.NO_TAG_WORN]
        assert reasons(database, SHARED) == [NotLiveReason.NO_TAG_WORN]
