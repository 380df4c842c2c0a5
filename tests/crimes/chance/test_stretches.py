"""Which earlier times a presence is compared with: by the wall clock, of one length, and no other crime's."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crimes.chance.routine_stretches import (
    LOOK_HOURS,
    MOST_PARTS,
    RoutineSettings,
    Stretch,
    is_at_weekend,
    stretches_before,
)
from crimes.scenes import Scene
from model.crimes import Window
from model.times import DAY_US, SECOND_US, from_microseconds, to_microseconds

LONDON = ZoneInfo("Europe/London")
MINUTE_US = 60 * SECOND_US
PADDING_US = 10 * MINUTE_US
SETTINGS = RoutineSettings()


def scene(local: str, minutes: int = 30, *, fold: int = 0) -> Scene:
    from_us = to_microseconds(datetime.fromisoformat(local).replace(tzinfo=LONDON, fold=fold))
    return Scene(1, 51.5, -0.1, 0.0, (Window(from_us, from_us + minutes * MINUTE_US),))


def compared(of: Scene, asked: tuple[Window, ...] = ()) -> list[Stretch]:
    return [one for one in stretches_before(of, PADDING_US, asked, SETTINGS) if one.look_hour is None]


def local(instant_us: int) -> datetime:
    return from_microseconds(instant_us).astimezone(LONDON)


@pytest.mark.parametrize("day", ["2026-02-20", "2026-04-10", "2026-11-05"])
def test_the_same_time_of_day_by_the_wall_clock_on_each_day_before(day: str) -> None:
    """The latter two reach over a change of the clocks."""
    of = scene(f"{day}T14:00")
    found = compared(of)
    assert [local(one.from_us).strftime("%H:%M") for one in found] == ["13:50"] * 28
    assert [local(one.from_us).date() for one in found] == [
        datetime.fromisoformat(day).date() - timedelta(days=back) for back in range(28, 0, -1)
    ]
    assert {one.until_us - one.from_us for one in found} == {50 * MINUTE_US}


def test_a_time_of_day_that_is_skipped_begins_after_the_gap() -> None:
    [skipped] = [one for one in compared(scene("2026-04-01T01:40")) if local(one.from_us).day == 29]
    assert local(skipped.from_us).isoformat() == "2026-03-29T02:00:00+01:00"


def test_both_instants_of_a_repeated_hour_are_one_time_of_day() -> None:
    once, again = (scene("2026-10-25T01:20", fold=fold).windows[0] for fold in (0, 1))
    assert again.from_us - once.from_us == 3600 * SECOND_US
    both = Scene(1, 51.5, -0.1, 0.0, (once, again))
    found = compared(both)
    assert [local(one.from_us).strftime("%H:%M") for one in found] == ["01:10"] * 28
    assert {one.until_us - one.from_us for one in found} == {50 * MINUTE_US}


def test_every_day_has_its_looks() -> None:
    looks = [
        one
        for one in stretches_before(scene("2026-02-20T14:00"), PADDING_US, (), SETTINGS)
        if one.look_hour is not None
    ]
    assert len(looks) == 28 * len(LOOK_HOURS)
    assert all(local(one.from_us).hour == one.look_hour for one in looks)


def test_what_touches_another_crime_s_window_is_marked() -> None:
    of = scene("2026-02-20T14:00")
    touched = compared(of)[5]
    at_its_end = Window(touched.until_us - 1, touched.until_us + 3 * 3600 * SECOND_US)
    for one in stretches_before(of, PADDING_US, (at_its_end,), SETTINGS):
        assert one.touches_another == (one.from_us <= at_its_end.to_us and at_its_end.from_us < one.until_us)
    assert replace(touched, touches_another=True) in stretches_before(of, PADDING_US, (at_its_end,), SETTINGS)
    just_after = Window(touched.until_us, touched.until_us)
    assert touched in stretches_before(of, PADDING_US, (just_after,), SETTINGS)


@given(
    st.integers(1_770_000_000, 1_800_000_000),
    st.integers(0, 12 * 60),
    st.sampled_from(["Europe/London", "UTC", "Pacific/Auckland", "America/New_York"]),
)
def test_nothing_of_the_crime_s_own_window_is_compared(start_s: int, minutes: int, time_zone: str) -> None:
    from_us = start_s * SECOND_US
    of = Scene(1, 51.5, -0.1, 0.0, (Window(from_us, from_us + minutes * MINUTE_US),))
    settings = RoutineSettings(time_zone=time_zone)
    found = stretches_before(of, PADDING_US, (), settings)
    assert len([one for one in found if one.look_hour is None]) == 28
    for one in found:
        assert one.until_us <= from_us - PADDING_US
        assert one.from_us >= from_us - PADDING_US - 30 * DAY_US
        assert 1 <= one.parts <= MOST_PARTS
        assert (one.parts - 1) * one.part_us < one.until_us - one.from_us <= one.parts * one.part_us


@pytest.mark.parametrize(("moment", "weekend"), [("2026-02-20T23:59", False), ("2026-02-21T00:30", True)])
def test_the_day_is_that_of_the_wall_clock(moment: str, weekend: bool) -> None:
    assert is_at_weekend(scene(moment), PADDING_US, SETTINGS) is weekend
