"""The condition decides what may be looked at, in the database itself: whoever asks, by whatever function."""

import json
from datetime import UTC, datetime, timedelta

import psycopg2.errors
import pytest

from store.database import Cursor, fetch_one
from tests.access.test_row_security import as_api
from tests.support.database import DatabaseUrls
from tests.support.seed import (
    MORNING,
    Wearer,
    as_owner,
    seed_alert,
    seed_basis,
    seed_positions,
    seed_visit,
    seed_wearer,
    seed_zone,
)

BEFORE, AFTER = MORNING - timedelta(days=1), MORNING + timedelta(days=1)
MINUTES = 120
AROUND = 15
"""Minutes before and after a visit."""

CONDITION = "INSERT INTO licence_conditions (person_id, kind, reference) VALUES (%s, %s, %s) RETURNING condition_id"
VERSION = (
    "INSERT INTO condition_versions (condition_id, version, status, name, wording, starts_at, ends_at, drafters,"
    " decided_by, decided_at, closed_by, closed_at, ended_at)"
    " VALUES (%s, %s, %s, 'Trail', 'The trail is monitored.', %s, %s, '{one}', %s, %s, %s, %s, %s)"
)
DRAFT = (
    "INSERT INTO legal_bases (person_id, kind, reference, wording, during, drafted_by)"
    " VALUES (%s, 'court_order', 'ORDER-1', 'The trail is monitored.', '[2026-03-01Z, 2026-04-01Z)', %s)"
)


def minute(number: int) -> datetime:
    return MORNING + timedelta(minutes=number)


@pytest.fixture
def wearer(migrated_database: DatabaseUrls) -> Wearer:
    """With a position a minute, and nothing that lets them be looked at."""
    with as_owner(migrated_database.owner) as cursor:
        return add_wearer(cursor, "X1")


def add_wearer(cursor: Cursor, crn: str) -> Wearer:
    wearer = seed_wearer(cursor, crn, "the.practitioner", trail_is_monitored=False)
    seed_positions(cursor, wearer.device_id, MINUTES)
    return wearer


def shown(database: DatabaseUrls, wearer: Wearer) -> list[int]:
    """The minutes whose positions are given: by each way of reading the same."""
    window = wearer.person_id, BEFORE, AFTER
    with as_api(database, "practitioner") as cursor:
        cursor.execute("SELECT fix_key FROM person_track(%s, %s, %s, NULL, NULL, NULL, 10000)", window)
        track = [one for (one,) in cursor.fetchall()]
        cursor.execute("SELECT fix_key FROM rehearsal_track(%s, %s, %s, 10000, '{}') ORDER BY 1", window)
        assert [one for (one,) in cursor.fetchall()] == track
        paged = track[:1]
        while paged and goes_on(cursor, window, paged[-1], wearer.device_id):
            after = minute(paged[-1]), wearer.device_id, paged[-1]
            cursor.execute("SELECT fix_key FROM person_track(%s, %s, %s, %s, %s, %s, 7)", (*window, *after))
            paged += [one for (one,) in cursor.fetchall()]
        assert paged == track
        cursor.execute("SELECT begins_at, ends_at FROM track_times(%s, %s, %s)", window)
        times = cursor.fetchall()
        assert [one for one in range(MINUTES) if any(begins <= minute(one) < ends for begins, ends in times)] == track
    return track


def goes_on(cursor: Cursor, window: tuple[int, datetime, datetime], last: int, device_id: int) -> bool:
    cursor.execute("SELECT person_track_goes_on(%s, %s, %s, %s, %s, %s)", (*window, minute(last), device_id, last))
    [(more,)] = cursor.fetchall()
    return bool(more)


def add_condition(
    cursor: Cursor, wearer: Wearer, *versions: tuple[object, ...], kind: str = "trail_monitoring"
) -> None:
    """``versions`` are (status, minute it starts, minute it ends or None, minute of its early end or None)."""
    cursor.execute(CONDITION, (wearer.person_id, kind, f"TM-{wearer.person_id}"))
    [(condition_id,)] = cursor.fetchall()
    for number, (status, starts, ends, ended) in enumerate(versions, 1):
        decided = (None, None) if status == "draft" else ("two", BEFORE)
        closed = ("two", AFTER) if status in {"superseded", "ended"} else (None, None)
        times = [None if one is None else minute(int(str(one))) for one in (starts, ends, ended)]
        cursor.execute(VERSION, (condition_id, number, status, *times[:2], *decided, *closed, times[2]))


def test_without_a_basis_and_a_visit_nothing_is_shown(migrated_database: DatabaseUrls, wearer: Wearer) -> None:
    assert shown(migrated_database, wearer) == []


