"""An edit of the registry is live in every worker within two seconds, and neither edits nor batches starve."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

import ingest.worker
from geofence.drafts import ZoneDraft
from ingest.pipeline import Batch, Context, Outcome, process_batch
from model.enums import ZoneKind
from model.times import to_microseconds
from model.zones import MultiPolygon
from store.activations import activate, deactivate
from store.database import Cursor
from store.registry import lock_registry_exclusive, next_revision
from store.zones import end_zone, publish_zones
from tests.support.batches import connected
from tests.support.database import DatabaseUrls
from tests.support.pings import ping
from tests.support.waiting import wait_until
from tests.support.worker_thread import append, queue_worker
from tests.support.world import enrol, rows

SERIAL = "TAG-1"
LIVE_S = 2.0
INSIDE = (51.5, -0.1)
RING = ((-0.101, 51.499), (-0.099, 51.499), (-0.099, 51.501), (-0.101, 51.501), (-0.101, 51.499))
FAR_RING = tuple((lon + 1, lat) for lon, lat in RING)
OPEN_ALERTS = "SELECT count(*) FROM alerts WHERE state = 'open'"


def draft(ring: Any = RING, crn: str | None = SERIAL) -> ZoneDraft:
    return ZoneDraft(
        reference="ZONE",
        name="A zone",
        kind=ZoneKind.EXCLUSION,
        crn=crn,
        geometry=MultiPolygon(((tuple(ring),),)),
        valid_from=None,
        active_from=None,
        active_to=None,
    )


def edit(database: DatabaseUrls, change: Callable[[Cursor], object]) -> None:
    with connected(database.owner) as connection, connection, connection.cursor() as cursor:
        change(cursor)


def bump_revision(cursor: Cursor) -> None:
    """The least that an edit does."""
    lock_registry_exclusive(cursor)
    next_revision(cursor)


def publish(database: DatabaseUrls, ring: Any = RING, crn: str | None = SERIAL) -> None:
    edit(database, lambda cursor: publish_zones(cursor, [draft(ring, crn)], "test", datetime.now(UTC)))


def now_ping(serial: str = SERIAL) -> tuple[str, bytes]:
    return serial, ping(serial, to_microseconds(datetime.now(UTC)), *INSIDE)


def judged(database: DatabaseUrls) -> int:
    found: int = rows(database.owner, "SELECT coalesce(max(next_offset), 0) FROM partition_offsets")[0][0]
    return found


@contextmanager
def pinging(database: DatabaseUrls, every_s: float) -> Iterator[None]:
    """A wearer who stands inside, heard again and again; the fix times are those of the moment."""
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(every_s):
            append(database, [now_ping()])

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture(params=[0.02, 0.7], ids=["busy", "idle"])
def every_s(request: pytest.FixtureRequest) -> float:
    """How often pings come: a busy worker always has a batch in hand, an idle one polls in vain."""
    found: float = request.param
    return found


def test_a_zone_added_moved_and_ended_is_live_within_two_seconds(
    migrated_database: DatabaseUrls, every_s: float
) -> None:
    enrol(migrated_database.owner, [SERIAL])

    def alerts_are(wanted: int) -> Callable[[], bool]:
        return lambda: rows(migrated_database.owner, OPEN_ALERTS) == [(wanted,)]

    with queue_worker(migrated_database), pinging(migrated_database, every_s):
        wait_until(lambda: judged(migrated_database) > 2)
        publish(migrated_database)
        wait_until(alerts_are(1), LIVE_S + every_s, "an added zone's alert")
        publish(migrated_database, FAR_RING)
        wait_until(alerts_are(0), LIVE_S + every_s, "the alert's end at the moved zone")
        publish(migrated_database)
        wait_until(alerts_are(1), LIVE_S + every_s, "the alert of the zone that was moved back")
        edit(migrated_database, lambda cursor: end_zone(cursor, "ZONE", datetime.now(UTC)))
        wait_until(alerts_are(0), LIVE_S + every_s, "the alert's end with the zone's")


def test_a_device_put_on_somebody_else_is_live_within_two_seconds(
    migrated_database: DatabaseUrls, every_s: float
) -> None:
    enrol(migrated_database.owner, [SERIAL, "TAG-2"])
    publish(migrated_database, crn="TAG-2")
    with queue_worker(migrated_database), pinging(migrated_database, every_s):
        wait_until(lambda: judged(migrated_database) > 2)
        assert rows(migrated_database.owner, OPEN_ALERTS) == [(0,)]
        moment = datetime.now(UTC)
        edit(migrated_database, lambda cursor: deactivate(cursor, SERIAL, moment))
        edit(
            migrated_database,
            lambda cursor: activate(cursor, SERIAL, "TAG-2", moment + timedelta(milliseconds=1), beside_another=True),
        )
        wait_until(lambda: rows(migrated_database.owner, OPEN_ALERTS) == [(1,)], LIVE_S + every_s, "the other's alert")


def test_a_new_device_is_known_as_soon_as_it_is_registered(migrated_database: DatabaseUrls) -> None:
    enrol(migrated_database.owner, ["TAG-2"])
    with queue_worker(migrated_database):
        append(migrated_database, [now_ping()])
        wait_until(lambda: rows(migrated_database.owner, "SELECT reason FROM dead_letters") == [("unknown_device",)])
        long_ago = datetime.now(UTC) - timedelta(hours=1)
        edit(migrated_database, lambda cursor: activate(cursor, SERIAL, "TAG-2", long_ago, beside_another=True))
        append(migrated_database, [now_ping()])
        wait_until(lambda: rows(migrated_database.owner, "SELECT flags FROM positions") != [])
        assert rows(migrated_database.owner, "SELECT flags & 16 FROM positions") == [(0,)]


class _Editing:
    """``process_batch`` with an edit committed behind its back, the first ``times`` times."""

    def __init__(self, change: Callable[[], None], times: int) -> None:
        self._change = change
        self._left = times
        self.calls = 0

    def __call__(self, batch: Batch, context: Context) -> Outcome:
        outcome = process_batch(batch, context)
        self.calls += 1
        if len(batch.fixes) and self._left:
            self._left -= 1
            self._change()
        return outcome


def test_an_edit_committed_while_a_batch_is_decided_makes_it_decide_again(
    migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(migrated_database.owner, [SERIAL])
    editing = _Editing(lambda: publish(migrated_database), times=1)
    monkeypatch.setattr(ingest.worker, "process_batch", editing)
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    with queue_worker(migrated_database):
        late = draft()
        edit(migrated_database, lambda cursor: publish_zones(cursor, [late], "test", an_hour_ago))
        editing._change = lambda: edit(migrated_database, lambda cursor: end_zone(cursor, "ZONE", an_hour_ago))
        append(migrated_database, [now_ping()])
        wait_until(lambda: judged(migrated_database) == 1)
    assert editing.calls == 2
    assert rows(migrated_database.owner, "SELECT count(*) FROM visits") == [(0,)]


def test_edits_that_never_cease_do_not_starve_a_batch(
    migrated_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time the batch is decided, an editor is quicker; until editors have to wait for it."""
    enrol(migrated_database.owner, [SERIAL])
    edits = count()
    threads: list[threading.Thread] = []

    def change() -> None:
        def bump() -> None:
            edit(migrated_database, bump_revision)
            next(edits)

        thread = threading.Thread(target=bump)
        thread.start()
        thread.join(0.5)  # an editor that has to wait is waited for no longer
        threads.append(thread)

    monkeypatch.setattr(ingest.worker, "process_batch", _Editing(change, times=10_000))
    with queue_worker(migrated_database) as worker:
        append(migrated_database, [now_ping()])
        wait_until(lambda: judged(migrated_database) == 1)
        for thread in threads:
            thread.join(5)
        assert worker.error is None
    assert next(edits) == len(threads) == ingest.worker.OVERTAKEN_AT_MOST + 2


def test_batches_that_never_cease_do_not_starve_an_editor(migrated_database: DatabaseUrls) -> None:
    enrol(migrated_database.owner, [SERIAL])
    waits = []
    with queue_worker(migrated_database), pinging(migrated_database, every_s=0.002):
        wait_until(lambda: judged(migrated_database) > 2)
        for _ in range(20):
            started = time.monotonic()
            edit(migrated_database, bump_revision)
            waits.append(time.monotonic() - started)
    assert max(waits) < 1
