"""What a rehearsal warns of; each warning with a draft that earns it and one next to it that does not."""

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest

from geofence.passages import MapWay, WayKind, read_map_ways
from geofence.rehearsal_warnings import WarningCode
from model.enums import ZoneKind
from model.schedules import DailyWindow, DayException, Schedule, Weekday, WeeklyWindow
from model.times import DAY_US, SECOND_US
from tests.support.policies import BUFFERED
from tests.support.rehearsals import (
    MINUTE_US,
    MONDAY_US,
    NOW_US,
    circle,
    codes,
    life,
    place,
    rectangle,
    rehearsed,
    track,
    zone,
)

HOME, WORK, AWAY = (0.0, 0.0), (4000.0, 0.0), (9000.0, 9000.0)
LIFE = life(HOME, WORK)
HABITS = {
    WarningCode.HOME_INSIDE,
    WarningCode.HOME_NEAR,
    WarningCode.HOME_OUTSIDE_CURFEW,
    WarningCode.DAY_PLACE_INSIDE,
    WarningCode.DAY_PLACE_NEAR,
}
MONDAYS = Schedule("Europe/London", (WeeklyWindow(frozenset({Weekday.MONDAY}), DailyWindow(time(9), time(17))),))


@pytest.mark.parametrize(
    ("at", "radius_m", "expected"),
    [
        ((100.0, 0.0), 150.0, {WarningCode.HOME_INSIDE}),
        ((155.0, 0.0), 150.0, {WarningCode.HOME_NEAR}),
        ((170.0, 0.0), 150.0, set()),
        ((4100.0, 0.0), 150.0, {WarningCode.DAY_PLACE_INSIDE}),
        ((4155.0, 0.0), 150.0, {WarningCode.DAY_PLACE_NEAR}),
        ((2000.0, 0.0), 150.0, set()),
        ((2000.0, 0.0), 2500.0, {WarningCode.HOME_INSIDE, WarningCode.DAY_PLACE_INSIDE}),
    ],
)
def test_home_and_work_inside_an_exclusion_zone_or_at_its_edge(
    at: tuple[float, float], radius_m: float, expected: set[WarningCode]
) -> None:
    assert codes(rehearsed(zone(circle(at, radius_m)), [LIFE])) & HABITS == expected


def test_home_within_the_buffer_is_near() -> None:
    beside = circle((240.0, 0.0), 150.0)
    assert not codes(rehearsed(zone(beside), [LIFE])) & HABITS
    assert codes(rehearsed(zone(beside, policy=BUFFERED), [LIFE])) & HABITS == {WarningCode.HOME_NEAR}


def test_the_place_is_said_and_how_much_of_the_nights_is_spent_there() -> None:
    (warning,) = (one for one in rehearsed(zone(circle(HOME, 150)), [LIFE]).warnings if one.code in HABITS)
    assert warning.place == pytest.approx(place(HOME), abs=2e-6)
    assert warning.figures["share"] == 1.0
    assert warning.figures["depth_m"] == pytest.approx(150, abs=0.5)
    assert warning.figures["occasions"] == 15, "fourteen nights, and the rest of the one before"


def test_two_homes_are_both_found() -> None:
    first, second = life(HOME, WORK, days=7), life(AWAY, WORK, days=14)
    later = second.rows.take(second.rows.fixes.fix_time_us >= MONDAY_US + 7 * DAY_US).fixes
    times = [*first.rows.fixes.fix_time_us.tolist(), *later.fix_time_us.tolist()]
    nights = [HOME] * (len(times) - len(later)) + [AWAY] * len(later)
    for home in (HOME, AWAY):
        assert WarningCode.HOME_INSIDE in codes(rehearsed(zone(circle(home, 150)), [track(times, nights)]))


def test_one_night_is_no_home() -> None:
    times = list(range(MONDAY_US, MONDAY_US + 5 * 60 * MINUTE_US, MINUTE_US))
    found = codes(rehearsed(zone(circle(HOME, 150)), [track(times, [HOME] * len(times))]))
    assert not found & HABITS
    assert WarningCode.TOO_FEW_POSITIONS in found


