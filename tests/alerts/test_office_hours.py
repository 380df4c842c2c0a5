"""Office hours and mornings, among them the nights in which the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.office_hours import is_office_hours, is_working_day, next_morning, next_opening
from model.casework_rules import OfficeHours

HOURS = OfficeHours("Europe/London", ("mon", "tue", "wed", "thu", "fri"), time(9), time(17))
LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("local", "is_open"),
    [
        ("2026-11-23T09:00:00", True),
        ("2026-11-23T08:59:59", False),
        ("2026-11-23T16:59:59", True),
        ("2026-11-23T17:00:00", False),
        ("2026-11-28T12:00:00", False),  # a Saturday
        ("2026-12-25T12:00:00", False),
        ("2026-12-28T12:00:00", False),  # Boxing Day falls on a Saturday; this is its bank holiday
        ("2026-07-01T09:00:00", True),  # summer time
    ],
)
def test_the_office_is_open_by_the_wall_clock(local: str, *, is_open: bool) -> None:
    assert is_office_hours(HOURS, datetime.fromisoformat(local).replace(tzinfo=LONDON)) is is_open


def test_good_friday_is_no_working_day() -> None:
    assert not is_working_day(HOURS, date(2026, 4, 3))


def test_the_morning_of_what_was_raised_in_the_night_is_that_of_the_same_date() -> None:
    assert next_morning(HOURS, time(7), datetime(2026, 11, 23, 3, tzinfo=UTC)) == datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert next_morning(HOURS, time(7), datetime(2026, 11, 23, 8, tzinfo=UTC)) == datetime(2026, 11, 24, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        ("2026-10-24T22:00:00+01:00", "2026-10-25T07:00:00+00:00"),  # ten hours by the clock, eleven in truth
        ("2026-03-28T22:00:00+00:00", "2026-03-29T07:00:00+01:00"),
    ],
)
def test_a_morning_is_by_the_wall_clock_in_nights_that_the_clocks_change(evening: str, morning: str) -> None:
    found = next_morning(HOURS, time(7), datetime.fromisoformat(evening))
    assert found == datetime.fromisoformat(morning)


def test_a_morning_that_the_clock_skips_begins_at_the_end_of_the_gap() -> None:
    found = next_morning(HOURS, time(1, 30), datetime(2026, 3, 28, 22, tzinfo=UTC))
    assert found == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_after_friday_the_office_opens_on_monday_and_after_christmas_once_the_holidays_are_over() -> None:
    assert next_opening(HOURS, datetime(2026, 11, 27, 18, tzinfo=UTC)) == datetime(2026, 11, 30, 9, tzinfo=UTC)
    assert next_opening(HOURS, datetime(2026, 12, 24, 18, tzinfo=UTC)) == datetime(2026, 12, 29, 9, tzinfo=UTC)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)), st.times())  # noqa: DTZ001
def test_a_morning_is_the_next_one(after: datetime, starts: time) -> None:
    morning = next_morning(HOURS, starts, after)
    assert timedelta(0) <= morning - after < timedelta(hours=26)
