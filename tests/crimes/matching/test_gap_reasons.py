"""Why a track does not say: each reason by what the tag said, or did not say."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from crimes.scenes import Worn
from model.crimes import GapReason
from model.device_events import DeviceEvent, DeviceEventKind
from model.devices import FOREVER_US
from model.enums import Mechanism
from tests.crimes.matching.examples import DEVICE, WORN, At, every, matched, said, scene, us

KIND = DeviceEventKind
HOUR = scene((0, 3600))
BEFORE, AFTER = every(60, -600, -60, x=3000), every(60, 4000, 4600, x=3000)


def reason(
    track: Sequence[At], events: Sequence[DeviceEvent] = (), worn: tuple[Worn, ...] = WORN
) -> tuple[GapReason, ...]:
    return tuple(one.reason for one in matched(HOUR, track, worn=worn, events={DEVICE: events}).gaps)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], GapReason.NO_COMMUNICATION),
        ([said(KIND.ALIVE, 600), said(KIND.ALIVE, 1200)], GapReason.NO_FIX),
        ([said(KIND.POWER_OFF, 600)], GapReason.TAG_OFF),
        ([said(KIND.POWER_OFF, 600), said(KIND.POWER_ON, 3000)], GapReason.TAG_OFF),
        ([said(KIND.POWER_OFF, -500), said(KIND.POWER_ON, -400)], GapReason.NO_COMMUNICATION),
        ([said(KIND.STRAP_TAMPER, 600), said(KIND.STRAP_RESTORED, 1200)], GapReason.TAG_OFF),
        ([said(KIND.STRAP_TAMPER, -500), said(KIND.STRAP_RESTORED, -400)], GapReason.NO_COMMUNICATION),
        ([said(KIND.BATTERY_CRITICAL, -300)], GapReason.FLAT_BATTERY),
        ([said(KIND.BATTERY_LOW, -300, 20.0)], GapReason.NO_COMMUNICATION),
        ([said(KIND.BATTERY_CRITICAL, -300), said(KIND.CHARGING_STARTED, -200)], GapReason.NO_COMMUNICATION),
        ([said(KIND.BATTERY_CRITICAL, 600, 4.0), said(KIND.POWER_OFF, 660)], GapReason.FLAT_BATTERY),
    ],
)
def test_what_the_tag_said_explains_its_silence(events: list[DeviceEvent], expected: GapReason) -> None:
    told_no_level = [replace(one, battery_pct=float("nan")) for one in [*BEFORE, *AFTER]]
    assert reason(told_no_level, events) == (expected,)


def test_a_low_level_at_the_last_position_is_a_flat_battery() -> None:
    running_down = [replace(one, battery_pct=6.0) for one in BEFORE]
    assert reason([*running_down, *AFTER]) == (GapReason.FLAT_BATTERY,)
    assert reason([*BEFORE, *AFTER]) == (GapReason.NO_COMMUNICATION,)


def test_a_tag_that_goes_on_being_heard_with_a_low_battery_has_no_fix() -> None:
    running_down = [replace(one, battery_pct=6.0) for one in BEFORE]
    heard = [said(KIND.ALIVE, float(one)) for one in range(0, 4000, 100)]
    assert reason([*running_down, *AFTER], heard) == (GapReason.NO_FIX,)


def test_positions_that_cannot_be_used_are_heard() -> None:
    towers = [replace(one, mechanism=Mechanism.LBS, accuracy_m=900.0) for one in every(300, 0, 3600, x=3000)]
    assert reason([*BEFORE, *towers, *AFTER]) == (GapReason.NO_FIX,)


def test_before_the_first_and_after_the_last_activation_no_tag_was_worn() -> None:
    late = (Worn(1, DEVICE, us(1800), FOREVER_US),)
    assert reason(every(60, 1860, 4600, x=9000), worn=late) == (GapReason.NOT_YET_ACTIVATED,)
    ended = (Worn(1, DEVICE, 0, us(1800)),)
    assert reason(every(60, -600, 1740, x=9000), worn=ended) == (GapReason.NO_LONGER_ACTIVATED,)
    both = (Worn(1, DEVICE, 0, us(600)), Worn(2, DEVICE, us(3000), FOREVER_US))
    track = [*every(60, -600, 540, x=9000), *every(60, 3060, 4600, x=9000)]
    assert reason(track, worn=both) == (GapReason.NO_LONGER_ACTIVATED,)
    assert reason([], worn=()) == (GapReason.NOT_YET_ACTIVATED,)


def test_events_of_an_earlier_wearer_explain_nothing() -> None:
    worn = (Worn(1, DEVICE, us(-3000), FOREVER_US),)
    assert reason([*BEFORE, *AFTER], [said(KIND.POWER_OFF, -4000)], worn) == (GapReason.NO_COMMUNICATION,)


def test_a_tag_that_ended_flat_is_flat_to_the_open_end() -> None:
    assert reason([replace(one, battery_pct=3.0) for one in BEFORE]) == (GapReason.FLAT_BATTERY,)
    off = [said(KIND.POWER_OFF, -4000)]
    assert reason(AFTER, off) == (GapReason.TAG_OFF,)


def test_positions_as_often_as_usual_nearby_are_one_short_gap() -> None:
    match = matched(HOUR, every(60, -600, 4600, x=700))
    (gap,) = match.gaps
    assert gap.reason is GapReason.SHORT_GAP
    assert (gap.from_us, gap.to_us) == (us(0), us(3600))
    assert gap.needed_speed_mps == pytest.approx(1000 / 60)
    assert "so near the scene that there was time for it between them" in match.reasons[0]


def test_a_strap_that_was_open_long_ago_parts_no_gaps_and_one_that_was_open_meanwhile_is_told() -> None:
    nearby, long_ago = every(60, -600, 4600, x=700), [said(KIND.STRAP_TAMPER, -9000), said(KIND.STRAP_RESTORED, -8000)]
    assert reason(nearby, long_ago) == (GapReason.SHORT_GAP,)
    meanwhile = [*long_ago, said(KIND.STRAP_TAMPER, 1805), said(KIND.STRAP_RESTORED, 1810)]
    reasons = reason(nearby, meanwhile)
    assert set(reasons) == {GapReason.SHORT_GAP, GapReason.TAG_OFF}
    assert reasons.count(GapReason.TAG_OFF) == 1


def test_more_gaps_than_are_read_are_counted() -> None:
    bursts = [At(float(one), 3000) for start in range(-600, 4800, 600) for one in (start, start + 60)]
    match = matched(HOUR, bursts)
    assert len(match.gaps) == 6
    assert match.reasons[5] == "and 1 shorter gap"
