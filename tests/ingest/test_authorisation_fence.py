"""An authorised entry is live in every worker within two seconds, and so are its end and its revocation."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from geofence.geojson import read_zones
from model.enums import AlertKind
from model.times import to_microseconds
from store.authorisations import AuthorisationRequest, grant, revoke
from store.zones import publish_zones
from tests.support.database import DatabaseUrls
from tests.support.pings import ping
from tests.support.seed import as_owner
from tests.support.waiting import wait_until
from tests.support.worker_thread import append, queue_worker
from tests.support.world import enrol, rows
from tests.support.zone_files import feature

SERIAL = "TAG-1"
LIVE_S = 2.0
EVERY_S = 0.1
CONFIRMED_S = 2 * EVERY_S  # a stay needs two positions, and so does its end
INSIDE = (51.505, -0.095)  # the middle of the square
HOUR = timedelta(hours=1)
OPEN_ALERTS = "SELECT kind FROM alerts WHERE state = 'open'"


@contextmanager
def pinging(database: DatabaseUrls) -> Iterator[None]:
    """A wearer who stands inside, heard again and again."""
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(EVERY_S):
            moment_us = to_microseconds(datetime.now(UTC))
            append(database, [(SERIAL, ping(SERIAL, moment_us, *INSIDE, accuracy_m=8, mechanism="GPS"))])

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def open_alerts_are(migrated_database: DatabaseUrls) -> Callable[..., Callable[[], bool]]:
    """A wearer of ``SERIAL`` and an exclusion zone of theirs; whether the open alerts are of these kinds."""
    enrol(migrated_database.owner, [SERIAL])
    (draft,) = read_zones(feature("ZONE", crn=SERIAL)).drafts
    with as_owner(migrated_database.owner) as cursor:
        publish_zones(cursor, [replace(draft, valid_from=datetime.now(UTC) - HOUR)], "test")
    return lambda *kinds: lambda: [kind for (kind,) in rows(migrated_database.owner, OPEN_ALERTS)] == list(kinds)


def authorise(database: DatabaseUrls, lasts: timedelta) -> int:
    now = datetime.now(UTC)
    with as_owner(database.owner) as cursor:
        wanted = AuthorisationRequest("ZONE", SERIAL, now, now + lasts, "dentist")
        return grant(cursor, wanted, "test", 3000).authorisation_id


def test_an_authorised_entry_and_its_revocation_are_live_within_two_seconds(
    migrated_database: DatabaseUrls, open_alerts_are: Callable[..., Callable[[], bool]]
) -> None:
    breach, entry = AlertKind.EXCLUSION_ZONE_BREACH, AlertKind.AUTHORISED_ENTRY
    with queue_worker(migrated_database), pinging(migrated_database):
        wait_until(open_alerts_are(breach), what="the breach")
        number = authorise(migrated_database, HOUR)
        wait_until(open_alerts_are(entry), LIVE_S + CONFIRMED_S, "the visit as information")
        with as_owner(migrated_database.owner) as cursor:
            revoke(cursor, number, "test", 3000)
        wait_until(open_alerts_are(breach), LIVE_S + CONFIRMED_S, "the breach after the revocation")


def test_who_overstays_is_in_breach(
    migrated_database: DatabaseUrls, open_alerts_are: Callable[..., Callable[[], bool]]
) -> None:
    breach, entry = AlertKind.EXCLUSION_ZONE_BREACH, AlertKind.AUTHORISED_ENTRY
    authorise(migrated_database, timedelta(seconds=3))
    with queue_worker(migrated_database), pinging(migrated_database):
        wait_until(open_alerts_are(entry), what="the visit as information")
        wait_until(open_alerts_are(breach), 3 + LIVE_S + CONFIRMED_S, "the breach of one who stays on")
    raised = rows(migrated_database.owner, "SELECT kind FROM alerts ORDER BY began_at")
    assert raised == [(entry,), (breach,)], "nothing was in breach before"
