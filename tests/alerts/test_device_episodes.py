"""What a tag's events tell of, in whichever order they come."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.device_episodes import beacon, episodes, follows_from_pings
from model.device_events import DeviceEvent, DeviceEventKind
from tests.support.device_events import BATTERY, at, event, heard, minutes

Told = tuple[str, float, float | None, str | None]

TABLE: list[tuple[str, list[DeviceEvent], list[Told]]] = [
    ("a strap is cut", [event("strap_tamper", 5)], [("strap_tamper", 5, None, None)]),
    (
        "cut twice is cut once",
        [event("strap_tamper", 5), event("strap_tamper", 7)],
        [("strap_tamper", 5, None, None)],
    ),
    (
        "restored",
        [event("strap_tamper", 5), event("strap_restored", 9)],
        [("strap_tamper", 5, 9, "strap_restored")],
    ),
    ("restored without a cut", [event("strap_restored", 9)], []),
    (
        "off and on",
        [event("power_off", 5), event("power_on", 6)],
        [("power_off", 5, 6, "power_on")],
    ),
    (
        "whatever a tag says later it says because it is on",
        [event("power_off", 5), event("at_beacon", 8)],
        [("power_off", 5, 8, "at_beacon")],
    ),
    ("a low battery", [event("battery_low", 5, 18)], [("battery_low", 5, None, None)]),
    (
        "a critical one is low too",
        [event("battery_critical", 5)],
        [("battery_critical", 5, None, None), ("battery_low", 5, None, None)],
    ),
    (
        "charging ends both",
        [event("battery_low", 1), event("battery_critical", 5), event("charging_started", 9)],
        [("battery_low", 1, 9, "charging_started"), ("battery_critical", 5, 9, "charging_started")],
    ),
    (
        "low while it charges is no news",
        [event("charging_started", 1), event("battery_low", 2)],
        [],
    ),
    (
        "low long after charging began: nobody charges it",
        [event("charging_started", 1), event("battery_low", 122)],
        [("battery_low", 122, None, None)],
    ),
    (
        "unplugged while low",
        [event("battery_low", 1), event("charging_started", 2), event("charging_stopped", 3, 15)],
        [("battery_low", 1, 2, "charging_started"), ("battery_low", 3, None, None)],
    ),
    (
        "unplugged when full",
        [event("battery_low", 1), event("charging_started", 2), event("charging_stopped", 90, 100)],
        [("battery_low", 1, 2, "charging_started")],
    ),
    (
        "recovered",
        [event("battery_critical", 1), event("battery_restored", 2)],
        [("battery_critical", 1, 2, "battery_restored"), ("battery_low", 1, 2, "battery_restored")],
    ),
    (
        "at the beacon, and alive, are no alerts",
        [event("at_beacon", 1), event("alive", 2), event("left_beacon", 3)],
        [],
    ),
]


def told(events: Sequence[DeviceEvent]) -> list[Told]:
    return [
        (
            one.kind.value,
            minutes(one.began_us),
            None if one.ended_us is None else minutes(one.ended_us),
            one.ended_by,
        )
        for one in episodes(events, BATTERY)
    ]


@pytest.mark.parametrize(("events", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_episodes(events: list[DeviceEvent], expected: list[Told]) -> None:
    assert told(events) == expected


EVENTS = st.lists(
    st.builds(
        event,
        st.sampled_from(list(DeviceEventKind)),
        st.integers(0, 200),
        st.sampled_from([None, 3.0, 15.0, 80.0]),
    ),
    max_size=15,
    unique_by=lambda one: (one.kind, one.event_us),  # as the table of events holds them
)


@given(EVENTS, st.randoms())
def test_the_order_of_arrival_decides_nothing(events: list[DeviceEvent], random: object) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert told(shuffled) == told(events)
    assert beacon(shuffled) == beacon(events)


@given(EVENTS)
def test_of_a_kind_one_at_a_time(events: list[DeviceEvent]) -> None:
    found = episodes(events, BATTERY)
    for kind in {one.kind for one in found}:
        spans = sorted((one.began_us, one.ended_us or at(10**6)) for one in found if one.kind is kind)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize(
    ("last", "pct", "expected"),
    [
        (None, 50, None),
        (None, 20, "battery_low"),
        (None, 5, "battery_critical"),
        ("battery_low", 18, None),
        ("battery_low", 25, None),  # not far enough above the limit
        ("battery_low", 30, "battery_restored"),
        ("battery_low", 4, "battery_critical"),
        ("battery_critical", 10, None),
        ("battery_restored", 19, "battery_low"),
        ("charging_started", 10, None),
    ],
)
def test_a_battery_that_crosses_a_limit_in_its_pings(last: str | None, pct: float, expected: str | None) -> None:
    before = None if last is None else event(last, 1)
    found = follows_from_pings(before, None, heard(10, 10, pct, 10), BATTERY)
    assert [one.kind.value for one in found] == ([] if expected is None else [expected])


def test_what_pings_said_before_the_event_is_old_news() -> None:
    assert follows_from_pings(event("battery_restored", 11), None, heard(12, 12, 10, 10), BATTERY) == []


def test_a_charger_that_was_left_without_a_word_does_not_hide_a_low_battery() -> None:
    found = follows_from_pings(event("charging_started", 1), None, heard(130, 130, 10, 130), BATTERY)
    assert [one.kind.value for one in found] == ["battery_low"]


def test_a_position_after_a_power_off_says_that_the_tag_is_on() -> None:
    assert follows_from_pings(None, at(5), heard(6, 4), BATTERY) == []
    assert [one.kind.value for one in follows_from_pings(None, at(5), heard(6, 6), BATTERY)] == ["power_on"]


def test_the_beacon_is_as_its_latest_event_says() -> None:
    found = beacon([event("left_beacon", 9), event("at_beacon", 3)])
    assert found is not None
    assert (found.is_at, minutes(found.seen_us)) == (False, 9)
