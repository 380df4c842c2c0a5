"""What a worker holds in memory: loaded as devices are heard, dropped when their partition is lost."""

from collections.abc import Collection, Mapping, Sequence

from crimes.recent import RecentScenes
from geofence.detection import PresenceKey
from geofence.projection import Projection
from geofence.zone_index import ZoneIndex
from ingest.devices import DeviceTable
from ingest.pipeline import Context, Outcome, detection_limits
from ingest.reevaluation import Judge, Reevaluated, Stretch, reevaluate
from ingest.screen import ScreenLimits
from model.crimes import MatchingSettings
from model.devices import Activation
from model.enums import Aspect
from model.visits import Visit
from ops import metrics
from store import worker_state
from store.authorisations import authorisations_changed_since, load_authorisations_of
from store.database import Connection, Cursor
from store.recent_scenes import take_scenes
from store.reevaluations import Reevaluation, StoredRecords
from store.registry import read_revision
from store.visit_writes import load_presence

NOT_LOADED = -1


class WorkerState:
    """Devices, zones and presence, true as of ``revision`` of the registry."""

    def __init__(self, centre: tuple[float, float], limits: ScreenLimits, matching: MatchingSettings) -> None:
        self._limits = limits
        self._projection = Projection(*centre)
        self.devices = DeviceTable()
        self._zones = ZoneIndex(self._projection)
        self._scenes = RecentScenes(self._projection, matching)
        self._presence: dict[int, dict[tuple[int, Aspect], Visit]] = {}
        self._known_activations: set[int] = set()
        self.revision = NOT_LOADED

    def context(self, now_us: int) -> Context:
        self._scenes.now_us = now_us
        return Context(self.devices, self._zones, self._projection, self._presence, self._limits, self._scenes)

    def load(self, connection: Connection, partition: int, serials: Sequence[str]) -> None:
        """Learn of the devices that are not known yet, of their wearers' zones and of their open visits."""
        unknown = self.devices.unknown(serials)
        if not unknown and self.revision != NOT_LOADED:
            return
        with connection, connection.cursor() as cursor:
            if self.revision == NOT_LOADED:
                self._begin(cursor)
            records = worker_state.load_devices(cursor, unknown)
            self.devices.add(partition, records, self._projection)
            self._complete(cursor, [activation for record in records for activation in record.activations])

    def refresh(self, connection: Connection) -> None:
        """Take in what was changed in the registry since the last look; at the first one, what concerns everybody."""
        with connection, connection.cursor() as cursor:
            if self.revision == NOT_LOADED:
                self._begin(cursor)
            current = read_revision(cursor)
            if self.revision == current:
                return
            changed = worker_state.devices_changed_since(cursor, self.revision, self.devices.device_ids())
            found = worker_state.load_activations(cursor, changed)
            activations = {device_id: found.get(device_id, ()) for device_id in changed}  # on nobody any more, too
            self.devices.replace_activations(activations)
            self._take_erased(cursor, changed)
            people = self._zones.people()
            self._zones.apply(worker_state.zones_changed_since(cursor, self.revision, people))
            self._zones.apply_authorisations(authorisations_changed_since(cursor, self.revision, people))
            take_scenes(cursor, self._scenes, self.revision)
            self._complete(cursor, [activation for those in activations.values() for activation in those])
            self.revision = current
        metrics.REGISTRY_REVISION.set(current)

    def _take_erased(self, cursor: Cursor, changed: Sequence[int]) -> None:
        """What retention deleted of these devices is known here no more, and comes in no more."""
        erased = worker_state.load_erased(cursor, changed)
        if erased:
            self.devices.replace_erased(erased, worker_state.load_last_usable(cursor, list(erased)), self._projection)
            self.devices.replace_last_fixes(worker_state.load_last_fixes(cursor, list(erased)), self._projection)

    def apply(self, outcome: Outcome) -> None:
        """The batch is written: what it decided is now so."""
        last = outcome.last_fixes
        self.devices.remember(last.slot, last.fix_key, last.last, last.last_but_one)
        self.devices.remember_usable(last.slot, last.last_usable)
        self._apply_presence(outcome.presence)

    def reevaluate(self, cursor: Cursor, wanted: Reevaluation) -> Reevaluated:
        """What judging a device's past anew changes; the device was loaded before."""
        judge = Judge(self._zones, self._projection, detection_limits(self._limits))
        activations = self.devices.activations_of(wanted.serial)
        stretch = Stretch(wanted.from_us, wanted.until_us, wanted.requested_us)
        return reevaluate(StoredRecords(cursor), wanted.device_id, activations, stretch, judge)

    def apply_reevaluated(self, cursor: Cursor, wanted: Reevaluation, found: Reevaluated) -> None:
        """It is written: presence is so, and late positions may have come between the device's last ones."""
        self._apply_presence(found.presence)
        last_fixes = worker_state.load_last_fixes(cursor, [wanted.device_id])
        self.devices.replace_last_fixes(last_fixes, self._projection)

    def _apply_presence(self, presence: Mapping[PresenceKey, Visit | None]) -> None:
        for (activation_id, zone_id, aspect), visit in presence.items():
            if visit is not None:
                self._presence.setdefault(activation_id, {})[zone_id, aspect] = visit
            elif activation_id in self._presence:
                self._presence[activation_id].pop((zone_id, aspect), None)
                if not self._presence[activation_id]:
                    del self._presence[activation_id]

    def forget_partitions(self, partitions: Collection[int]) -> None:
        """Drop what belongs to lost partitions: another worker writes it from now on."""
        if not self.devices.has_any_of(partitions):
            return
        people, activations = self.devices.people(), self.devices.activation_ids()
        self.devices = self.devices.without(partitions)
        self._zones.forget_people(people - self.devices.people())
        for activation_id in activations - self.devices.activation_ids():
            self._presence.pop(activation_id, None)
            self._known_activations.discard(activation_id)

    def _begin(self, cursor: Cursor) -> None:
        self.revision = read_revision(cursor)
        metrics.REGISTRY_REVISION.set(self.revision)
        self._zones.apply(worker_state.load_shared_zones(cursor))
        take_scenes(cursor, self._scenes, NOT_LOADED)

    def _complete(self, cursor: Cursor, worn: Sequence[Activation]) -> None:
        """Load the zones and the open visits of wearers who are new here."""
        people = {activation.person_id for activation in worn} - self._zones.people()
        if people:
            self._zones.apply(worker_state.load_zones_of(cursor, people))
            self._zones.apply_authorisations(load_authorisations_of(cursor, people))
            self._zones.mark_loaded(people)
        activations = {activation.activation_id for activation in worn} - self._known_activations
        if activations:
            for visit in load_presence(cursor, activations):
                self._presence.setdefault(visit.activation_id, {})[visit.zone_id, visit.aspect] = visit
            self._known_activations |= activations
