"""Wearers, positions, crimes and edits in any order, by a clock of their own, into a real database: one process."""

import io
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Self

import numpy as np

from crimes.matching.verdict import is_unmonitored
from crimes.scenes import Scene
from ingest.heard import heard_rows, select_heard
from ingest.matching.crimes import CrimeMatching
from ingest.matching.engine import MatchingEngine
from ingest.matching.importing import Reading, Sender, import_crime_file
from ingest.matching.rematches import Rematching
from ingest.pipeline import Batch, process_batch
from ingest.worker_state import WorkerState
from model.crimes import Match, MatchingSettings, MatchVerdict
from model.device_events import DeviceEvent, DeviceEventKind
from model.times import SECOND_US, from_microseconds, to_microseconds
from store.activations import activate, deactivate
from store.database import Connection, Cursor, connect, fetch_one, set_identity
from store.device_events import EventRow, record_events
from store.heard import write_heard
from store.matching import Counts, current_results, latest_counts
from store.matching_wanted import scene_of
from store.positions import write_newer, write_older, write_quarantined
from store.rematches import ask_rematches
from store.track_notes import note_late, write_cells, write_gaps
from tests.support.database import DatabaseUrls
from tests.support.matching import IDENTITY
from tests.support.pings import LIMITS
from tests.support.seed import seed_basis
from tests.support.stored_tracks import PROJECTION, Sent, fixes_of

START_US = to_microseconds(datetime(2026, 10, 24, 23, tzinfo=UTC))
"""The hour from 00:00 UTC on comes twice by the clock of London."""

SETTINGS = MatchingSettings()
CENTRE = (51.5, -0.1)

_CLOCK = """
CREATE TABLE told_time (moment timestamptz NOT NULL);
INSERT INTO told_time VALUES ('2026-10-24 23:00Z');
GRANT SELECT, UPDATE ON told_time TO cordon_worker, cordon_api;
CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT moment FROM cordon.told_time';
"""


def told_clock(owner_url: str) -> None:
    """Have the database tell the time that the test says, to whoever looks into its own schema first."""
    with _open(owner_url) as connection, connection, connection.cursor() as cursor:
        cursor.execute(_CLOCK)


@contextmanager
def _open(url: str) -> Iterator[Connection]:
    connection = connect(url, "test")
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SET search_path = cordon, pg_catalog, public")
        yield connection
    finally:
        connection.close()


