"""Whether a victim's zone is watched: what is worse is shown at once, what is better once it holds."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.victim_watch import BADNESS, step, watch_of
from model.enums import AlertKind
from model.schedules import DailyWindow, Schedule, Weekday, WeeklyWindow
from model.victims import LiveVersion, Reason, ShownWatch, Trouble, Watch, WatchReason, ZoneFacts, ZoneWatch

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)  # a Tuesday
HOUR = timedelta(hours=1)
LIVE = LiveVersion(3, None, None, None, NOW - HOUR, is_loaded=True)
WELL = ZoneFacts(
    zone_id=1,
    victim_id=1,
    reference="EZ-1",
    liaison="officer.liaison",
    linked_at=NOW - 9 * HOUR,
    live=LIVE,
    begins_at=None,
    ended_at=None,
    worn_since=NOW - 8 * HOUR,
    taken_off_at=None,
    heard_at=NOW - timedelta(minutes=1),
    troubles=(),
    deaf_since=None,
    alive_through=NOW,
    lifted_since=None,
    address_ended_at=None,
)
EVENINGS = Schedule("Europe/London", (WeeklyWindow(frozenset(Weekday), DailyWindow(time(18), time(23))),))
STEADY_S = 60.0
WEAK = Watch(ZoneWatch.WEAKENED, (Reason(WatchReason.SILENT, NOW),))
BLIND = Watch(ZoneWatch.NOT_WATCHED, (Reason(WatchReason.NO_ACTIVATION, NOW),))
GOOD = Watch(ZoneWatch.WATCHED)
OUT = Watch(ZoneWatch.NOT_IN_FORCE, (Reason(WatchReason.OUTSIDE_HOURS, None),))


def test_a_zone_of_which_all_is_well_is_watched() -> None:
    assert watch_of(WELL, NOW) == GOOD


@pytest.mark.parametrize(
    ("changed", "state", "code", "since"),
    [
        ({"live": None, "ended_at": NOW - HOUR}, ZoneWatch.NOT_WATCHED, WatchReason.NO_LIVE_VERSION, NOW - HOUR),
        ({"live": None, "begins_at": NOW + HOUR}, ZoneWatch.NOT_IN_FORCE, WatchReason.NOT_BEGUN, None),
        ({"live": replace(LIVE, active_from=NOW + HOUR)}, ZoneWatch.NOT_IN_FORCE, WatchReason.NOT_BEGUN, None),
        ({"live": replace(LIVE, schedule=EVENINGS)}, ZoneWatch.NOT_IN_FORCE, WatchReason.OUTSIDE_HOURS, None),
        ({"live": replace(LIVE, active_to=NOW)}, ZoneWatch.NOT_WATCHED, WatchReason.NO_LIVE_VERSION, NOW),
        ({"live": replace(LIVE, is_loaded=False)}, ZoneWatch.NOT_WATCHED, WatchReason.NOT_LOADED, None),
        ({"lifted_since": NOW - HOUR}, ZoneWatch.NOT_WATCHED, WatchReason.AUTHORISED, NOW - HOUR),
        (
            {"worn_since": None, "heard_at": None, "taken_off_at": NOW - HOUR},
            ZoneWatch.NOT_WATCHED,
            WatchReason.NO_ACTIVATION,
            NOW - HOUR,
        ),
        ({"heard_at": None}, ZoneWatch.NOT_WATCHED, WatchReason.NEVER_HEARD, NOW - 8 * HOUR),
        ({"heard_at": NOW - 9 * HOUR}, ZoneWatch.NOT_WATCHED, WatchReason.NEVER_HEARD, NOW - 8 * HOUR),
        ({"deaf_since": NOW - HOUR}, ZoneWatch.WEAKENED, WatchReason.INTAKE_DEAF, NOW - HOUR),
        ({"alive_through": NOW - HOUR}, ZoneWatch.WEAKENED, WatchReason.INTAKE_UNPROVED, NOW - HOUR),
        ({"alive_through": None}, ZoneWatch.WEAKENED, WatchReason.INTAKE_UNPROVED, None),
        ({"address_ended_at": NOW - HOUR}, ZoneWatch.WEAKENED, WatchReason.ADDRESS_ENDED, NOW - HOUR),
    ],
)
def test_each_reason_by_itself_decides(
    changed: dict[str, object], state: ZoneWatch, code: WatchReason, since: datetime | None
) -> None:
    assert watch_of(replace(WELL, **changed), NOW) == Watch(state, (Reason(code, since),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (AlertKind.NO_COMMUNICATION, WatchReason.SILENT),
        (AlertKind.NO_FIX, WatchReason.NO_FIX),
        (AlertKind.BATTERY_CRITICAL, WatchReason.BATTERY_CRITICAL),
        (AlertKind.POWER_OFF, WatchReason.POWER_OFF),
        (AlertKind.STRAP_TAMPER, WatchReason.STRAP_TAMPER),
    ],
)
def test_a_tag_in_trouble_weakens_since_the_earliest(kind: AlertKind, code: WatchReason) -> None:
    troubles = (Trouble(kind, NOW - HOUR), Trouble(kind, NOW - 2 * HOUR), Trouble(AlertKind.BATTERY_LOW, NOW))
    assert watch_of(replace(WELL, troubles=troubles), NOW) == Watch(ZoneWatch.WEAKENED, (Reason(code, NOW - 2 * HOUR),))


def test_a_version_that_was_just_written_is_given_time_to_be_loaded() -> None:
    fresh = replace(LIVE, is_loaded=False, created_at=NOW - timedelta(seconds=5))
    assert watch_of(replace(WELL, live=fresh), NOW) == GOOD


def play(*seen: tuple[float, Watch]) -> list[tuple[float, ZoneWatch]]:
    """What is told, and when, of what is seen at seconds after ``NOW``."""
    shown: ShownWatch | None = None
    told = []
    for second, watch in seen:
        shown, is_news = step(shown, watch, NOW + timedelta(seconds=second), STEADY_S)
        if is_news:
            told.append((second, shown.watch.state))
    return told


def test_worse_is_told_at_once_and_better_once_it_held() -> None:
    assert play((0, GOOD), (1, WEAK), (2, GOOD), (30, GOOD), (61, GOOD), (62, GOOD), (63, GOOD)) == [
        (1, ZoneWatch.WEAKENED),
        (62, ZoneWatch.WATCHED),
    ]
    assert play((0, GOOD), (1, WEAK), (2, BLIND)) == [(1, ZoneWatch.WEAKENED), (2, ZoneWatch.NOT_WATCHED)]


def test_a_tag_that_comes_and_goes_is_told_once() -> None:
    flaps = [(second, WEAK if second % 20 < 10 else GOOD) for second in range(600)]
    assert play((-1, GOOD), *flaps) == [(0, ZoneWatch.WEAKENED)]


def test_a_further_reason_is_news_and_the_same_one_is_not() -> None:
    both = Watch(ZoneWatch.WEAKENED, (*WEAK.reasons, Reason(WatchReason.STRAP_TAMPER, NOW)))
    assert play((0, WEAK), (1, WEAK), (2, both), (3, both)) == [(0, ZoneWatch.WEAKENED), (2, ZoneWatch.WEAKENED)]


def test_hours_that_begin_and_end_are_no_news_but_what_is_found_then_is() -> None:
    assert play((0, GOOD), (10, OUT), (20, GOOD), (30, OUT)) == []
    assert play((0, GOOD), (10, OUT), (20, WEAK), (30, OUT), (40, WEAK)) == [(20, ZoneWatch.WEAKENED)]
    assert play((0, WEAK), (10, OUT), (20, GOOD)) == [(0, ZoneWatch.WEAKENED), (20, ZoneWatch.WATCHED)]


@given(st.lists(st.tuples(st.floats(0.5, 90), st.sampled_from([GOOD, WEAK, BLIND, OUT])), min_size=1, max_size=40))
def test_nothing_worse_is_ever_shown_as_better_and_what_was_told_is_right(steps: list[tuple[float, Watch]]) -> None:
    shown: ShownWatch | None = None
    second, told = 0.0, ZoneWatch.WATCHED
    for wait_s, seen in steps:
        second += wait_s
        shown, is_news = step(shown, seen, NOW + timedelta(seconds=second), STEADY_S)
        told = shown.watch.state if is_news else told
        if seen.state is ZoneWatch.NOT_IN_FORCE:
            assert shown.watch == seen
            continue
        assert BADNESS[shown.watch.state] >= BADNESS[seen.state], "it looks no better than it is"
        assert told is shown.watch.state, "in force, what is shown is what was told last"