def test_a_silence_is_no_stay() -> None:
    """Home until two in the morning; then one position elsewhere, and nothing until noon."""
    times, places = [], []
    for day in range(10):
        evening_us = MONDAY_US + day * DAY_US + 22 * 60 * MINUTE_US
        times += [evening_us + at * 10 * MINUTE_US for at in range(24)] + [evening_us + 240 * MINUTE_US]
        places += [HOME] * 24 + [AWAY]
    silent = track(times, places)
    assert WarningCode.HOME_INSIDE in codes(rehearsed(zone(circle(HOME, 150)), [silent]))
    assert WarningCode.HOME_INSIDE not in codes(rehearsed(zone(circle(AWAY, 150)), [silent]))


def test_weekends_make_no_place_of_working_days() -> None:
    noons = [MONDAY_US + day * DAY_US + 12 * 60 * MINUTE_US for day in range(14)]
    times = [noon + at * 10 * MINUTE_US for noon in noons for at in range(12)]
    places = [AWAY if day % 7 >= 5 else WORK for day in range(14) for _ in range(12)]
    for at, expected in ((WORK, {WarningCode.DAY_PLACE_INSIDE}), (AWAY, set())):
        assert codes(rehearsed(zone(circle(at, 150)), [track(times, places)])) & HABITS == expected


def test_a_home_belongs_inside_a_curfew_and_may_be_in_an_inclusion_zone() -> None:
    assert not codes(rehearsed(zone(circle(HOME, 150), ZoneKind.CURFEW), [LIFE])) & HABITS
    outside = rehearsed(zone(circle((500, 0), 150), ZoneKind.CURFEW), [LIFE])
    assert codes(outside) & HABITS == {WarningCode.HOME_OUTSIDE_CURFEW}
    assert not codes(rehearsed(zone(circle(HOME, 150), ZoneKind.INCLUSION), [LIFE])) & HABITS


def test_nights_go_by_the_wall_clock_of_the_schedule() -> None:
    """The nights of Auckland are London's working days."""
    auckland = replace(MONDAYS, time_zone="Pacific/Auckland")
    assert WarningCode.HOME_INSIDE not in codes(rehearsed(zone(circle(WORK, 150)), [LIFE]))
    assert WarningCode.HOME_INSIDE in codes(rehearsed(zone(circle(WORK, 150), schedule=auckland), [LIFE]))


@pytest.mark.parametrize(("days", "fires"), [(6, True), (7, False)])
def test_too_few_positions(days: int, fires: bool) -> None:
    done = rehearsed(zone(circle(AWAY, 150)), [life(HOME, WORK, days)])
    assert (WarningCode.TOO_FEW_POSITIONS in codes(done)) is fires
    assert done.days == days


@pytest.mark.parametrize(("width_m", "fires"), [(78, True), (82, False)])
def test_narrower_than_the_wearer_s_usual_accuracy(width_m: float, fires: bool) -> None:
    strip = zone(rectangle(9000, 9000, 9000 + width_m, 10000))
    done = rehearsed(strip, [life(HOME, WORK, accuracy_m=40)])
    assert (WarningCode.NARROW in codes(done)) is fires


def test_the_narrowest_part_counts_and_without_positions_the_usual_accuracy_of_gps() -> None:
    wide, narrow = rectangle(0, 0, 500, 500), rectangle(1000, 0, 1040, 500)
    both = replace(wide, polygons=wide.polygons + narrow.polygons)
    (warning,) = (one for one in rehearsed(zone(both)).warnings if one.code is WarningCode.NARROW)
    assert warning.figures["width_m"] == pytest.approx(40, abs=1.5)
    assert warning.figures["median_accuracy_m"] == 30
    assert WarningCode.NARROW not in codes(rehearsed(zone(wide)))


@pytest.mark.parametrize(("speed_mps", "passages", "fires"), [(12, 2, True), (12, 1, False), (3, 2, False)])
def test_fast_passages_tell_of_a_road(speed_mps: float, passages: int, fires: bool) -> None:
    times, places = [], []
    for passage in range(passages):
        start_us = MONDAY_US + passage * DAY_US
        times += [start_us + at * 20 * SECOND_US for at in range(60)]
        places += [(speed_mps * 20 * at - speed_mps * 600, 0.0) for at in range(60)]
    through = track(times, places)
    assert (WarningCode.FAST_PASSAGES in codes(rehearsed(zone(circle((0, 0), 100)), [through]))) is fires
    assert WarningCode.FAST_PASSAGES not in codes(rehearsed(zone(circle((0, 500), 100)), [through]))
    assert WarningCode.FAST_PASSAGES not in codes(rehearsed(zone(circle((0, 0), 100), ZoneKind.INCLUSION), [through]))