class MatchedWorld:
    """A worker, a matcher and a registry in the test's own hands."""

    def __init__(self, database: DatabaseUrls, worker: Connection, owner: Connection) -> None:
        self._database, self._worker, self.owner = database, worker, owner
        self.engine = MatchingEngine(SETTINGS, PROJECTION)
        self._tasks = CrimeMatching(self.engine), Rematching(self.engine)
        self.restart()

    @classmethod
    @contextmanager
    def on(cls, database: DatabaseUrls) -> Iterator[Self]:
        told_clock(database.owner)
        with _open(database.worker) as worker, _open(database.owner) as owner:
            yield cls(database, worker, owner)

    def restart(self) -> None:
        """The worker knows nothing but what is stored."""
        self._state = WorkerState(CENTRE, LIMITS, SETTINGS)

    def clock(self, now_us: int) -> None:
        self._now_us = now_us
        with self.owner, self.owner.cursor() as cursor:
            cursor.execute("UPDATE told_time SET moment = %s", (from_microseconds(now_us),))

    def enrol(self, crns: Sequence[str], serials: Sequence[str], monitored: Collection[str] | None = None) -> None:
        """Each of ``monitored``, or of all where left out, with a basis for ever."""
        with self.owner, self.owner.cursor() as cursor:
            cursor.execute(
                "INSERT INTO people (crn, name, date_of_birth) SELECT unnest(%s::text[]), 'X', '1930-01-01'",
                (list(crns),),
            )
            cursor.execute("INSERT INTO devices (serial) SELECT unnest(%s::text[])", (list(serials),))
            for crn in crns if monitored is None else monitored:
                cursor.execute("SELECT person_id FROM people WHERE crn = %s", (crn,))
                seed_basis(cursor, fetch_one(cursor)[0])

    def activate(self, serial: str, crn: str, began_us: int) -> None:
        with self.owner, self.owner.cursor() as cursor:
            activate(cursor, serial, crn, from_microseconds(began_us), beside_another=True)

    def deactivate(self, serial: str, ended_us: int) -> None:
        with self.owner, self.owner.cursor() as cursor:
            deactivate(cursor, serial, from_microseconds(ended_us))

    def strap(self, serial: str, kind: DeviceEventKind, event_us: int) -> None:
        with self._worker, self._worker.cursor() as cursor:
            record_events(cursor, [EventRow(serial, DeviceEvent(kind, event_us, self._now_us, None), None, None)])

    def arrive(self, sent: Sequence[Sent]) -> None:
        """A batch, decided and written as a worker does."""
        self._state.load(self._worker, 0, [one.serial for one in sent])
        self._state.refresh(self._worker)
        batch = Batch(
            fixes_of(sent), self._state.devices.slots([one.serial for one in sent]), np.zeros(len(sent), np.int64)
        )
        outcome = process_batch(batch, self._state.context(self._now_us))
        heard = select_heard(batch, self._state.devices, LIMITS, 60 * SECOND_US)
        with self._worker, self._worker.cursor() as cursor:
            write_newer(cursor, outcome.newer)
            late = write_older(cursor, outcome.older)
            write_quarantined(cursor, outcome.quarantined)
            write_gaps(cursor, outcome.gaps)
            note_late(cursor, late)
            write_cells(cursor, outcome.cells)
            write_heard(cursor, heard_rows(heard, self._state.devices.device_id))
            ask_rematches(cursor, outcome.rematches, late)
        self._state.apply(outcome)
        self._state.devices.heard_written_us[heard.slot] = heard.received_us

    def report(self, crimes: Sequence[dict[str, Any]]) -> None:
        """A police file in the richer form."""
        names = list(crimes[0])
        lines = [",".join(names), *(",".join(str(crime[name]) for name in names) for crime in crimes)]

        @contextmanager
        def begin() -> Iterator[Cursor]:
            with self.owner, self.owner.cursor() as cursor:
                set_identity(cursor, IDENTITY)
                yield cursor

        file = io.BytesIO("\r\n".join(lines).encode())
        imported = import_crime_file(begin, file, Sender(IDENTITY, "command", None), Reading({}, 10**7, 3000))
        assert not imported.errors, imported.errors

    def match(self) -> None:
        """One round of each of the matcher's tasks."""
        for task in self._tasks:
            task.round(self._worker)

    def match_all(self) -> None:
        waiting = (
            "SELECT (SELECT count(*) FROM matching_wanted), (SELECT count(*) FROM rematches_wanted)"
            " + (SELECT count(*) FROM lawful_changes)"
        )
        for _ in range(1000):
            self.match()
            with self._worker, self._worker.cursor() as cursor:
                cursor.execute(waiting)
                if cursor.fetchone() == (0, 0):
                    return
        raise AssertionError("the matcher comes to no end")

    def standing(self) -> dict[str, tuple[Counts, dict[int, Match]]]:
        """What is recorded of each current crime: the counts, and every current result by person."""
        with self._worker, self._worker.cursor() as cursor:
            scenes = self._scenes(cursor)
            found = current_results(cursor, [scene.scene_id for scene in scenes.values()])
            counts = latest_counts(cursor, list(found))
        return {
            reference: (counts[scene.scene_id], {one.match.person_id: one.match for one in found[scene.scene_id]})
            for reference, scene in scenes.items()
        }

    def from_nothing(self) -> dict[str, tuple[Counts, dict[int, Match]]]:
        """The same of one search among everybody, in all that is stored now."""
        with self._worker, self._worker.cursor() as cursor:
            scenes = self._scenes(cursor)
            found = self.engine.match_everybody(cursor, list(scenes.values()))
        return {
            reference: (
                Counts.of(one.population, [match.verdict for match in one.matches], len(one.not_monitored)),
                {match.person_id: match for match in one.matches},
            )
            for reference, one in zip(scenes, found, strict=True)
        }

    def one_by_one(self) -> dict[str, tuple[Counts, dict[int, Match]]]:
        """The same of every wearer's whole track: nobody is left out by a search."""
        with self._worker, self._worker.cursor() as cursor:
            scenes = self._scenes(cursor)
            cursor.execute("SELECT person_id FROM people")
            people = [person for (person,) in cursor.fetchall()]
            found: dict[str, dict[int, Match]] = {reference: {} for reference in scenes}
            for person in people:
                matches = self.engine.match_person(cursor, list(scenes.values()), person)
                for reference, match in zip(scenes, matches, strict=True):
                    if match is not None:
                        found[reference][person] = match
        return {
            reference: (Counts.of(len(matches), [one.verdict for one in matches.values()]), matches)
            for reference, matches in found.items()
        }

    def scene(self, reference: str) -> Scene:
        with self._worker, self._worker.cursor() as cursor:
            return self._scenes(cursor)[reference]

    def _scenes(self, cursor: Cursor) -> dict[str, Scene]:
        cursor.execute(
            "SELECT reference, crime_version_id, lat, lon, place_uncertainty_m, windows FROM crime_versions"
            " JOIN crimes USING (crime_id) WHERE is_current ORDER BY reference"
        )
        return {reference: scene_of(row) for reference, *row in cursor.fetchall()}


def said(matches: dict[int, Match]) -> dict[int, Match]:
    """Those that say more than that somebody was elsewhere, or was not monitored."""
    return {
        person: match
        for person, match in matches.items()
        if match.verdict is not MatchVerdict.ABSENT and not is_unmonitored(match)
    }


def four(counts: Counts) -> Counts:
    """Without how many have no result that says that they were not monitored."""
    return replace(counts, not_monitored=0)


def at(minute: float) -> int:
    return START_US + round(minute * 60 * SECOND_US)


def sent(place: tuple[float, float], *minutes: float, serial: str = "TAG") -> list[Sent]:
    return [Sent(serial, at(minute), *place) for minute in minutes]


def crime(minute: float) -> dict[str, Any]:
    """At a moment, in the centre."""
    moment = from_microseconds(at(minute)).isoformat()
    return {
        "police_force": "Metropolitan",
        "crime_type_id": "KROB",
        "batch_id": "MPS20261120",
        "crime_reference": "CRIME",
        "date_from": moment,
        "date_to": moment,
        "latitude": CENTRE[0],
        "longitude": CENTRE[1],
    }


def verdicts(world: MatchedWorld) -> list[MatchVerdict]:
    """Of whoever was not simply elsewhere; the same whether it stands, is searched for, or asked of each wearer."""
    counts, matches = world.one_by_one()["CRIME"]
    for others, theirs in (world.standing()["CRIME"], world.from_nothing()["CRIME"]):
        assert said(theirs) == said(matches)
        assert four(others) == four(counts)
    return [one.verdict for one in said(matches).values()]
