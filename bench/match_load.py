"""The workload's positions on their way into TimescaleDB, decided and written as a worker does."""

from collections.abc import Iterator
from contextlib import closing
from time import perf_counter

import numpy as np

from bench.match_world import START_US, World
from crimes.recent import RecentScenes
from geofence.projection import Projection
from geofence.zone_index import ZoneIndex
from ingest.devices import DeviceTable
from ingest.heard import heard_rows, select_heard
from ingest.pipeline import Batch, Context, process_batch
from ingest.screen import ScreenLimits
from model.crimes import MatchingSettings
from model.times import DAY_US, SECOND_US, from_microseconds
from store.database import Connection, connect
from store.heard import write_heard
from store.positions import write_newer
from store.track_notes import write_cells, write_gaps
from store.worker_state import load_devices

BATCH = 20_000
LIMITS = ScreenLimits(
    fix_max_age_days=400,
    fix_max_future_s=300,
    implied_speed_limit_mps=90,
    poor_accuracy_m=150,
    region=(49.0, -9.0, 61.0, 2.5),
)


class Loader:
    """Writes the world's minutes, in order."""

    def __init__(self, owner_url: str, worker_url: str, world: World) -> None:
        self._url, self._world = worker_url, world
        self._projection = Projection(51.5, -0.1)
        self._devices = DeviceTable()
        self._minutes = world.minutes(max(1, BATCH // world.wearers))
        with closing(connect(owner_url, "bench")) as connection:
            _enrol(connection, world.wearers)

    def load(self, positions: int) -> float:
        """Write as many more positions, or a few more than that; how many a second."""
        started, count = perf_counter(), 0
        with closing(connect(self._url, "bench")) as connection:
            with connection, connection.cursor() as cursor:
                unknown = self._devices.unknown(_serials(self._world.wearers))
                self._devices.add(0, load_devices(cursor, unknown), self._projection)
            slot_of = self._devices.slots(_serials(self._world.wearers))
            for batch in self._batches(slot_of, positions):
                self._write(connection, batch)
                count += len(batch.fixes)
        return count / (perf_counter() - started)

    def _batches(self, slot_of: np.ndarray, positions: int) -> Iterator[Batch]:
        left = positions
        while left > 0:
            some = next(self._minutes, None)
            if some is None:
                return
            left -= len(some.fixes)
            yield Batch(some.fixes, slot_of[some.wearer], np.zeros(len(some.fixes), np.int64))

    def _write(self, connection: Connection, batch: Batch) -> None:
        devices = self._devices
        scenes = RecentScenes(self._projection, MatchingSettings())
        context = Context(devices, ZoneIndex(self._projection), self._projection, {}, LIMITS, scenes)
        outcome = process_batch(batch, context)
        heard = select_heard(batch, devices, LIMITS, 60 * SECOND_US)
        with connection, connection.cursor() as cursor:
            write_newer(cursor, outcome.newer)
            write_gaps(cursor, outcome.gaps)
            write_cells(cursor, outcome.cells)
            write_heard(cursor, heard_rows(heard, devices.device_id))
        last = outcome.last_fixes
        devices.remember(last.slot, last.fix_key, last.last, last.last_but_one)
        devices.remember_usable(last.slot, last.last_usable)
        devices.heard_written_us[heard.slot] = heard.received_us


def _serials(wearers: int) -> list[str]:
    return [f"TAG-{number:06}" for number in range(wearers)]


def _enrol(connection: Connection, wearers: int) -> None:
    """One person a device, from a day before the first position on."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people (crn, name, date_of_birth) SELECT unnest(%s), 'A Person', '1980-01-01'",
            (_serials(wearers),),
        )
        cursor.execute("INSERT INTO devices (serial) SELECT unnest(%s)", (_serials(wearers),))
        cursor.execute(
            "INSERT INTO device_activations (device_id, person_id, during, revision)"
            " SELECT device_id, person_id, tstzrange(%s, NULL), 0 FROM devices JOIN people ON crn = serial",
            (from_microseconds(START_US - DAY_US),),
        )
        cursor.execute(
            "INSERT INTO legal_bases (person_id, kind, reference, wording, during, status, drafted_by, decided_by,"
            " decided_at) SELECT person_id, 'court_order', 'ORDER', 'The trail is monitored.',"
            " '[2000-01-01Z, 2100-01-01Z)', 'live', 'bench', 'bench.second', service_clock() FROM people"
        )
