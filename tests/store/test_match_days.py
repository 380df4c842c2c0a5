"""Match days: dates on a shared zone's schedule, each change a new version; past ones are refused."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from geofence.drafts import ZoneDraft
from model.enums import ZoneKind
from model.operations import MatchDay
from model.schedules import DailyWindow, DatedWindow, Schedule, Weekday, WeeklyWindow
from model.zones import Circle
from store.checks import FieldsRefusedError
from store.database import Cursor
from store.operations_match_days import add_match_days, coming_match_days, remove_match_days
from store.zone_list import find_zone
from store.zones import publish_zones
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner, seed_wearer

LONDON = "Europe/London"
TODAY = datetime.now(ZoneInfo(LONDON)).date()
NEXT = MatchDay(TODAY + timedelta(days=7), time(12), time(18), "League match")
LATER = MatchDay(TODAY + timedelta(days=9), time(18), time(1), "Cup match")
LOCK_MS = 1000
BY = "duty.officer"


def stadium(reference: str = "STADIUM", schedule: Schedule | None = None, crn: str | None = None) -> ZoneDraft:
    circle = Circle(-0.1, 51.5, 400)
    return ZoneDraft(reference, "Stadium", ZoneKind.EXCLUSION, crn, circle, None, None, None, schedule)


@pytest.fixture
def cursor(migrated_database: DatabaseUrls) -> Iterator[Cursor]:
    """A stadium in force on the first evening of every week, and on match days."""
    mondays = WeeklyWindow(frozenset({Weekday.MONDAY}), DailyWindow(time(19), time(20)))
    with as_owner(migrated_database.owner) as opened:
        publish_zones(opened, [stadium(schedule=Schedule(LONDON, (mondays,)))], BY)
        yield opened


def refused(error: FieldsRefusedError) -> list[str]:
    return [problem.field for problem in error.problems]


def test_a_match_day_is_a_new_version_and_is_listed_with_its_instants(cursor: Cursor) -> None:
    add_match_days(cursor, "STADIUM", [LATER, NEXT], BY, LOCK_MS)
    found = find_zone(cursor, "STADIUM")
    assert found is not None
    assert [one.version for one in found[1]] == [1, 2]
    assert found[1][1].created_by == BY
    coming = coming_match_days(cursor, "STADIUM")
    assert coming is not None
    assert [one.match_day for one in coming] == [NEXT, LATER]
    assert coming[0].begins_at == datetime.combine(NEXT.date, time(12), ZoneInfo(LONDON))
    assert coming[1].ends_at == datetime.combine(LATER.date + timedelta(days=1), time(1), ZoneInfo(LONDON))


def test_one_that_is_off_is_taken_away(cursor: Cursor) -> None:
    add_match_days(cursor, "STADIUM", [NEXT, LATER], BY, LOCK_MS)
    remove_match_days(cursor, "STADIUM", [replace(NEXT, event=None)], BY, LOCK_MS)
    coming = coming_match_days(cursor, "STADIUM")
    assert coming is not None
    assert [one.match_day for one in coming] == [LATER]
    add_match_days(cursor, "STADIUM", [replace(NEXT, event="Another")], BY, LOCK_MS)
    coming = coming_match_days(cursor, "STADIUM")
    assert coming is not None
    assert [one.match_day.event for one in coming] == ["Another", "Cup match"]


def test_past_dates_and_all_else_that_is_wrong_come_at_once(cursor: Cursor) -> None:
    add_match_days(cursor, "STADIUM", [LATER], BY, LOCK_MS)
    yesterday = MatchDay(TODAY - timedelta(days=1), time(0), time(1), "Over")
    wrong = [NEXT, yesterday, LATER, replace(NEXT, event=" "), replace(NEXT, ends=time(12)), NEXT]
    wrong.append(MatchDay(date(1900, 1, 1), time(1), time(2), "Long ago"))
    with pytest.raises(FieldsRefusedError) as error:
        add_match_days(cursor, "STADIUM", wrong, BY, LOCK_MS)
    assert refused(error.value) == [
        "match_days[1].date",
        "match_days[2]",
        "match_days[3].event",
        "match_days[4].to",
        "match_days[5]",
        "match_days[6].date",
    ]
    with pytest.raises(FieldsRefusedError) as error:
        add_match_days(cursor, "STADIUM", [], BY, LOCK_MS)
    assert refused(error.value) == ["match_days"]
    found = find_zone(cursor, "STADIUM")
    assert found is not None
    assert len(found[1]) == 2


def test_one_that_goes_on_now_can_be_added_and_one_that_is_over_not_removed(cursor: Cursor) -> None:
    """By the zone's clock: what ends today and is past is past."""
    now = MatchDay(TODAY - timedelta(days=1), time(0, 1), time(0, 0), "Until midnight")
    with pytest.raises(FieldsRefusedError):
        add_match_days(cursor, "STADIUM", [now], BY, LOCK_MS)
    windows = tuple(DatedWindow(day.date, DailyWindow(day.starts, day.ends)) for day in (now, NEXT))
    schedule = Schedule(LONDON, match_days=windows)
    publish_zones(cursor, [stadium("OVER", schedule)], BY)
    with pytest.raises(FieldsRefusedError) as error:
        remove_match_days(cursor, "OVER", [now], BY, LOCK_MS)
    assert "past" in str(error.value)
    coming = coming_match_days(cursor, "OVER")
    assert coming is not None
    assert [one.match_day.date for one in coming] == [NEXT.date]
    today = MatchDay(TODAY, time(0), time(0), "All day")
    add_match_days(cursor, "STADIUM", [today], BY, LOCK_MS)
    remove_match_days(cursor, "STADIUM", [today], BY, LOCK_MS)


def test_a_zone_is_never_left_without_hours(cursor: Cursor) -> None:
    window = DatedWindow(NEXT.date, DailyWindow(NEXT.starts, NEXT.ends))
    publish_zones(cursor, [stadium("ONLY", Schedule(LONDON, match_days=(window,)))], BY)
    with pytest.raises(FieldsRefusedError, match="never be in force"):
        remove_match_days(cursor, "ONLY", [NEXT], BY, LOCK_MS)
    coming = coming_match_days(cursor, "ONLY")
    assert coming is not None
    assert [one.match_day for one in coming] == [replace(NEXT, event=None)], "it came with the zone's file, unnamed"


def test_which_zones_have_match_days(cursor: Cursor) -> None:
    seed_wearer(cursor, "X1")
    publish_zones(cursor, [stadium("ALWAYS"), stadium("OWN", Schedule(LONDON, match_days=(_window(NEXT),)), "X1")], BY)
    for reference in ("ALWAYS", "OWN"):
        with pytest.raises(FieldsRefusedError) as error:
            add_match_days(cursor, reference, [LATER], BY, LOCK_MS)
        assert refused(error.value) == ["zone"]
    assert add_match_days(cursor, "NOWHERE", [LATER], BY, LOCK_MS) is None
    assert remove_match_days(cursor, "NOWHERE", [LATER], BY, LOCK_MS) is None
    assert coming_match_days(cursor, "NOWHERE") is None


def test_none_that_is_not_there_is_removed(cursor: Cursor) -> None:
    with pytest.raises(FieldsRefusedError) as error:
        remove_match_days(cursor, "STADIUM", [NEXT], BY, LOCK_MS)
    assert refused(error.value) == ["match_days[0]"]


def _window(day: MatchDay) -> DatedWindow:
    return DatedWindow(day.date, DailyWindow(day.starts, day.ends))
