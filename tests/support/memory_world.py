"""The pipeline without a database: what a worker would load and write, in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from crimes.recent import RecentScenes
from geofence.columns import Fixes, PositionRows
from geofence.detection import PresenceKey
from geofence.projection import Projection
from geofence.zone_index import ZoneIndex
from ingest.devices import DeviceTable
from ingest.pipeline import Batch, Context, Outcome, process_batch
from model.alerts import Alert
from model.crimes import CLOCK_AHEAD_US, USABLE_ACCURACY_M, MatchingSettings
from model.devices import Activation, DeviceRecord, LastFix
from model.enums import AlertChangeKind, Aspect, Mechanism, Urgency
from model.visits import Visit
from model.zones import ZoneVersion
from tests.support.pings import LIMITS

PROJECTION = Projection(51.5, -0.1)
NO_SCENES = RecentScenes(PROJECTION, MatchingSettings())

PositionKey = tuple[int, int, int]
"""(device id, fix time, fix key)"""

Row = tuple[float, float, float | None, int, int, int, int]
"""Latitude, longitude, accuracy, mechanism, receipt, offset of the message, flags."""


@dataclass
class MemoryWorld:
    """``activations`` by device id. A device's serial is its id in text."""

    activations: dict[int, tuple[Activation, ...]]
    zones: Sequence[ZoneVersion]
    positions: dict[PositionKey, Row] = field(default_factory=dict)
    quarantined: dict[PositionKey, Row] = field(default_factory=dict)
    presence: dict[PresenceKey, Visit] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)  # urgency left out: it depends on what is over by then
    changes: list[tuple[str, str]] = field(default_factory=list)  # (alert id, change) without updates

    def __post_init__(self) -> None:
        self.start_again()

    def start_again(self) -> None:
        """As after a crash: what is in memory goes, and is loaded anew from what was written."""
        people = {one.person_id for worn in self.activations.values() for one in worn}
        self._devices = DeviceTable()
        self._devices.add(0, [self._record(device_id) for device_id in sorted(self.activations)], PROJECTION)
        self._zones = ZoneIndex(PROJECTION)
        self._zones.apply(self.zones)
        self._zones.mark_loaded(people)
        self._open: dict[int, dict[tuple[int, Aspect], Visit]] = {}
        for (activation_id, zone_id, aspect), visit in self.presence.items():
            self._open.setdefault(activation_id, {})[zone_id, aspect] = visit

    def take(self, fixes: Fixes, device_ids: Sequence[int]) -> Outcome:
        """Decide a batch and write it."""
        slot = self._devices.slots([str(device_id) for device_id in device_ids])
        context = Context(self._devices, self._zones, PROJECTION, self._open, LIMITS, NO_SCENES)
        outcome = process_batch(Batch(fixes, slot, np.zeros(len(fixes), dtype=np.int64)), context)
        self._write(outcome)
        self._remember(outcome)
        return outcome

    def written(self) -> tuple[object, ...]:
        """All that may not depend on how the stream was cut."""
        return self.positions, self.quarantined, self.presence, self.visits, self.alerts, sorted(self.changes)

    def _record(self, device_id: int) -> DeviceRecord:
        stored = sorted((key for key in self.positions if key[0] == device_id), reverse=True)
        usable = next((self._last_fix(key) for key in stored if self._is_usable(key)), None)
        return DeviceRecord(
            str(device_id), device_id, self.activations[device_id], tuple(map(self._last_fix, stored[:2])), usable
        )

    def _is_usable(self, key: PositionKey) -> bool:
        _, _, accuracy_m, mechanism, received_us, *_ = self.positions[key]
        pins_down = mechanism != Mechanism.LBS and (not accuracy_m or accuracy_m <= USABLE_ACCURACY_M)
        return pins_down and key[1] - received_us <= CLOCK_AHEAD_US

    def _last_fix(self, key: PositionKey) -> LastFix:
        _, fix_time_us, fix_key = key
        lat, lon, accuracy_m, mechanism, *_ = self.positions[key]
        return LastFix(fix_time_us, fix_key, lat, lon, accuracy_m, mechanism)

    def _write(self, outcome: Outcome) -> None:
        for key, row in _rows(outcome.newer):
            assert key not in self.positions, "a newer position was there already"
            self.positions[key] = row
        for key, row in _rows(outcome.older):
            self.positions.setdefault(key, row)
        for key, row in _rows(outcome.quarantined):
            self.quarantined.setdefault(key, row)
        for visited in outcome.visit_changes:
            self.visits[str(visited.after.visit_id)] = visited.after
        for change in outcome.alert_changes:
            alert = change.alert
            self.alerts[str(alert.alert_id)] = replace(alert, urgency=Urgency.IMMEDIATE)
            if change.kind not in {AlertChangeKind.UPDATED, AlertChangeKind.UPGRADED}:
                self.changes.append((str(alert.alert_id), change.kind.value))
        for place, open_visit in outcome.presence.items():
            if open_visit is None:
                self.presence.pop(place, None)
            else:
                self.presence[place] = open_visit

    def _remember(self, outcome: Outcome) -> None:
        last = outcome.last_fixes
        self._devices.remember(last.slot, last.fix_key, last.last, last.last_but_one)
        self._devices.remember_usable(last.slot, last.last_usable)
        for (activation_id, zone_id, aspect), visit in outcome.presence.items():
            if visit is None:
                self._open.get(activation_id, {}).pop((zone_id, aspect), None)
            else:
                self._open.setdefault(activation_id, {})[zone_id, aspect] = visit


def _rows(rows: PositionRows) -> Iterator[tuple[PositionKey, Row]]:
    """In the order in which the store writes them."""
    fixes = rows.fixes
    for at in np.argsort(fixes.message_offset, kind="stable").tolist():
        key = (int(rows.device_id[at]), int(fixes.fix_time_us[at]), int(rows.fix_key[at]))
        yield (
            key,
            (
                float(fixes.lat[at]),
                float(fixes.lon[at]),
                None if np.isnan(fixes.accuracy_m[at]) else float(fixes.accuracy_m[at]),
                int(fixes.mechanism[at]),
                int(fixes.received_us[at]),
                int(fixes.message_offset[at]),
                int(rows.flags[at]),
            ),
        )
