"""One look of the watch: everything is read, judged and written in one transaction, and nothing is remembered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alerts.commands import ask_for_fix, commands_of_episode, once_each
from alerts.device_episodes import BatteryLimits, Episode, beacon, cut_off, episodes, follows_from_pings
from alerts.device_rules import (
    OF_EVENTS,
    OF_SILENCE,
    SilenceLimits,
    asks_for_fix,
    due_us,
    ended,
    is_due,
    judge_silence,
    reconcile,
)
from alerts.intake import IntakeLimits, Observation, intake_changes, judge_intake
from ingest.watch.broker import Partitions
from model.alerts import Alert, AlertChange
from model.commands import Command
from model.device_events import DeviceEvent
from model.enums import AlertKind
from model.times import text_or_none
from model.watching import IntakeState, Wearing, Worn
from store.alert_writes import write_alerts
from store.commands import write_commands
from store.database import Cursor
from store.device_events import (
    EventRow,
    due_devices,
    latest_battery_events,
    load_events,
    record_events,
    request_judgement,
    serials_of,
    set_timer,
    waiting_devices,
    write_beacon,
)
from store.intake import clock_us, load_intake_state, processed_through_us, save_intake_state
from store.worn_devices import (
    Suspicion,
    load_alerts_of,
    load_open_alerts,
    load_outlasting,
    load_wearings,
    load_worn,
    survey,
)

DEVICES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class WatchLimits:
    intake: IntakeLimits
    silence: SilenceLimits
    battery: BatteryLimits


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look found, for metrics and logs."""

    seen: Observation
    state: IntakeState
    changes: Sequence[AlertChange]
    goes_on: bool  # more devices wait to be judged


def look(
    cursor: Cursor, partitions: Partitions | None, started_us: int, limits: WatchLimits, channels: Sequence[str]
) -> Looked:
    """Judge the intake first, then what devices said, then their silence. ``partitions`` is None while unknown."""
    now_us = clock_us(cursor)
    through_us = None if partitions is None else processed_through_us(cursor, partitions)
    seen = Observation(now_us, started_us, through_us, *survey(cursor, now_us))
    state = judge_intake(load_intake_state(cursor), seen, limits.intake)
    save_intake_state(cursor, state)
    changes = intake_changes(state, load_open_alerts(cursor, [AlertKind.INTAKE_DEAF]), seen, limits.intake)
    changes += [
        ended(alert, end_us, "activation_ended") for alert, _, end_us in load_outlasting(cursor, OF_SILENCE, now_us)
    ]
    request_judgement(cursor, {device_id for _, device_id, _ in load_outlasting(cursor, OF_EVENTS, now_us)})
    worn = load_worn(cursor, now_us, _suspicion(cursor, state, limits))
    _record_what_follows(cursor, worn, limits.battery)
    judged = _Judging(cursor, state, now_us, limits.battery, {one.activation_id: one for one in worn})
    goes_on = judged.devices()
    commands = [*judged.commands]
    for one in worn:
        changes += judge_silence(one, state, now_us, limits.silence)
        if asks_for_fix(one, state, limits.silence):
            commands.append(ask_for_fix(one.device_id, one.fix_base_us, now_us))
    changes += judged.changes
    write_commands(cursor, once_each(commands))
    write_alerts(cursor, changes, channels)
    return Looked(seen, state, changes, goes_on)


def _suspicion(cursor: Cursor, state: IntakeState, limits: WatchLimits) -> Suspicion:
    through_us = state.alive_through_us if state.is_alive else None
    return Suspicion(
        silent_before_us=None if through_us is None else through_us - limits.silence.no_communication_us,
        without_fix_us=limits.silence.no_fix_us // 2,
        battery_pct=limits.battery.low_pct,
        devices=waiting_devices(cursor),
    )


