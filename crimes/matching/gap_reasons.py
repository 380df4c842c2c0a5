"""Why a track says nothing for a while: from what the tag said before and meanwhile, and from when it was worn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crimes.matching.worn import Events, Spell, in_order, open_straps
from crimes.scenes import Worn
from model.crimes import SHORT_GAP_US, GapReason, Window
from model.device_events import DeviceEvent, DeviceEventKind

LOW_BATTERY_PCT = 10.0
"""A tag that falls silent with less has run flat: it is some hours from empty, and the level is told in steps."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A moment at which the tag was heard, and the battery's level where it told that; None where it did not."""

    moment_us: int
    battery_pct: float | None
    is_charged: bool = False  # or being charged, by its own word


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a wearer's tags about the padded windows of a scene."""

    worn: Sequence[Worn]  # in the order of time
    open_straps: Sequence[Spell]
    power_off_us: Sequence[int]
    heard: Sequence[Heard]  # in the order of time
    hull: Window  # of the padded windows
    unmonitored: Sequence[Window] = ()  # when nothing let positions be looked at


def told_by(
    worn: Sequence[Worn],
    events: Events,
    positions: Iterable[Heard],
    hull: Window,
    unmonitored: Sequence[Window] = (),
) -> Told:
    """Of the events, those count that fall in the time in which the device was worn."""
    in_time = sorted(worn, key=lambda one: one.from_us)
    said = [
        event
        for stretch in in_time
        for event in in_order(events.get(stretch.device_id, ()))
        if stretch.from_us <= event.event_us < stretch.until_us
    ]
    return Told(
        worn=in_time,
        open_straps=open_straps(in_time, events),
        power_off_us=[event.event_us for event in said if event.kind is DeviceEventKind.POWER_OFF],
        heard=sorted([*positions, *map(_heard, said)], key=lambda one: one.moment_us),
        hull=hull,
        unmonitored=unmonitored,
    )


def _heard(event: DeviceEvent) -> Heard:
    match event.kind:
        case DeviceEventKind.BATTERY_CRITICAL:
            return Heard(event.event_us, 0.0 if event.battery_pct is None else event.battery_pct)
        case DeviceEventKind.BATTERY_RESTORED | DeviceEventKind.CHARGING_STARTED:
            return Heard(event.event_us, event.battery_pct, is_charged=True)
        case _:
            return Heard(event.event_us, event.battery_pct)


def gap_reason(from_us: int | None, to_us: int | None, told: Told) -> GapReason:
    """Why nothing is known between two positions; None is an open end. What explains most comes first.

    Where nothing let positions be looked at, what else may have been so explains nothing.
    """
    start_us = told.hull.from_us if from_us is None else from_us
    end_us = max(told.hull.to_us, start_us) if to_us is None else to_us
    if any(one.from_us < end_us and one.to_us > start_us for one in told.unmonitored):
        return GapReason.NOT_MONITORED
    if any(one.from_us < end_us and one.until_us > start_us for one in told.open_straps):
        return GapReason.TAG_OFF
    not_worn = _not_worn(Window(max(start_us, told.hull.from_us), min(end_us, told.hull.to_us)), told.worn)
    if not_worn is not None:
        return not_worn
    if from_us is not None and end_us - start_us <= SHORT_GAP_US:
        return GapReason.SHORT_GAP
    return _silence(from_us, end_us, told)


def _not_worn(stretch: Window, worn: Sequence[Worn]) -> GapReason | None:
    """Whether the person wore no tag at some moment of the stretch."""
    covered_us = stretch.from_us
    for one in worn:
        if one.from_us <= covered_us < one.until_us:
            covered_us = one.until_us
    if covered_us > stretch.to_us:
        return None
    begun = any(one.from_us <= covered_us for one in worn)
    return GapReason.NO_LONGER_ACTIVATED if begun else GapReason.NOT_YET_ACTIVATED


def _silence(from_us: int | None, end_us: int, told: Told) -> GapReason:
    since_us = told.hull.from_us if from_us is None else from_us
    up_to = [one for one in told.heard if one.moment_us < end_us]
    meanwhile = [one for one in up_to if one.moment_us > since_us]
    silent_us = max((one.moment_us for one in up_to), default=since_us)
    if _is_low(up_to) and end_us - silent_us > SHORT_GAP_US:
        return GapReason.FLAT_BATTERY
    if any((from_us is None or since_us <= one) and one < end_us for one in told.power_off_us):
        return GapReason.TAG_OFF
    return GapReason.NO_FIX if meanwhile else GapReason.NO_COMMUNICATION


def _is_low(heard: Iterable[Heard]) -> bool:
    low = False
    for one in heard:
        if one.is_charged:
            low = False
        elif one.battery_pct is not None:
            low = one.battery_pct <= LOW_BATTERY_PCT
    return low
