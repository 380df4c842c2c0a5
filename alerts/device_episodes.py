"""From what a tag said of itself to the times for which something was wrong with it (pure).

An episode depends on the events and on nothing else, not on the order in which they came: events are taken in the
order of the device's own times, so a late one gives what it would have given in time.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from model.device_events import DeviceEvent, DeviceEventKind
from model.enums import AlertKind
from model.times import SECOND_US
from model.watching import Beacon, Heard

RECOVERED_PCT = 10.0
"""A battery is out of a state only this far above its limit: one that stands at the limit would come and go."""


@dataclass(frozen=True, slots=True)
class BatteryLimits:
    low_pct: float
    critical_pct: float
    uncharged_s: float  # so long has the wearer to charge a low one before staff are told

    @property
    def uncharged_us(self) -> int:
        return int(self.uncharged_s * SECOND_US)


@dataclass(frozen=True, slots=True)
class Episode:
    """From the event that began it to the one that ended it; ``ended_us`` is None while it goes on."""

    kind: AlertKind
    began_us: int
    received_us: int  # receipt of the event that began it
    battery_pct: float | None
    ended_us: int | None = None
    ended_by: str | None = None


def in_order(events: Iterable[DeviceEvent]) -> list[DeviceEvent]:
    """By the device's times; of two at one time the kind decides, so that the order of arrival never does."""
    return sorted(events, key=lambda event: (event.event_us, event.kind.value))


def episodes(events: Iterable[DeviceEvent], limits: BatteryLimits) -> list[Episode]:
    """Every episode that the events of one activation tell of, in the order of their beginnings."""
    folding = _Folding(limits)
    for event in in_order(events):
        folding.take(event)
    found = [*folding.closed, *folding.open.values()]
    return sorted(found, key=lambda episode: (episode.began_us, episode.kind.value))


def cut_off(episode: Episode, end_us: int) -> Episode:
    """The episode where the device came off at ``end_us``."""
    if episode.ended_us is not None and episode.ended_us <= end_us:
        return episode
    return replace(episode, ended_us=end_us, ended_by="activation_ended")


def beacon(events: Iterable[DeviceEvent]) -> Beacon | None:
    """The latest that the events say of the beacon; None where they say nothing."""
    told = [event for event in in_order(events) if event.kind in _OF_THE_BEACON]
    return Beacon(told[-1].kind is DeviceEventKind.AT_BEACON, told[-1].event_us) if told else None


def follows_from_pings(
    last_battery: DeviceEvent | None, power_off_us: int | None, heard: Heard, limits: BatteryLimits
) -> list[DeviceEvent]:
    """Events that no tag sent and that its pings imply: a battery that crossed a limit, a tag that is on again.

    ``last_battery`` is the device's latest event of its battery or its charging, ``power_off_us`` the beginning of an
    open power off. Written down as events, they are judged as those that were sent.
    """
    found: list[DeviceEvent] = []
    received_us = heard.last_received_us or 0
    crossing = _crossing(last_battery, heard, limits)
    if crossing is not None and heard.battery_us is not None:
        found.append(DeviceEvent(crossing, heard.battery_us, received_us, heard.battery_pct))
    if power_off_us is not None and heard.last_fix_us is not None and heard.last_fix_us > power_off_us:
        found.append(DeviceEvent(DeviceEventKind.POWER_ON, heard.last_fix_us, received_us))
    return found


def _crossing(last: DeviceEvent | None, heard: Heard, limits: BatteryLimits) -> DeviceEventKind | None:
    pct, at_us = heard.battery_pct, heard.battery_us
    if pct is None or at_us is None or (last is not None and at_us <= last.event_us):
        return None
    level = _level(last, limits)
    if level is DeviceEventKind.CHARGING_STARTED and last is not None:
        if at_us - last.event_us < limits.uncharged_us:
            return None
        level = DeviceEventKind.BATTERY_RESTORED  # charging for so long, it would not be low: the charger was left
    if pct <= limits.critical_pct:
        return DeviceEventKind.BATTERY_CRITICAL if level is not DeviceEventKind.BATTERY_CRITICAL else None
    if pct <= limits.low_pct:
        return DeviceEventKind.BATTERY_LOW if level is DeviceEventKind.BATTERY_RESTORED else None
    if pct >= limits.low_pct + RECOVERED_PCT and level is not DeviceEventKind.BATTERY_RESTORED:
        return DeviceEventKind.BATTERY_RESTORED
    return None


