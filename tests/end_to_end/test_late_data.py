"""Late positions and changes of the past correct visits and alerts in the open: through a real worker and database."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingest import reevaluation
from model.times import SECOND_US, from_microseconds, to_microseconds
from store import reevaluations
from store.activations import deactivate
from store.authorisations import AuthorisationRequest, grant
from store.database import connect
from store.zones import end_zone
from tests.support.database import DatabaseUrls
from tests.support.pings import ping
from tests.support.waiting import wait_until
from tests.support.worker_thread import append, queue_worker
from tests.support.world import add_zone, enrol, rows

SERIAL = "TAG-1"
INSIDE, OUTSIDE = (51.5, -0.1), (51.51, -0.1)
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[-0.103, 51.498], [-0.097, 51.498], [-0.097, 51.502], [-0.103, 51.502], [-0.103, 51.498]]],
}
MINUTE_US = 60 * SECOND_US
EVENTS = "SELECT change, urgency, payload FROM alert_events ORDER BY event_id"
STANDING = "SELECT state, entered_at, left_at, end_reason FROM visits WHERE state <> 'retracted' ORDER BY entered_at"


@pytest.fixture
def database(migrated_database: DatabaseUrls) -> Iterator[DatabaseUrls]:
    enrol(migrated_database.owner, [SERIAL])
    add_zone(migrated_database.owner, "ZONE", SQUARE, SERIAL)
    with queue_worker(migrated_database):
        yield migrated_database


@pytest.fixture
def start_us() -> int:
    """An hour and a half ago, on the minute."""
    now_us = to_microseconds(datetime.now(UTC))
    return now_us - now_us % MINUTE_US - 90 * MINUTE_US


def send(database: DatabaseUrls, start_us: int, *positions: tuple[float, tuple[float, float]]) -> None:
    """One message a position, as (minute, place)."""
    append(
        database,
        [
            (SERIAL, ping(SERIAL, start_us + int(minute * MINUTE_US), *place, accuracy_m=8, mechanism="GPS"))
            for minute, place in positions
        ],
    )


def stored(database: DatabaseUrls, count: int) -> None:
    wait_until(lambda: rows(database.owner, "SELECT count(*) FROM positions") == [(count,)], what="the positions")


def judged_anew(database: DatabaseUrls) -> None:
    wait_until(lambda: not rows(database.owner, "SELECT FROM reevaluations"), what="the past to be judged anew")


def told(database: DatabaseUrls) -> list[tuple[str, str]]:
    return [(change, urgency) for change, urgency, _ in rows(database.owner, EVENTS) if change != "updated"]


def test_late_company_confirms_what_was_only_possible(database: DatabaseUrls, start_us: int) -> None:
    send(database, start_us, (0, OUTSIDE), (1, INSIDE), (3, OUTSIDE), (4, OUTSIDE))
    stored(database, 4)
    assert told(database) == [], "one position without company confirms nothing in a steady zone"
    send(database, start_us, (2, INSIDE))
    stored(database, 5)
    judged_anew(database)
    assert told(database) == [("raised", "morning")], "found late and already over: the morning list"
    state, entered, left, reason = rows(database.owner, STANDING)[0]
    assert (state, reason) == ("ended", "left")
    assert (entered, left) == (from_microseconds(start_us + MINUTE_US), from_microseconds(start_us + 3 * MINUTE_US))


def test_what_still_goes_on_is_told_at_once_however_late_it_is_found(database: DatabaseUrls, start_us: int) -> None:
    send(database, start_us, (0, OUTSIDE), (2, INSIDE))
    stored(database, 2)
    send(database, start_us, (1, INSIDE))
    stored(database, 3)
    judged_anew(database)
    assert told(database) == [("raised", "immediate")]


def test_a_late_position_outside_splits_a_visit_and_the_old_times_stay_visible(
    database: DatabaseUrls, start_us: int
) -> None:
    inside = [(minute, INSIDE) for minute in range(1, 9)]
    send(database, start_us, (0, OUTSIDE), *inside)
    stored(database, 9)
    wait_until(lambda: ("raised", "immediate") in told(database), what="the alert")
    send(database, start_us, (4.3, OUTSIDE), (4.6, OUTSIDE))
    stored(database, 11)
    judged_anew(database)
    visits = rows(database.owner, STANDING)
    assert [state for state, *_ in visits] == ["ended", "confirmed"]
    assert told(database)[0] == ("raised", "immediate")
    assert {urgency for _, urgency in told(database)} == {"immediate"}, "told of the change as urgently as at first"
    changed = [payload for change, _, payload in rows(database.owner, EVENTS) if change == "ended"]
    assert [payload["before"]["state"] for payload in changed] == ["open"]


def test_an_entry_authorised_afterwards_takes_the_breach_back(database: DatabaseUrls, start_us: int) -> None:
    send(database, start_us, (0, OUTSIDE), (1, INSIDE), (2, INSIDE), (3, OUTSIDE), (5, OUTSIDE))
    stored(database, 5)
    wait_until(lambda: len(told(database)) == 2, what="the alert")
    window = (from_microseconds(start_us), from_microseconds(start_us + 60 * MINUTE_US))
    with closing(connect(database.owner, "test")) as connection, connection, connection.cursor() as cursor:
        grant(cursor, AuthorisationRequest("ZONE", SERIAL, *window, "a funeral"), "officer", 3000)
    judged_anew(database)
    assert told(database)[-1][0] == "amended"
    kind, severity, before = rows(
        database.owner,
        "SELECT kind, severity, (SELECT payload->'before'->>'kind' FROM alert_events"
        " ORDER BY event_id DESC LIMIT 1) FROM alerts WHERE state <> 'retracted'",
    )[0]
    assert (kind, severity, before) == ("authorised_entry", "information", "exclusion_zone_breach")


def test_a_breach_authorised_while_it_goes_on_is_told_of_as_urgently_to_its_end(
    database: DatabaseUrls, start_us: int
) -> None:
    send(database, start_us, (0, OUTSIDE), (1, INSIDE), (2, INSIDE))
    stored(database, 3)
    wait_until(lambda: told(database) == [("raised", "immediate")], what="the alert")
    window = (from_microseconds(start_us), from_microseconds(start_us + 60 * MINUTE_US))
    with closing(connect(database.owner, "test")) as connection, connection, connection.cursor() as cursor:
        grant(cursor, AuthorisationRequest("ZONE", SERIAL, *window, "a funeral"), "officer", 3000)
    judged_anew(database)
    send(database, start_us, *((minute, OUTSIDE) for minute in range(3, 9)))
    wait_until(lambda: told(database)[-1][0] == "ended", what="the end")
    assert {urgency for _, urgency, _ in rows(database.owner, EVENTS)} == {"immediate"}
    assert rows(database.owner, "SELECT urgency FROM alerts") == [("immediate",)]


def test_a_long_past_is_judged_in_parts(database: DatabaseUrls, start_us: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reevaluations, "PAGE_SIZE", 4)
    monkeypatch.setattr(reevaluation, "PAGES_AT_ONCE", 1)
    stays = [(2, 3), (12, 13), (24, 25)]
    inside = {float(minute) for stay in stays for minute in stay}
    send(database, start_us, *((minute, INSIDE if minute in inside else OUTSIDE) for minute in map(float, range(30))))
    stored(database, 30)
    wait_until(lambda: len(rows(database.owner, STANDING)) == 3, what="the visits")
    before = rows(database.owner, STANDING)
    with closing(connect(database.owner, "test")) as connection, connection, connection.cursor() as cursor:
        cursor.execute("UPDATE visits SET state = 'retracted'")
        cursor.execute("INSERT INTO reevaluations SELECT device_id, %s FROM devices", (from_microseconds(start_us),))
    judged_anew(database)
    assert rows(database.owner, STANDING) == before


def test_a_zone_that_had_ended_retracts_what_it_raised(database: DatabaseUrls, start_us: int) -> None:
    send(database, start_us, (0, OUTSIDE), (1, INSIDE), (2, INSIDE))
    stored(database, 3)
    wait_until(lambda: told(database) == [("raised", "immediate")], what="the alert")
    with closing(connect(database.owner, "test")) as connection, connection, connection.cursor() as cursor:
        end_zone(cursor, "ZONE", from_microseconds(start_us))
    judged_anew(database)
    assert told(database) == [("raised", "immediate"), ("retracted", "immediate")]
    assert rows(database.owner, "SELECT state FROM alerts") == [("retracted",)], "retracted, and there to be seen"
    assert rows(database.owner, STANDING) == []


def test_a_device_taken_off_inside_a_zone_leaves_no_visit_open(database: DatabaseUrls, start_us: int) -> None:
    send(database, start_us, (0, OUTSIDE), (1, INSIDE), (2, INSIDE))
    stored(database, 3)
    wait_until(lambda: told(database) == [("raised", "immediate")], what="the alert")
    with closing(connect(database.owner, "test")) as connection, connection, connection.cursor() as cursor:
        deactivate(cursor, SERIAL, from_microseconds(start_us) + timedelta(minutes=10))
    judged_anew(database)
    visits: list[tuple[Any, ...]] = rows(database.owner, STANDING)
    assert [(state, reason) for state, _, _, reason in visits] == [("ended", "device_off")]
    assert rows(database.owner, "SELECT FROM presence") == []


def test_an_end_that_was_entered_beforehand_leaves_no_visit_open_either(database: DatabaseUrls, start_us: int) -> None:
    with closing(connect(database.owner, "test")) as connection, connection, connection.cursor() as cursor:
        deactivate(cursor, SERIAL, datetime.now(UTC) + timedelta(seconds=5))
    send(database, start_us, (0, OUTSIDE), (1, INSIDE), (2, INSIDE))
    stored(database, 3)
    wait_until(lambda: told(database) == [("raised", "immediate")], what="the alert")
    wait_until(lambda: told(database)[-1] == ("ended", "immediate"), 30, what="the end")
    assert rows(database.owner, "SELECT end_reason FROM visits") == [("device_off",)]
    assert rows(database.owner, "SELECT FROM presence") == []


def test_a_past_that_cannot_be_judged_holds_nobody_up(database: DatabaseUrls, start_us: int) -> None:
    enrol(database.owner, ["TAG-2"])
    send(database, start_us, (0, OUTSIDE), (1, INSIDE), (2, INSIDE), (3, OUTSIDE), (5, OUTSIDE))
    stored(database, 5)
    wait_until(lambda: len(told(database)) == 2, what="the alert")
    spoil = "UPDATE visits SET evidence = '{}'"
    with closing(connect(database.owner, "test")) as connection, connection, connection.cursor() as cursor:
        cursor.execute(spoil)
    send(database, start_us, (1.5, INSIDE))
    wait_until(
        lambda: rows(database.owner, "SELECT error IS NOT NULL FROM reevaluations") == [(True,)], what="a refusal"
    )
    append(database, [("TAG-2", ping("TAG-2", start_us + 9 * MINUTE_US, *OUTSIDE, mechanism="GPS"))])
    stored(database, 7)
    assert rows(database.owner, "SELECT error FROM reevaluations") == [("KeyError: 'confirming'",)]


def test_what_was_asked_for_a_device_that_was_never_heard_goes(database: DatabaseUrls) -> None:
    enrol(database.owner, ["TAG-2"])
    with closing(connect(database.owner, "test")) as connection, connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO reevaluations (device_id, from_time) SELECT device_id, now() FROM devices")
    judged_anew(database)