VERSIONS: list[tuple[list[tuple[object, ...]], range]] = [
    ([("live", 30, 40, None)], range(30, 40)),
    ([("live", 100, None, None)], range(100, MINUTES)),
    ([("ended", 30, None, 35)], range(30, 35)),
    ([("ended", 30, None, 20)], range(0)),
    ([("superseded", 30, 60, None), ("live", 50, 70, None)], range(30, 70)),
    ([("superseded", 30, 90, None), ("live", 80, 85, None)], range(30, 85)),
    ([("draft", 0, None, None)], range(0)),
    ([("refused", 0, None, None)], range(0)),
    ([("withdrawn", 0, None, None)], range(0)),
    ([("live", 30, 40, None), ("draft", 0, None, None)], range(30, 40)),
]
"""As ``add_condition`` takes them, and the minutes that are shown."""


def test_trail_monitoring_is_shown_for_as_long_as_it_holds(migrated_database: DatabaseUrls) -> None:
    for number, (versions, expected) in enumerate(VERSIONS):
        with as_owner(migrated_database.owner) as cursor:
            wearer = add_wearer(cursor, f"X{number}")
            add_condition(cursor, wearer, *versions)
        assert shown(migrated_database, wearer) == list(expected), versions


def test_another_condition_opens_nothing(migrated_database: DatabaseUrls, wearer: Wearer) -> None:
    with as_owner(migrated_database.owner) as cursor:
        add_condition(cursor, wearer, ("live", 0, None, None), kind="exclusion")
    assert shown(migrated_database, wearer) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("", range(30, 60)),
        (
            "status = 'ended', ended_by = 'one', ended_at = lower(during) + interval '5 min', closed_at = now()",
            range(30, 35),
        ),
    ],
)
def test_another_legal_basis_holds_until_its_end(
    migrated_database: DatabaseUrls, wearer: Wearer, change: str, expected: range
) -> None:
    with as_owner(migrated_database.owner) as cursor:
        seed_basis(cursor, wearer.person_id, minute(30), minute(60))
        if change:
            cursor.execute(f"UPDATE legal_bases SET {change}")
    assert shown(migrated_database, wearer) == list(expected)


def test_a_basis_ends_with_the_person_s_monitoring(migrated_database: DatabaseUrls, wearer: Wearer) -> None:
    with as_owner(migrated_database.owner) as cursor:
        seed_basis(cursor, wearer.person_id)
        cursor.execute("UPDATE people SET ended_at = %s", (minute(50),))
        cursor.execute("SELECT trail_times(%s) @> %s", (wearer.person_id, minute(51)))
        assert cursor.fetchall() == [(False,)]


VISITS = [
    ("state = 'ended', left_at = entered_at + interval '10 min'", "exclusion", range(60 - AROUND, 70 + AROUND)),
    ("state = 'confirmed', last_inside_at = entered_at + interval '2 min'", "exclusion", range(45, 77)),
    ("state = 'ending'", "curfew", range(45, 75)),
    ("aspect = 'buffer'", "inclusion", range(45, 75)),
    ("state = 'possible'", "exclusion", range(0)),
    ("state = 'lapsed'", "exclusion", range(0)),
    ("state = 'retracted'", "exclusion", range(0)),
    ("regime = 'authorised'", "exclusion", range(0)),
    ("state = 'confirmed'", "crime_scene", range(0)),
    ("state = 'confirmed'", "authority_area", range(0)),
    ("state = 'confirmed'", "home_area", range(0)),
]
"""What a visit of minute 60 is, the zone's kind, and the minutes that are shown."""


def test_a_visit_is_shown_with_what_is_around_it(migrated_database: DatabaseUrls) -> None:
    for number, (visit, kind, expected) in enumerate(VISITS):
        with as_owner(migrated_database.owner) as cursor:
            wearer = add_wearer(cursor, f"X{number}")
            zone_id = seed_zone(cursor, f"Z{number}", wearer.person_id)
            cursor.execute("UPDATE zone_versions SET kind = %s WHERE zone_id = %s", (kind, zone_id))
            seed_visit(cursor, wearer, zone_id, minute(60))
            cursor.execute(f"UPDATE visits SET {visit} WHERE zone_id = %s", (zone_id,))
        assert shown(migrated_database, wearer) == list(expected), (visit, kind)


def test_a_zone_that_is_drawn_afterwards_opens_nothing_of_the_time_before(
    migrated_database: DatabaseUrls, wearer: Wearer
) -> None:
    with as_owner(migrated_database.owner) as cursor:
        around_home = seed_zone(cursor, "AROUND-HOME")
        seed_visit(cursor, wearer, around_home, minute(60))
        cursor.execute("UPDATE visits SET last_inside_at = %s", (minute(90),))
        cursor.execute("UPDATE zone_versions SET created_at = %s WHERE zone_id = %s", (minute(80), around_home))
    assert shown(migrated_database, wearer) == list(range(80, 90 + AROUND)), "from when it was published on"
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute("UPDATE zone_versions SET created_at = %s WHERE zone_id = %s", (AFTER, around_home))
    assert shown(migrated_database, wearer) == []
    with as_api(migrated_database, "administrator") as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(
            "INSERT INTO zone_versions (zone_id, version, name, kind, geometry, valid_from, created_at, revision,"
            "  created_by)"
            " SELECT zone_id, 2, name, kind, geometry, valid_from, valid_from, revision, created_by FROM zone_versions"
        )