def _record_what_follows(cursor: Cursor, worn: Sequence[Worn], limits: BatteryLimits) -> None:
    """Write down the events that pings imply, so that they are judged as those that were sent."""
    open_alerts = {
        (alert.activation_id, alert.kind): alert
        for alert in load_open_alerts(cursor, (AlertKind.BATTERY_LOW, AlertKind.BATTERY_CRITICAL, AlertKind.POWER_OFF))
    }
    waiting = waiting_devices(cursor)
    candidates = [
        one
        for one in worn
        if (one.heard.battery_pct is not None and one.heard.battery_pct <= limits.low_pct)
        or one.device_id in waiting
        or any((one.activation_id, kind) in open_alerts for kind in OF_EVENTS)
    ]
    if not candidates:
        return
    latest = latest_battery_events(cursor, [one.device_id for one in candidates])
    serials = serials_of(cursor, [one.device_id for one in candidates])
    rows: list[EventRow] = []
    for one in candidates:
        power_off = open_alerts.get((one.activation_id, AlertKind.POWER_OFF))
        off_us = None if power_off is None else power_off.began_us
        implied = follows_from_pings(latest.get(one.device_id), off_us, one.heard, limits)
        rows += [EventRow(serials[one.device_id], event, None, None) for event in implied]
    if rows:
        record_events(cursor, rows)


class _Judging:
    """Devices whose events have to be judged: their alerts, their timers, and what their wearers are told."""

    def __init__(
        self, cursor: Cursor, state: IntakeState, now_us: int, limits: BatteryLimits, worn: Mapping[int, Worn]
    ) -> None:
        self._cursor = cursor
        self._state = state
        self._now_us = now_us
        self._limits = limits
        self._worn = worn  # by activation
        self.changes: list[AlertChange] = []
        self.commands: list[Command] = []

    def devices(self) -> bool:
        """Judge those that are due; whether more wait."""
        state = self._state
        due = due_devices(self._cursor, state.alive_through_us if state.is_alive else None, DEVICES_AT_ONCE)
        if not due:
            return False
        events = load_events(self._cursor, due)
        wearings: dict[int, list[Wearing]] = {device_id: [] for device_id in due}
        for wearing in load_wearings(self._cursor, due):
            wearings[wearing.device_id].append(wearing)
        alerts: dict[int | None, list[Alert]] = {}
        activation_ids = [wearing.activation_id for those in wearings.values() for wearing in those]
        for alert in load_alerts_of(self._cursor, activation_ids, OF_EVENTS):
            alerts.setdefault(alert.activation_id, []).append(alert)
        for device_id in due:
            waits = [
                self._activation(wearing, events[device_id], alerts.get(wearing.activation_id, []))
                for wearing in wearings[device_id]
            ]
            set_timer(self._cursor, device_id, min((wait for wait in waits if wait is not None), default=None))
            seen = beacon(events[device_id])
            if seen is not None:
                write_beacon(self._cursor, device_id, seen)
        return len(due) == DEVICES_AT_ONCE

    def _activation(self, wearing: Wearing, events: Sequence[DeviceEvent], alerts: Sequence[Alert]) -> int | None:
        """When it has to be judged again for a battery that is low; None where nothing waits."""
        found = self._episodes(wearing, events)
        due = [one for one in found if is_due(one, self._state, self._limits)]
        pending = [one for one in found if one not in due and one.ended_us is None]
        self.changes += reconcile(wearing, due, pending, alerts, self._facts(wearing))
        critical = any(one.kind is AlertKind.BATTERY_CRITICAL and one.ended_us is None for one in found)
        for one in found:
            if one.kind is AlertKind.BATTERY_LOW and critical:
                continue  # the wearer is told once
            self.commands += commands_of_episode(wearing.device_id, one, self._now_us)
        return min((due_us(one, self._state, self._limits) for one in pending), default=None)

    def _episodes(self, wearing: Wearing, events: Sequence[DeviceEvent]) -> list[Episode]:
        own = [
            event
            for event in events
            if wearing.start_us <= event.event_us and (wearing.end_us is None or event.event_us < wearing.end_us)
        ]
        found = episodes(own, self._limits)
        if wearing.end_us is None or wearing.end_us > self._now_us:
            return found
        return [cut_off(one, wearing.end_us) for one in found]

    def _facts(self, wearing: Wearing) -> dict[str, object]:
        worn = self._worn.get(wearing.activation_id)
        heard = None if worn is None else worn.heard
        return {
            "last_heard_at": text_or_none(None if heard is None else heard.last_received_us),
            "last_fix_at": text_or_none(None if heard is None else heard.last_fix_us),
            "limits": {
                "battery_low_pct": self._limits.low_pct,
                "battery_critical_pct": self._limits.critical_pct,
                "battery_uncharged_s": self._limits.uncharged_s,
            },
        }
