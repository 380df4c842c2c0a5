"""What asks that crimes be matched again, besides positions; and one matcher at a time."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingest.matching.run import make_matcher
from model.device_events import DeviceEvent, DeviceEventKind
from model.times import SECOND_US, from_microseconds, to_microseconds
from store.activations import activate, deactivate
from store.database import connect
from store.device_events import EventRow, record_events
from tests.support.database import DatabaseUrls
from tests.support.matching import (
    ReportedCrime,
    counts,
    import_crimes,
    match_settings,
    matching,
    nothing_waits,
    verdicts,
)
from tests.support.pings import ping
from tests.support.waiting import wait_until
from tests.support.worker_thread import append, queue_worker
from tests.support.world import enrol, monitor_trails, rows

SCENE = (51.5, -0.1)
MINUTE_US = 60 * SECOND_US


@pytest.fixture
def start_us() -> int:
    """Four hours ago, on the second."""
    now_us = to_microseconds(datetime.now(UTC))
    return now_us - now_us % SECOND_US - 240 * MINUTE_US


@pytest.fixture
def database(migrated_database: DatabaseUrls, start_us: int) -> Iterator[DatabaseUrls]:
    """TAG was at the scene at the time of the crime, and that is matched."""
    enrol(migrated_database.owner, ["TAG"])
    messages = [
        ("TAG", ping("TAG", start_us + minute * MINUTE_US, *SCENE, accuracy_m=8, mechanism="GPS"))
        for minute in range(40, 80)
    ]
    with queue_worker(migrated_database), matching(migrated_database):
        append(migrated_database, messages)
        wait_until(lambda: rows(migrated_database.owner, "SELECT count(*) FROM positions") == [(40,)])
        import_crimes(migrated_database, crime(start_us))
        wait_until(lambda: verdicts(migrated_database, "CRIME") == {"TAG": "present"})
        yield migrated_database


def crime(start_us: int, reference: str = "CRIME") -> ReportedCrime:
    return ReportedCrime(reference, SCENE, start_us + 60 * MINUTE_US, start_us + 62 * MINUTE_US)


def strap_opened(database: DatabaseUrls, event_us: int) -> None:
    event = DeviceEvent(DeviceEventKind.STRAP_TAMPER, event_us, event_us, None)
    with closing(connect(database.api, "test")) as connection, connection, connection.cursor() as cursor:
        assert record_events(cursor, [EventRow("TAG", event, 1, b"{}")]) == 1


def asked(database: DatabaseUrls) -> Sequence[tuple[Any, ...]]:
    """From when on, and whether up to now."""
    statement = "SELECT from_time, until_time > clock_timestamp() - interval '1 minute' FROM rematches_wanted"
    return rows(database.owner, statement)


def test_an_event_of_a_device_that_comes_late_is_taken_into_account(database: DatabaseUrls, start_us: int) -> None:
    strap_opened(database, start_us + 45 * MINUTE_US)
    wait_until(lambda: verdicts(database, "CRIME") != {"TAG": "present"}, what="another verdict")
    assert verdicts(database, "CRIME") == {"TAG": "possible"}, "the tag was there; who wore it is another matter"


def test_an_event_that_comes_as_it_happens_asks_for_nothing(migrated_database: DatabaseUrls, start_us: int) -> None:
    enrol(migrated_database.owner, ["TAG"])
    strap_opened(migrated_database, start_us)
    assert asked(migrated_database) == [], "there is no crime at all"
    import_crimes(migrated_database, crime(start_us))
    strap_opened(migrated_database, start_us + 239 * MINUTE_US)
    assert asked(migrated_database) == []
    strap_opened(migrated_database, start_us + 2 * MINUTE_US)
    assert asked(migrated_database) == [(from_microseconds(start_us + 2 * MINUTE_US), True)]


def test_who_wore_a_device_is_changed_and_the_crimes_of_that_time_follow(database: DatabaseUrls, start_us: int) -> None:
    off = from_microseconds(start_us + 20 * MINUTE_US)
    with closing(connect(database.owner, "test")) as connection, connection, connection.cursor() as cursor:
        deactivate(cursor, "TAG", off)
    wait_until(lambda: verdicts(database, "CRIME") == {}, what="nobody")
    assert counts(database, "CRIME") == {"present": 0, "possible": 0, "absent": 0, "cannot_say": 0}
    with closing(connect(database.owner, "test")) as connection, connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO people (crn, name, date_of_birth) VALUES ('OTHER', 'Another', '1980-01-01')")
        monitor_trails(cursor)
        activate(cursor, "TAG", "OTHER", off + timedelta(seconds=1))
    wait_until(lambda: verdicts(database, "CRIME") == {"OTHER": "present"}, what="the other")
    assert counts(database, "CRIME") == {"present": 1, "possible": 0, "absent": 0, "cannot_say": 0}


def test_one_matches_and_another_takes_over(migrated_database: DatabaseUrls, start_us: int) -> None:
    enrol(migrated_database.owner, ["TAG"])
    first = make_matcher(match_settings(migrated_database))
    first.round()
    with matching(migrated_database):
        import_crimes(migrated_database, crime(start_us))
        time.sleep(1.5)
        assert counts(migrated_database, "CRIME") is None, "it stands by"
        first.round()
        assert counts(migrated_database, "CRIME") is not None
        holder = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_locks USING (pid)"
        holder += " WHERE locktype = 'advisory' AND classid = 1129272913 AND datname = current_database()"
        assert rows(migrated_database.owner, holder) == [(True,)]
        import_crimes(migrated_database, crime(start_us, "SECOND"))
        wait_until(lambda: counts(migrated_database, "SECOND") is not None, what="the other's run")
    assert nothing_waits(migrated_database)


def test_a_database_that_breaks_off_is_waited_for(database: DatabaseUrls, start_us: int) -> None:
    end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    end += " WHERE application_name = 'cordon-match' AND datname = current_database()"
    for attempt in range(3):
        assert rows(database.owner, end) == [(1,)]
        import_crimes(database, crime(start_us, f"AGAIN-{attempt}"))
        wait_until(lambda: nothing_waits(database), what="the run")
    assert counts(database, "AGAIN-2") == {"present": 1, "possible": 0, "absent": 0, "cannot_say": 0}
