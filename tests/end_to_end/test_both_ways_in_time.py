"""Crimes after the positions and positions after the crimes, through a real worker, matcher and database."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

import ingest.matching.crimes
from crimes.matching import verdict
from ingest.matching import engine
from model.times import SECOND_US, to_microseconds
from tests.support.database import DatabaseUrls
from tests.support.matching import ReportedCrime, ask_again, counts, import_crimes, matching, nothing_waits, verdicts
from tests.support.pings import ping
from tests.support.waiting import wait_until
from tests.support.worker_thread import append, queue_worker
from tests.support.world import enrol, rows

SCENE, CLOSE, TWO_KM = (51.5, -0.1), (51.515, -0.1), (51.52, -0.1)
FAR, FARTHER = (51.6, -0.1), (52.0, -0.1)
MINUTE_US = 60 * SECOND_US
WITHIN_S = 10  # "within seconds", on a machine that does much else

Walk = Sequence[tuple[float, tuple[float, float]]]
"""(minute, place)"""


@pytest.fixture(params=["migrated_database", "migrated_timescale_database"])
def database(request: pytest.FixtureRequest) -> Iterator[DatabaseUrls]:
    urls: DatabaseUrls = request.getfixturevalue(request.param)
    enrol(urls.owner, ["NEAR", "FAR"])
    with queue_worker(urls), matching(urls):
        yield urls


@pytest.fixture
def now_us() -> int:
    """On the second."""
    now_us = to_microseconds(datetime.now(UTC))
    return now_us - now_us % SECOND_US


@pytest.fixture
def start_us(now_us: int) -> int:
    """Four hours ago."""
    return now_us - 240 * MINUTE_US


def send(database: DatabaseUrls, start_us: int, serial: str, walk: Walk) -> None:
    """One message a position."""
    append(
        database,
        [
            (serial, ping(serial, start_us + int(minute * MINUTE_US), *place, accuracy_m=8, mechanism="GPS"))
            for minute, place in walk
        ],
    )


def stored(database: DatabaseUrls, count: int) -> None:
    wait_until(lambda: rows(database.owner, "SELECT count(*) FROM positions") == [(count,)], what="the positions")


def every_minute(first: int, last: int, place: tuple[float, float]) -> Walk:
    return [(float(minute), place) for minute in range(first, last)]


def crime(start_us: int, reference: str = "CRIME", minutes: tuple[int, int] = (60, 62)) -> ReportedCrime:
    return ReportedCrime(reference, SCENE, *(start_us + minute * MINUTE_US for minute in minutes))


def becomes(database: DatabaseUrls, reference: str, expected: dict[str, str]) -> float:
    """How many seconds it took."""
    return wait_until(lambda: verdicts(database, reference) == expected, WITHIN_S, f"{reference}: {expected}")


def test_a_crime_meets_the_positions_that_are_there_already(database: DatabaseUrls, start_us: int) -> None:
    send(database, start_us, "NEAR", every_minute(40, 80, SCENE))
    send(database, start_us, "FAR", every_minute(40, 80, FAR))
    stored(database, 80)
    import_crimes(database, crime(start_us))
    becomes(database, "CRIME", {"NEAR": "present"})
    assert counts(database, "CRIME") == {"present": 1, "possible": 0, "absent": 1, "cannot_say": 0}


def test_live_positions_meet_a_crime_whose_window_is_open(database: DatabaseUrls, now_us: int) -> None:
    for serial, place in (("NEAR", CLOSE), ("FAR", FAR)):
        send(database, now_us, serial, [(-3.0, place), (-2.0, place)])
    stored(database, 4)
    import_crimes(database, ReportedCrime("OPEN", SCENE, now_us - 5 * MINUTE_US, now_us))
    becomes(database, "OPEN", {"NEAR": "cannot_say", "FAR": "cannot_say"})
    send(database, now_us, "NEAR", [(-0.5, SCENE), (-0.25, SCENE), (0, SCENE)])
    becomes(database, "OPEN", {"NEAR": "present", "FAR": "cannot_say"})
    assert counts(database, "OPEN") == {"present": 1, "possible": 0, "absent": 0, "cannot_say": 1}
    wanted = rows(database.owner, "SELECT cause, due_at > clock_timestamp() FROM matching_wanted")
    assert wanted == [("settled", True)], "it is matched once more when its time is over"


def test_once_its_time_is_over_everybody_is_matched_again(
    migrated_database: DatabaseUrls, now_us: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest.matching.crimes, "SETTLED_AFTER_S", 4)
    enrol(migrated_database.owner, ["NEAR"])
    with queue_worker(migrated_database), matching(migrated_database, match_padding_s=1):
        send(migrated_database, now_us, "NEAR", [(-105 / 60, TWO_KM), (-100 / 60, TWO_KM)])
        stored(migrated_database, 2)
        import_crimes(migrated_database, ReportedCrime("OPEN", SCENE, now_us - MINUTE_US, now_us))
        becomes(migrated_database, "OPEN", {"NEAR": "cannot_say"})
        send(migrated_database, now_us, "NEAR", [(2 / 60, TWO_KM)])
        becomes(migrated_database, "OPEN", {"NEAR": "absent"})
    runs = "SELECT cause, absent, cannot_say FROM matching_runs ORDER BY run_id"
    assert rows(migrated_database.owner, runs) == [("imported", 0, 1), ("settled", 1, 0)]
    assert rows(migrated_database.owner, "SELECT FROM matching_wanted") == []


def test_a_buffer_uploaded_hours_later_says_where_its_wearer_was(database: DatabaseUrls, start_us: int) -> None:
    for serial in ("NEAR", "FAR"):
        send(database, start_us, serial, every_minute(0, 30, FAR))
    stored(database, 60)
    import_crimes(database, crime(start_us))
    becomes(database, "CRIME", {"NEAR": "cannot_say", "FAR": "cannot_say"})
    send(database, start_us, "FAR", every_minute(31, 90, FAR))
    becomes(database, "CRIME", {"NEAR": "cannot_say", "FAR": "absent"})
    send(database, start_us, "NEAR", [*every_minute(31, 45, FAR), *every_minute(58, 64, SCENE), (90.0, SCENE)])
    becomes(database, "CRIME", {"NEAR": "present", "FAR": "absent"})
    assert counts(database, "CRIME") == {"present": 1, "possible": 0, "absent": 1, "cannot_say": 0}
    before = rows(database.owner, "SELECT verdict, superseded_by IS NULL FROM matching_results ORDER BY result_id")
    assert before[:2] == [("cannot_say", False)] * 2, "what was said before stays there to be seen"


def test_late_positions_out_of_order_do_so_too(database: DatabaseUrls, start_us: int) -> None:
    for serial in ("NEAR", "FAR"):
        send(database, start_us, serial, [*every_minute(0, 30, FAR), *every_minute(100, 110, FAR)])
    stored(database, 80)
    import_crimes(database, crime(start_us))
    becomes(database, "CRIME", {"NEAR": "cannot_say", "FAR": "cannot_say"})
    send(database, start_us, "FAR", every_minute(30, 100, FAR))
    becomes(database, "CRIME", {"NEAR": "cannot_say", "FAR": "absent"})
    send(database, start_us, "NEAR", every_minute(58, 64, SCENE)[::-1])
    becomes(database, "CRIME", {"NEAR": "present", "FAR": "absent"})


def test_a_position_on_either_side_rules_out_a_crime_that_it_is_not_in_the_time_of(
    database: DatabaseUrls, start_us: int
) -> None:
    send(database, start_us, "FAR", [*every_minute(0, 10, FARTHER), *every_minute(200, 210, FARTHER)])
    send(database, start_us, "NEAR", every_minute(0, 210, FAR))
    stored(database, 230)
    import_crimes(database, crime(start_us))
    becomes(database, "CRIME", {"FAR": "cannot_say"})
    send(database, start_us, "FAR", [(47.0, FARTHER), (74.0, FARTHER)])
    stored(database, 232)
    becomes(database, "CRIME", {"FAR": "absent"})


def test_a_rerun_keeps_what_it_finds_the_same(database: DatabaseUrls, start_us: int) -> None:
    send(database, start_us, "NEAR", every_minute(40, 80, SCENE))
    send(database, start_us, "FAR", every_minute(40, 80, FAR))
    stored(database, 80)
    import_crimes(database, crime(start_us))
    becomes(database, "CRIME", {"NEAR": "present"})
    ask_again(database, "an.analyst")
    runs = "SELECT cause, requested_by, present, absent FROM matching_runs ORDER BY run_id"
    wait_until(lambda: len(rows(database.owner, runs)) == 2, WITHIN_S, "the second run")
    assert rows(database.owner, runs) == [("imported", "an.officer", 1, 1), ("requested", "an.analyst", 1, 1)]
    assert rows(database.owner, "SELECT count(*), count(superseded_by) FROM matching_results") == [(1, 0)]


def test_a_resubmitted_crime_has_results_of_its_own_and_the_old_ones_stay(
    database: DatabaseUrls, start_us: int
) -> None:
    send(database, start_us, "NEAR", every_minute(40, 80, SCENE))
    send(database, start_us, "FAR", every_minute(40, 80, FAR))
    stored(database, 80)
    import_crimes(database, crime(start_us))
    becomes(database, "CRIME", {"NEAR": "present"})
    moved = crime(start_us)
    import_crimes(database, ReportedCrime(moved.reference, FAR, moved.from_us, moved.to_us))
    becomes(database, "CRIME", {"FAR": "present"})
    standing = "SELECT version, crn FROM matching_results JOIN crime_versions USING (crime_version_id)"
    standing += " JOIN people USING (person_id) WHERE superseded_by IS NULL ORDER BY version"
    assert rows(database.owner, standing) == [(1, "NEAR"), (2, "FAR")]


def test_a_crime_that_cannot_be_matched_holds_up_nobody(
    migrated_database: DatabaseUrls, start_us: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(scenes: Sequence[Any], *others: Any) -> Any:
        if any(round(one.lat, 4) == 51.7 for one in scenes):
            raise ValueError("no such place")
        return match(scenes, *others)

    match = verdict.match_candidates
    monkeypatch.setattr(engine, "match_candidates", refuse)
    enrol(migrated_database.owner, ["NEAR"])
    bad = ReportedCrime("BAD", (51.7, -0.1), start_us, start_us)
    good = [crime(start_us, f"GOOD-{number}") for number in range(5)]
    import_crimes(migrated_database, *good[:2], bad, *good[2:])
    set_aside = "SELECT error FROM matching_wanted WHERE error IS NOT NULL"
    with queue_worker(migrated_database), matching(migrated_database):
        wait_until(lambda: rows(migrated_database.owner, set_aside) == [("ValueError: no such place",)], WITHIN_S)
        for one in good:
            becomes(migrated_database, one.reference, {"NEAR": "cannot_say"})
    monkeypatch.setattr(engine, "match_candidates", match)
    with matching(migrated_database):
        becomes(migrated_database, "BAD", {"NEAR": "cannot_say"})
    assert nothing_waits(migrated_database)