@pytest.mark.parametrize(
    ("kind", "code"), [(WayKind.MAIN_ROAD, WarningCode.MAIN_ROAD), (WayKind.RAILWAY, WarningCode.RAILWAY)]
)
def test_roads_and_railways_of_the_map(kind: WayKind, code: WarningCode) -> None:
    way = MapWay(kind, "A1", ((place((-1000, 50)), place((1000, 50))),))
    (warning,) = (one for one in rehearsed(zone(circle((0, 0), 100)), map_ways=[way]).warnings if one.code is code)
    assert warning.figures == {"name": "A1", "length_m": pytest.approx(2 * (100**2 - 50**2) ** 0.5, abs=0.5)}
    beside = rehearsed(zone(circle((0, 200), 100)), map_ways=[way])
    assert code not in codes(beside)
    assert (beside.is_map_known, rehearsed(zone(circle((0, 200), 100))).is_map_known) == (True, False)


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"features": None},
        {"features": [None]},
        {
            "features": [
                {"properties": {"kind": "canal"}, "geometry": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}}
            ]
        },
        {"features": [{"properties": {"kind": "railway"}, "geometry": {"type": "Point", "coordinates": [0, 0]}}]},
        {
            "features": [
                {"properties": {"kind": "railway"}, "geometry": {"type": "LineString", "coordinates": [[0, 0]]}}
            ]
        },
        {"features": [{"properties": {"kind": "railway"}, "geometry": {"type": "LineString", "coordinates": 7}}]},
    ],
)
def test_a_wrong_map_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match=r"feature 1|no GeoJSON"):
        read_map_ways(document)


def test_a_map_is_read() -> None:
    line = [[0.0, 51.0], [0.1, 51.0]]
    features = [
        {"properties": {"kind": "railway"}, "geometry": {"type": "MultiLineString", "coordinates": [line, line]}},
        {"properties": {"kind": "main_road", "name": "A1"}, "geometry": {"type": "LineString", "coordinates": line}},
    ]
    rail, road = read_map_ways({"type": "FeatureCollection", "features": features})
    assert (rail.name, len(rail.lines), road.name, road.lines[0][1]) == ("without a name", 2, "A1", (0.1, 51.0))


def test_hours_that_never_come() -> None:
    sunday_us = NOW_US + 6 * DAY_US
    dates: dict[str, Any] = {"active_from_us": sunday_us, "active_to_us": sunday_us + DAY_US}
    some = circle(AWAY, 150)
    assert WarningCode.NEVER_APPLIES in codes(rehearsed(zone(some, schedule=MONDAYS, **dates)))
    assert WarningCode.NEVER_APPLIES in codes(rehearsed(zone(some, schedule=Schedule("Europe/London"))))
    longer: dict[str, Any] = {**dates, "active_to_us": sunday_us + 2 * DAY_US}
    assert codes(rehearsed(zone(some, schedule=MONDAYS, **longer))) == {WarningCode.TOO_FEW_POSITIONS}


def test_an_exception_on_the_only_day_leaves_no_hours() -> None:
    next_monday = DayException(date(2026, 2, 2))
    dates: dict[str, Any] = {"active_from_us": NOW_US, "active_to_us": NOW_US + DAY_US}
    without = replace(MONDAYS, exceptions=(next_monday,))
    assert WarningCode.NEVER_APPLIES in codes(rehearsed(zone(circle(AWAY, 150), schedule=without, **dates)))
    assert WarningCode.NEVER_APPLIES not in codes(rehearsed(zone(circle(AWAY, 150), schedule=MONDAYS, **dates)))


@pytest.mark.parametrize(("minutes", "fires"), [(9, True), (11, False)])
def test_hours_of_minutes(minutes: int, fires: bool) -> None:
    weekly = WeeklyWindow(frozenset({Weekday.MONDAY}), DailyWindow(time(9), time(9, minutes)))
    found = codes(rehearsed(zone(circle(AWAY, 150), schedule=Schedule("Europe/London", (weekly,)))))
    assert (WarningCode.HARDLY_APPLIES in found) is fires


def test_dates_that_are_over() -> None:
    assert WarningCode.DATES_PAST in codes(rehearsed(zone(circle(AWAY, 150), active_to_us=NOW_US)))
    assert WarningCode.DATES_PAST not in codes(rehearsed(zone(circle(AWAY, 150), active_to_us=NOW_US + DAY_US)))
