"""Local times of a force: the repeated hour is searched twice, the skipped one never was."""

import pytest

from model.crimes import Window
from tests.crimes.files.police_files import LONDON, crime_of, errors_of, police_csv, rich_csv, us

LOCAL = {"zones": {"Metropolitan": LONDON}}


def times(date_from: str, date_to: str | None = None) -> dict[str, str]:
    """As 26/10 01:30 of 2025 is written."""
    return {"date_from": written(date_from), "date_to": written(date_to or date_from)}


def written(short: str) -> str:
    day, month, hour, minute = (int(part) for part in short.replace("/", " ").replace(":", " ").split())
    return f"2025{month:02}{day:02}{hour:02}{minute:02}00"


@pytest.mark.parametrize(
    ("given", "windows"),
    [
        (times("25/01 08:30", "25/01 09:30"), [("2025-01-25T08:30", "2025-01-25T09:30")]),
        (times("25/06 08:30", "25/06 09:30"), [("2025-06-25T07:30", "2025-06-25T08:30")]),
        # a moment that came twice is two moments
        (times("26/10 01:30"), [("2025-10-26T00:30", "2025-10-26T00:30"), ("2025-10-26T01:30", "2025-10-26T01:30")]),
        # a stretch is searched over all that it can mean
        (times("26/10 01:10", "26/10 01:50"), [("2025-10-26T00:10", "2025-10-26T01:50")]),
        (times("26/10 01:50", "26/10 01:10"), [("2025-10-26T00:50", "2025-10-26T01:10")]),
        (times("26/10 00:30", "26/10 01:30"), [("2025-10-25T23:30", "2025-10-26T01:30")]),
        (times("26/10 01:30", "26/10 02:30"), [("2025-10-26T00:30", "2025-10-26T02:30")]),
        # both sides of the hours that are special
        (times("26/10 00:59", "26/10 02:00"), [("2025-10-25T23:59", "2025-10-26T02:00")]),
        (times("30/03 00:59", "30/03 02:00"), [("2025-03-30T00:59", "2025-03-30T01:00")]),
        # twelve hours have passed, whatever the clock says
        (times("25/10 20:00", "26/10 07:00"), [("2025-10-25T19:00", "2025-10-26T07:00")]),
        (times("29/03 20:00", "30/03 09:00"), [("2025-03-29T20:00", "2025-03-30T08:00")]),
        # of the readings of a time that came twice, one is within them
        (times("26/10 01:30", "26/10 13:30"), [("2025-10-26T00:30", "2025-10-26T13:30")]),
    ],
)
def test_a_local_time_is_searched_at_every_instant_that_it_can_be(
    given: dict[str, str], windows: list[tuple[str, str]]
) -> None:
    assert crime_of(police_csv(given), **LOCAL).windows == tuple(Window(us(start), us(end)) for start, end in windows)


@pytest.mark.parametrize(
    ("given", "field", "problem"),
    [
        (times("30/03 01:30", "30/03 02:30"), "date_from", "the clocks of Europe/London went forward over this time"),
        (times("30/03 00:30", "30/03 01:00"), "date_to", "the clocks of Europe/London went forward over this time"),
        (times("25/10 19:30", "26/10 07:30"), "date_to", "the crime's window is 13 h long"),
        (times("29/03 20:00", "30/03 09:01"), "date_to", "the crime's window is 12 h 1 min long"),
        (times("26/10 01:30", "26/10 00:59"), "date_to", "the crime ends before it begins"),
        (times("26/10 02:00", "26/10 01:59"), "date_to", "the crime ends before it begins"),
    ],
)
def test_a_local_time_that_never_was_is_an_error_and_elapsed_time_counts(
    given: dict[str, str], field: str, problem: str
) -> None:
    (error,) = errors_of(police_csv(given), **LOCAL)
    assert error.field == field
    assert error.problem.startswith(problem)


def test_the_notes_say_what_was_searched() -> None:
    moment = crime_of(police_csv(times("26/10 01:30")), **LOCAL)
    said = "The clock of Europe/London showed 01:30:00 twice on 26 October 2025, at 00:30:00 and at 01:30:00 UTC"
    assert moment.notes == (f"{said}: both are searched.",)
    assert len(crime_of(police_csv(times("26/10 01:10", "26/10 01:50")), **LOCAL).notes) == 2
    assert crime_of(police_csv(times("26/10 00:10", "26/10 02:50")), **LOCAL).notes == ()


def test_a_force_that_declared_nothing_writes_utc() -> None:
    given = times("26/10 01:30")
    for how in ({}, {"zones": {"Kent": LONDON}}):
        crime = crime_of(police_csv(given), **how)
        assert crime.windows == (Window(us("2025-10-26T01:30"), us("2025-10-26T01:30")),)
        assert crime.notes == ()


def test_a_row_of_a_richer_form_may_have_a_zone_of_its_own() -> None:
    summer = times("25/06 08:30")
    local, utc = (
        Window(us("2025-06-25T07:30"), us("2025-06-25T07:30")),
        Window(us("2025-06-25T08:30"), us("2025-06-25T08:30")),
    )
    assert crime_of(rich_csv(summer | {"time_zone": "Europe/London"})).windows == (local,)
    assert crime_of(rich_csv(summer | {"time_zone": "UTC"}), **LOCAL).windows == (utc,)
    assert crime_of(rich_csv(summer | {"time_zone": ""}), **LOCAL).windows == (local,)


def test_an_offset_tells_the_two_instants_apart() -> None:
    given = {"date_from": "2025-10-26T01:30:00+01:00", "date_to": "2025-10-26T01:30:00+00:00"}
    crime = crime_of(rich_csv(given), **LOCAL)
    assert crime.windows == (Window(us("2025-10-26T00:30"), us("2025-10-26T01:30")),)
    assert crime.notes == ()


def test_an_uncertain_moment_that_came_twice_is_one_window_where_the_two_would_touch() -> None:
    given = times("26/10 01:30")
    apart = crime_of(rich_csv(given | {"time_uncertainty_min": "29"}), **LOCAL)
    assert len(apart.windows) == 2
    touching = crime_of(rich_csv(given | {"time_uncertainty_min": "30"}), **LOCAL)
    assert touching.windows == (Window(us("2025-10-26T00:00"), us("2025-10-26T02:00")),)
