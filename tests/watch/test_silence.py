"""Silence of a tag, on the embedded queue: told when it is the tag's, and only then."""

import json
import time
from datetime import UTC, datetime

from tests.support.database import DatabaseUrls
from tests.support.waiting import wait_until
from tests.support.watch import alerts, changes, commands, watch_settings, watching
from tests.support.worker_thread import append, queue_worker
from tests.support.world import enrol, rows

ALIVE_SINCE = "SELECT alive_since FROM intake_state"
HEARD = "SELECT count(*) FROM device_heard"


def send(database: DatabaseUrls, serial: str, mechanism: str = "GPS", **fields: object) -> None:
    """A ping of now."""
    told = {"device_id": serial, "fix_time": datetime.now(UTC).isoformat(), "lat": 51.5, "lon": -0.1}
    append(database, [(serial, json.dumps(told | {"mechanism": mechanism} | fields).encode())])


def test_a_tag_that_falls_silent_is_told_and_one_that_talks_is_not(migrated_database: DatabaseUrls) -> None:
    enrol(migrated_database.owner, ["TALKS", "SILENT"])
    settings = watch_settings(migrated_database, no_communication_s=1.5)
    with queue_worker(migrated_database), watching(settings):
        send(migrated_database, "SILENT")
        deadline = time.monotonic() + 4
        while time.monotonic() < deadline:
            send(migrated_database, "TALKS")
            time.sleep(0.1)
        assert alerts(migrated_database) == [("no_communication", "open", "SILENT")]
        send(migrated_database, "SILENT")
        wait_until(lambda: alerts(migrated_database) == [("no_communication", "ended", "SILENT")])
    assert changes(migrated_database) == [("no_communication", "raised"), ("no_communication", "ended")]


def test_without_a_worker_nobody_is_called_silent(migrated_database: DatabaseUrls) -> None:
    enrol(migrated_database.owner, ["TAG"])
    settings = watch_settings(migrated_database, no_communication_s=1)
    with watching(settings):
        wait_until(lambda: alerts(migrated_database) == [("intake_deaf", "open", None)])
        time.sleep(1.5)
        assert alerts(migrated_database) == [("intake_deaf", "open", None)]
        with queue_worker(migrated_database):
            wait_until(lambda: ("intake_deaf", "ended", None) in alerts(migrated_database))
            wait_until(lambda: ("no_communication", "open", "TAG") in alerts(migrated_database))
    deaf = "SELECT ended_at FROM alerts WHERE kind = 'intake_deaf'"
    told = "SELECT raised_at FROM alerts WHERE kind = 'no_communication'"
    waited = rows(migrated_database.owner, f"SELECT extract(epoch FROM ({told}) - ({deaf}))")[0][0]
    assert waited >= 1  # the whole limit again, from when we could hear


def test_a_tag_without_a_fix_is_asked_for_one_before_staff_are_told(migrated_database: DatabaseUrls) -> None:
    enrol(migrated_database.owner, ["TAG"])
    settings = watch_settings(migrated_database, no_fix_s=1.5)
    with queue_worker(migrated_database), watching(settings):
        while not commands(migrated_database):
            send(migrated_database, "TAG", "LBS")
            time.sleep(0.1)
        assert commands(migrated_database) == [("fix_now", None, "no_fix")]
        assert alerts(migrated_database) == []
        while not alerts(migrated_database):
            send(migrated_database, "TAG", "LBS")
            time.sleep(0.1)
        assert alerts(migrated_database) == [("no_fix", "open", "TAG")]
        time.sleep(0.3)
        send(migrated_database, "TAG", "GPS")
        wait_until(lambda: alerts(migrated_database) == [("no_fix", "ended", "TAG")])
    assert len(commands(migrated_database)) == 1


def test_when_nobody_at_all_is_heard_it_is_we_who_are_deaf(migrated_database: DatabaseUrls) -> None:
    serials = [f"TAG-{number}" for number in range(25)]
    enrol(migrated_database.owner, serials)
    settings = watch_settings(migrated_database, no_communication_s=2.5, deaf_quiet_s=1, deaf_min_tags=20)
    with queue_worker(migrated_database), watching(settings):
        for serial in serials:
            send(migrated_database, serial)
        wait_until(lambda: rows(migrated_database.owner, HEARD) == [(25,)])
        time.sleep(4)
        assert alerts(migrated_database) == [("intake_deaf", "open", None)]
        send(migrated_database, "TAG-0")
        wait_until(lambda: alerts(migrated_database) == [("intake_deaf", "ended", None)])


def test_a_timer_survives_a_restart_and_a_takeover(migrated_database: DatabaseUrls) -> None:
    enrol(migrated_database.owner, ["TAG"])
    settings = watch_settings(migrated_database, no_communication_s=3, deaf_after_s=2.5)
    with queue_worker(migrated_database):
        with watching(settings):
            send(migrated_database, "TAG")
            wait_until(lambda: rows(migrated_database.owner, ALIVE_SINCE) != [(None,)])
            alive_since = rows(migrated_database.owner, ALIVE_SINCE)
            wait_until(lambda: rows(migrated_database.owner, HEARD) == [(1,)])
        with watching(settings):
            with watching(settings):  # stands by
                time.sleep(1)
            assert alerts(migrated_database) == []
            wait_until(lambda: alerts(migrated_database) == [("no_communication", "open", "TAG")])
        assert rows(migrated_database.owner, ALIVE_SINCE) == alive_since
        with watching(settings):
            time.sleep(0.5)
    assert changes(migrated_database) == [("no_communication", "raised")]
    began, raised, heard = rows(
        migrated_database.owner, "SELECT began_at, raised_at, last_received_at FROM alerts, device_heard"
    )[0]
    assert began == heard
    assert 3 <= (raised - heard).total_seconds() < 5  # not begun anew by the restarts
