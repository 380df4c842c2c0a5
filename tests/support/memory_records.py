"""What a worker writes, in memory: enough for the pipeline and for judging a past anew, with no database."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import numpy as np

from crimes.recent import RecentScenes
from geofence.columns import Fixes, PositionRows
from geofence.detection import PresenceKey
from geofence.projection import Projection
from geofence.track import Page
from geofence.zone_index import ZoneIndex
from ingest.devices import DeviceTable
from ingest.pipeline import Batch, Context, Outcome, detection_limits, process_batch
from ingest.reevaluation import Judge, Stretch, reevaluate
from model.alerts import Alert, AlertChange, ToldAlert
from model.authorisations import Authorisation
from model.crimes import MatchingSettings
from model.devices import Activation, DeviceRecord, LastFix
from model.enums import Aspect, VisitState
from model.visits import Visit
from model.zones import ZoneVersion
from tests.support.pings import LIMITS

PROJECTION = Projection(51.5, -0.1)
NO_SCENES = RecentScenes(PROJECTION, MatchingSettings())
DEVICE_ID = 1


@dataclass
class MemoryRecords:
    """One device, and everything that was written of it."""

    activations: tuple[Activation, ...]
    zones: Sequence[ZoneVersion]
    authorisations: Sequence[Authorisation] = ()
    page_size: int = 4  # so that few positions make several pages
    rows: list[PositionRows] = field(default_factory=list)
    visits: dict[UUID, Visit] = field(default_factory=dict)
    alerts: dict[UUID, Alert] = field(default_factory=dict)
    changes: list[AlertChange] = field(default_factory=list)
    presence: dict[PresenceKey, Visit] = field(default_factory=dict)
    parts: int = 0  # of a past that was judged in several

    def __post_init__(self) -> None:
        people = {one.person_id for one in self.activations}
        self.index = ZoneIndex(PROJECTION)
        self.index.apply(self.zones)
        self.index.mark_loaded(people)
        self.index.apply_authorisations(self.authorisations)
        self._devices = DeviceTable()
        self._devices.add(0, [DeviceRecord(str(DEVICE_ID), DEVICE_ID, self.activations, ())], PROJECTION)

    def take(self, fixes: Fixes) -> Outcome:
        """Decide a batch and write it; then judge anew what came late, as a worker does."""
        context = Context(self._devices, self.index, PROJECTION, self._open(), LIMITS, NO_SCENES)
        slots = np.zeros(len(fixes), np.int64)
        outcome = process_batch(Batch(fixes, slots, slots), context)
        new_late = self._store(outcome)
        for change in outcome.visit_changes:
            self.visits[change.after.visit_id] = change.after
        self._tell(outcome.alert_changes)
        self._apply(outcome.presence)
        last = outcome.last_fixes
        self._devices.remember(last.slot, last.fix_key, last.last, last.last_but_one)
        if new_late:
            self.judge_anew(Stretch(min(new_late), max(new_late), int(fixes.received_us.max())))
        return outcome

    def replace_activations(self, activations: tuple[Activation, ...]) -> None:
        self.activations = activations
        self._devices.replace_activations({DEVICE_ID: activations})
        self.index.mark_loaded({one.person_id for one in activations})

    def judge_anew(self, stretch: Stretch) -> None:
        judge = Judge(self.index, PROJECTION, detection_limits(LIMITS))
        found = reevaluate(self, DEVICE_ID, self.activations, stretch, judge)
        for revision in found.revisions:
            self.visits[revision.after.visit_id] = revision.after
        self._tell(found.alert_changes)
        self._apply(found.presence)
        self._devices.replace_last_fixes({DEVICE_ID: self._last_fixes()}, PROJECTION)
        if found.goes_on_us is not None:
            assert found.goes_on_us > stretch.from_us
            self.parts += 1
            self.judge_anew(replace(stretch, from_us=found.goes_on_us))

    def visits_since(self, activation_id: int, since_us: int) -> list[Visit]:
        return [
            visit
            for visit in self.visits.values()
            if visit.activation_id == activation_id
            and visit.state is not VisitState.RETRACTED
            and (visit.closed_us is None or visit.closed_us >= since_us)
        ]

    def pages(self, device_id: int, from_us: int, until_us: int) -> Iterator[Page]:
        assert device_id == DEVICE_ID
        rows = self._in_order()
        first, end = np.searchsorted(rows.fixes.fix_time_us, [from_us, until_us]).tolist()
        for at in range(first, end, self.page_size):
            lead_in = min(at, 2)
            yield Page(rows.take(np.arange(at - lead_in, min(at + self.page_size, end))), lead_in)

    def standing(self, visit_ids: Collection[UUID]) -> set[UUID]:
        return {one for one in visit_ids if one in self.visits and self.visits[one].state is not VisitState.RETRACTED}

    def told(self, visit_ids: Collection[UUID]) -> dict[UUID, ToldAlert]:
        return {
            alert.visit_id: ToldAlert(
                alert.kind,
                alert.severity,
                alert.urgency,
                alert.state,
                alert.began_us,
                alert.last_evidence_us,
                alert.ended_us,
            )
            for alert in self.alerts.values()
            if alert.visit_id is not None and alert.visit_id in visit_ids
        }

    def standing_visits(self) -> list[tuple[object, ...]]:
        """The visits that hold, by what was so, whatever they are called and whoever found them."""
        return sorted(
            (
                visit.activation_id,
                visit.zone_id,
                visit.aspect.value,
                visit.entered_us,
                visit.regime.value,
                visit.state.value,
                visit.inferred,
                str(visit.confirmed_us),
                visit.last_inside_us,
                str(visit.left_us),
                str(visit.closed_us),
                str(visit.end_reason),
                visit.positions_inside,
            )
            for visit in self.visits.values()
            if visit.state is not VisitState.RETRACTED
        )

    def standing_alerts(self) -> list[tuple[object, ...]]:
        """The alerts that hold; those that were retracted stay visible, and depend on what was known when."""
        return sorted(
            (alert.zone_id or 0, alert.began_us, alert.kind.value, alert.state.value, str(alert.ended_us))
            for alert in self.alerts.values()
            if alert.state.value != "retracted"
        )

    def _open(self) -> dict[int, dict[tuple[int, Aspect], Visit]]:
        held: dict[int, dict[tuple[int, Aspect], Visit]] = {}
        for (activation_id, zone_id, aspect), visit in self.presence.items():
            held.setdefault(activation_id, {})[zone_id, aspect] = visit
        return held

    def _store(self, outcome: Outcome) -> list[int]:
        """The fix times of late positions that were not there before."""
        self.rows.append(outcome.newer)
        there = {_key(rows, at) for rows in self.rows for at in range(len(rows))}
        late = {_key(outcome.older, at): at for at in reversed(range(len(outcome.older)))}  # of repeats the first
        new = sorted(at for key, at in late.items() if key not in there)
        self.rows.append(outcome.older.take(np.array(new, np.int64)))
        return [int(outcome.older.fixes.fix_time_us[at]) for at in new]

    def _tell(self, changes: Sequence[AlertChange]) -> None:
        self.changes += changes
        self.alerts.update((change.alert.alert_id, change.alert) for change in changes)

    def _apply(self, presence: dict[PresenceKey, Visit | None]) -> None:
        for key, visit in presence.items():
            if visit is None:
                self.presence.pop(key, None)
            else:
                self.presence[key] = visit

    def _in_order(self) -> PositionRows:
        joined = PositionRows(
            Fixes.concatenate([one.fixes for one in self.rows]),
            *(np.concatenate([getattr(one, name) for one in self.rows]) for name in _COLUMNS),
        )
        return joined.take(np.lexsort((joined.fix_key, joined.fixes.fix_time_us)))

    def _last_fixes(self) -> tuple[LastFix, ...]:
        rows = self._in_order()
        fixes = rows.fixes
        return tuple(
            LastFix(
                int(fixes.fix_time_us[at]),
                int(rows.fix_key[at]),
                float(fixes.lat[at]),
                float(fixes.lon[at]),
                None if np.isnan(fixes.accuracy_m[at]) else float(fixes.accuracy_m[at]),
                int(fixes.mechanism[at]),
            )
            for at in range(len(rows) - 1, max(-1, len(rows) - 3), -1)
        )


_COLUMNS = ("device_id", "fix_key", "flags", "partition")


def _key(rows: PositionRows, at: int) -> tuple[int, int]:
    return int(rows.fixes.fix_time_us[at]), int(rows.fix_key[at])