def _level(last: DeviceEvent | None, limits: BatteryLimits) -> DeviceEventKind:
    """Low, critical, restored or charging, as the latest event leaves it."""
    if last is None:
        return DeviceEventKind.BATTERY_RESTORED
    if last.kind is not DeviceEventKind.CHARGING_STOPPED:
        return last.kind
    return _level_of(last.battery_pct, limits) or DeviceEventKind.BATTERY_RESTORED


def _level_of(pct: float | None, limits: BatteryLimits) -> DeviceEventKind | None:
    if pct is None or pct > limits.low_pct:
        return None
    return DeviceEventKind.BATTERY_CRITICAL if pct <= limits.critical_pct else DeviceEventKind.BATTERY_LOW


class _Folding:
    """Episodes while the events are walked through."""

    def __init__(self, limits: BatteryLimits) -> None:
        self._limits = limits
        self._charging_since_us: int | None = None
        self.open: dict[AlertKind, Episode] = {}
        self.closed: list[Episode] = []

    def take(self, event: DeviceEvent) -> None:
        if event.kind is not DeviceEventKind.POWER_OFF:
            self._end_power_off(event)
        if event.kind is DeviceEventKind.CHARGING_STARTED:
            self._charging_since_us = event.event_us
        elif event.kind is DeviceEventKind.CHARGING_STOPPED:
            self._charging_since_us = None
        for kind in _ENDS.get(event.kind, ()):
            self._end(kind, event)
        for kind in self._begun_by(event):
            if kind not in self.open:
                self.open[kind] = Episode(kind, event.event_us, event.received_us, event.battery_pct)

    def _begun_by(self, event: DeviceEvent) -> tuple[AlertKind, ...]:
        if event.kind is DeviceEventKind.CHARGING_STOPPED:
            level = _level_of(event.battery_pct, self._limits)
            return _BEGINS[level] if level else ()
        if event.kind in _LOW and self._is_charging(event.event_us):
            return ()
        return _BEGINS.get(event.kind, ())

    def _is_charging(self, at_us: int) -> bool:
        since_us = self._charging_since_us
        return since_us is not None and at_us - since_us < self._limits.uncharged_us

    def _end_power_off(self, event: DeviceEvent) -> None:
        """Whatever a tag says later, it says because it is on."""
        off = self.open.get(AlertKind.POWER_OFF)
        if off is not None and (event.event_us > off.began_us or event.kind is DeviceEventKind.POWER_ON):
            self._end(AlertKind.POWER_OFF, event)

    def _end(self, kind: AlertKind, event: DeviceEvent) -> None:
        episode = self.open.pop(kind, None)
        if episode is not None:
            self.closed.append(replace(episode, ended_us=event.event_us, ended_by=event.kind.value))


_BEGINS: dict[DeviceEventKind, tuple[AlertKind, ...]] = {
    DeviceEventKind.STRAP_TAMPER: (AlertKind.STRAP_TAMPER,),
    DeviceEventKind.POWER_OFF: (AlertKind.POWER_OFF,),
    DeviceEventKind.BATTERY_LOW: (AlertKind.BATTERY_LOW,),
    DeviceEventKind.BATTERY_CRITICAL: (AlertKind.BATTERY_LOW, AlertKind.BATTERY_CRITICAL),
}
_ENDS: dict[DeviceEventKind, tuple[AlertKind, ...]] = {
    DeviceEventKind.STRAP_RESTORED: (AlertKind.STRAP_TAMPER,),
    DeviceEventKind.CHARGING_STARTED: (AlertKind.BATTERY_LOW, AlertKind.BATTERY_CRITICAL),
    DeviceEventKind.BATTERY_RESTORED: (AlertKind.BATTERY_LOW, AlertKind.BATTERY_CRITICAL),
}
_LOW = frozenset({DeviceEventKind.BATTERY_LOW, DeviceEventKind.BATTERY_CRITICAL})
_OF_THE_BEACON = frozenset({DeviceEventKind.AT_BEACON, DeviceEventKind.LEFT_BEACON})
