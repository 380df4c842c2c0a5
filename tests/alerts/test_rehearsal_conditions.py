"""A draft beside the wearer's other conditions."""

from datetime import time
from typing import Any

import pytest

from geofence.rehearsal_warnings import WarningCode
from model.enums import ZoneKind
from model.schedules import DailyWindow, Schedule, Weekday, WeeklyWindow
from model.times import DAY_US
from tests.support.rehearsals import NOW_US, circle, codes, rectangle, rehearsed, zone

HERE, OVERLAPPING, APART = circle((0, 0), 200), circle((300, 0), 200), circle((3000, 0), 200)
TOGETHER = {WarningCode.CONTRADICTS, WarningCode.DUPLICATES}


def hours(day: Weekday) -> Schedule:
    return Schedule("Europe/London", (WeeklyWindow(frozenset({day}), DailyWindow(time(9), time(17))),))


@pytest.mark.parametrize(
    ("kind", "other_kind", "overlapping", "apart"),
    [
        (ZoneKind.EXCLUSION, ZoneKind.EXCLUSION, {WarningCode.DUPLICATES}, set()),
        (ZoneKind.EXCLUSION, ZoneKind.CURFEW, {WarningCode.CONTRADICTS}, set()),
        (ZoneKind.INCLUSION, ZoneKind.EXCLUSION, {WarningCode.CONTRADICTS}, set()),
        (ZoneKind.INCLUSION, ZoneKind.CURFEW, set(), {WarningCode.CONTRADICTS}),
        (ZoneKind.EXCLUSION, ZoneKind.CRIME_SCENE, set(), set()),
        (ZoneKind.CRIME_SCENE, ZoneKind.EXCLUSION, set(), set()),
    ],
)
def test_what_two_conditions_are_to_each_other(
    kind: ZoneKind, other_kind: ZoneKind, overlapping: set[WarningCode], apart: set[WarningCode]
) -> None:
    draft = zone(HERE, kind)
    assert codes(rehearsed(draft, others=[zone(OVERLAPPING, other_kind, zone_id=2)])) & TOGETHER == overlapping
    assert codes(rehearsed(draft, others=[zone(APART, other_kind, zone_id=2)])) & TOGETHER == apart


def test_the_area_and_the_other_s_name_are_said() -> None:
    other = zone(rectangle(50, 0, 150, 100), zone_id=2)
    (warning,) = (
        one for one in rehearsed(zone(rectangle(0, 0, 100, 100)), others=[other]).warnings if one.code in TOGETHER
    )
    assert warning.figures["shared_m2"] == pytest.approx(5000, rel=1e-3)
    assert (warning.figures["reference"], "Zone 2" in warning.words) == ("Z-2", True)


def test_only_at_common_hours() -> None:
    draft = zone(HERE, schedule=hours(Weekday.MONDAY))
    for day, expected in ((Weekday.MONDAY, {WarningCode.DUPLICATES}), (Weekday.TUESDAY, set())):
        other = zone(OVERLAPPING, zone_id=2, schedule=hours(day))
        assert codes(rehearsed(draft, others=[other])) & TOGETHER == expected


def test_common_hours_are_counted_a_year_ahead() -> None:
    """Every day from 9 to 17, and Mondays from 16 to 18: an hour on each of the year's 53 Mondays."""
    daily = Schedule("Europe/London", (WeeklyWindow(frozenset(Weekday), DailyWindow(time(9), time(17))),))
    mondays = Schedule("Europe/London", (WeeklyWindow(frozenset({Weekday.MONDAY}), DailyWindow(time(16), time(18))),))
    for one, other in ((daily, mondays), (mondays, daily)):
        done = rehearsed(zone(HERE, schedule=one), others=[zone(OVERLAPPING, zone_id=2, schedule=other)])
        (warning,) = (found for found in done.warnings if found.code in TOGETHER)
        assert warning.figures["common_hours"] == 53


@pytest.mark.parametrize(
    "over",
    [{"valid_to_us": NOW_US}, {"active_to_us": NOW_US}, {"active_from_us": NOW_US + 2000 * DAY_US}],
)
def test_not_with_a_condition_that_is_over_or_years_away(over: dict[str, Any]) -> None:
    assert codes(rehearsed(zone(HERE), others=[zone(OVERLAPPING, zone_id=2, **over)])) & TOGETHER == set()


def test_an_edit_is_not_compared_with_the_zone_it_edits() -> None:
    assert codes(rehearsed(zone(HERE, zone_id=5), others=[zone(HERE, zone_id=5)])) & TOGETHER == set()