def test_an_alert_shows_the_places_of_lawful_times_alone(migrated_database: DatabaseUrls, wearer: Wearer) -> None:
    first, second = ({"fix_time": minute(at).isoformat(), "lat": 51.5, "lon": -0.1, "depth_m": 3.0} for at in (60, 62))
    whole = {"rule": "x", "positions": {"entry": first, "confirming": None}, "trail": [first, second]}
    nowhere, later = ({**one, "lat": None, "lon": None} for one in (first, second))
    with as_owner(migrated_database.owner) as cursor:
        alert_id = str(seed_alert(cursor, wearer, seed_zone(cursor, "AREA"), minute(60)))
        cursor.execute("UPDATE alerts SET evidence = %s", (json.dumps(whole),))
    assert evidence(migrated_database, alert_id) == whole, "a breach opens its time"
    with as_owner(migrated_database.owner) as cursor:
        cursor.execute("UPDATE visits SET regime = 'authorised'")
    shut = {"rule": "x", "positions": {"entry": nowhere, "confirming": None}, "trail": [nowhere, later]}
    assert evidence(migrated_database, alert_id) == shut
    with as_owner(migrated_database.owner) as cursor:
        seed_basis(cursor, wearer.person_id, minute(60), minute(61))
    partly = {"rule": "x", "positions": {"entry": first, "confirming": None}, "trail": [first, later]}
    assert evidence(migrated_database, alert_id) == partly
    assert evidence(migrated_database, alert_id, "another.practitioner") is None
    for table in ("alerts", "visits"):
        with (
            as_api(migrated_database, "practitioner") as cursor,
            pytest.raises(psycopg2.errors.InsufficientPrivilege),
        ):
            cursor.execute(f"SELECT evidence FROM {table}")


def evidence(database: DatabaseUrls, alert_id: str, subject: str = "the.practitioner") -> object:
    with as_api(database, "practitioner", subject) as cursor:
        cursor.execute("SELECT shown_evidence(%s)", (alert_id,))
        return fetch_one(cursor)[0]


def test_several_times_are_joined_and_none_is_anybody_else_s(migrated_database: DatabaseUrls, wearer: Wearer) -> None:
    with as_owner(migrated_database.owner) as cursor:
        other = seed_wearer(cursor, "X2", "the.practitioner", trail_is_monitored=False)
        seed_positions(cursor, other.device_id, MINUTES)
        zone_id = seed_zone(cursor, "SHARED")
        seed_visit(cursor, wearer, zone_id, minute(20))
        seed_basis(cursor, wearer.person_id, minute(30), minute(40))
        seed_basis(cursor, wearer.person_id, minute(100), minute(110))
    assert shown(migrated_database, wearer) == [*range(5, 40), *range(100, 110)]
    assert shown(migrated_database, other) == []


def test_nobody_approves_what_they_drafted(migrated_database: DatabaseUrls, wearer: Wearer) -> None:
    approve = "UPDATE legal_bases SET status = 'live', decided_by = %s, decided_at = service_clock()"
    with as_api(migrated_database, "manager", "a.manager") as cursor:
        cursor.execute(DRAFT, (wearer.person_id, "a.manager"))
    with (
        as_api(migrated_database, "manager", "A.Manager") as cursor,
        pytest.raises(psycopg2.errors.CheckViolation, match="decided_by_a_second_person"),
    ):
        cursor.execute(approve, ("A.Manager",))
    with as_api(migrated_database, "practitioner") as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(approve, ("the.practitioner",))
    with (
        as_api(migrated_database, "manager", "b.manager") as cursor,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        cursor.execute(approve, ("somebody.else",))
    assert shown(migrated_database, wearer) == []
    with as_api(migrated_database, "manager", "b.manager") as cursor:
        cursor.execute(approve, ("b.manager",))
    assert shown(migrated_database, wearer) == list(range(MINUTES))


def test_a_basis_is_drafted_by_who_supervises(migrated_database: DatabaseUrls, wearer: Wearer) -> None:
    for role in ("administrator", "auditor", "police_analyst", "monitoring_officer", ""):
        with as_api(migrated_database, role) as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(DRAFT, (wearer.person_id, "the.practitioner"))


def test_what_was_approved_stays_as_it_was(migrated_database: DatabaseUrls, wearer: Wearer) -> None:
    with as_owner(migrated_database.owner) as cursor:
        seed_basis(cursor, wearer.person_id, datetime(2026, 1, 1, tzinfo=UTC))
    for change in (
        "wording = 'Other'",
        "during = '[2026-01-01Z, 2027-01-01Z)'",
        "status = 'draft'",
        "decided_by = 'x'",
    ):
        with (
            as_owner(migrated_database.owner) as cursor,
            pytest.raises(psycopg2.errors.ObjectNotInPrerequisiteState),
        ):
            cursor.execute(f"UPDATE legal_bases SET {change}")
