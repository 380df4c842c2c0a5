"""Tracks on their way into a database, as a worker decides and writes them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from geofence.columns import Fixes
from geofence.projection import Projection
from geofence.zone_index import ZoneIndex
from ingest.devices import DeviceTable
from ingest.heard import heard_rows, select_heard
from ingest.pipeline import Batch, Context, process_batch
from model.enums import Mechanism
from model.times import SECOND_US
from store.database import Connection, Cursor
from store.heard import write_heard
from store.positions import write_newer, write_older
from store.track_notes import note_late, write_cells, write_gaps
from store.worker_state import load_devices
from tests.support.memory_world import NO_SCENES
from tests.support.pings import LIMITS
from tests.support.pings import fixes as plain_fixes

PROJECTION = Projection(51.5, -0.1)


@dataclass(frozen=True, slots=True)
class Sent:
    """One fix as a tag sent it."""

    serial: str
    fix_us: int
    lat: float
    lon: float
    accuracy_m: float = 8.0
    mechanism: Mechanism = Mechanism.GPS
    received_us: int | None = None  # a second after it


class TrackWriter:
    """A worker as far as positions go. What it knows of devices is loaded when it first hears them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.start_again()

    def start_again(self) -> None:
        """As after a crash: nothing is known but what is stored."""
        self._devices = DeviceTable()

    def take(self, sent: Sequence[Sent]) -> None:
        """Decide and write a batch, in the order of its arrival."""
        with self._connection, self._connection.cursor() as cursor:
            self._load(cursor, {one.serial for one in sent})
            batch = Batch(
                fixes_of(sent), self._devices.slots([one.serial for one in sent]), np.zeros(len(sent), np.int64)
            )
            context = Context(self._devices, ZoneIndex(PROJECTION), PROJECTION, {}, LIMITS, NO_SCENES)
            outcome = process_batch(batch, context)
            write_newer(cursor, outcome.newer)
            late = write_older(cursor, outcome.older)
            write_gaps(cursor, outcome.gaps)
            note_late(cursor, late)
            write_cells(cursor, outcome.cells)
            heard = select_heard(batch, self._devices, LIMITS, 60 * SECOND_US)
            write_heard(cursor, heard_rows(heard, self._devices.device_id))
        last = outcome.last_fixes
        self._devices.remember(last.slot, last.fix_key, last.last, last.last_but_one)
        self._devices.remember_usable(last.slot, last.last_usable)
        self._devices.heard_written_us[heard.slot] = heard.received_us

    def _load(self, cursor: Cursor, serials: set[str]) -> None:
        self._devices.add(0, load_devices(cursor, self._devices.unknown(serials)), PROJECTION)


def fixes_of(sent: Sequence[Sent]) -> Fixes:
    received_us = [one.fix_us + SECOND_US if one.received_us is None else one.received_us for one in sent]
    plain = plain_fixes(
        [one.fix_us for one in sent], [one.lat for one in sent], [one.lon for one in sent], received_us=received_us
    )
    return replace(
        plain,
        accuracy_m=np.array([one.accuracy_m for one in sent], np.float64),
        mechanism=np.array([one.mechanism for one in sent], np.int64),
    )
