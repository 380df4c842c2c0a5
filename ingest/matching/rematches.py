"""Crimes matched again for the wearers of devices whose positions came late, ended a gap or met a scene just now."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from crimes.scenes import Scene
from ingest.matching.crimes import LOCK_WAIT_MS, count_results, settles_at_us
from ingest.matching.decisions import run_of_one
from ingest.matching.engine import SOFTWARE_VERSION, MatchingEngine
from ingest.matching.tasks import words_of
from model.crimes import Match
from store.database import Connection, Cursor, may_pass
from store.expectations import want_routines
from store.intake import clock_us
from store.locks import limit_lock_wait
from store.matching import RunWrite, current_results, latest_counts, not_monitored_at, write_runs
from store.rematches import Rematch, finish_rematches, join_lawful_changes, set_rematch_aside, waiting_rematches
from store.scenes_in_doubt import scenes_in_doubt

DEVICES_AT_ONCE = 100
CHANGES_AT_ONCE = 10_000
FOR_S = 2.0  # then new crimes have their turn
SCENES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Begun:
    """A device's rematch, and the parts of it that are left: people and scenes."""

    wanted: Rematch
    parts: deque[tuple[int, Sequence[Scene]]]


class Rematching:
    """Answers after the run that was under way: what that one did not see yet was asked for by its batch.

    A device with very many crimes is answered over several rounds. What is asked for it meanwhile comes after.
    """

    def __init__(self, engine: MatchingEngine) -> None:
        self._engine = engine
        self._begun: _Begun | None = None

    def round(self, connection: Connection) -> bool:
        until_s = time.monotonic() + FOR_S
        begun, self._begun = self._begun, None
        with connection, connection.cursor() as cursor:
            limit_lock_wait(cursor, LOCK_WAIT_MS)
            join_lawful_changes(cursor, CHANGES_AT_ONCE)
        with connection, connection.cursor() as cursor:
            found = waiting_rematches(cursor, DEVICES_AT_ONCE)
        waiting = deque(one for one in found if begun is None or one.device_id != begun.wanted.device_id)
        done = []
        while begun is not None or waiting:
            wanted = waiting.popleft() if begun is None else begun.wanted
            try:
                begun = self._answer(connection, begun or self._begin(connection, wanted), until_s)
                if begun is None:
                    done.append(wanted)
            except Exception as error:
                if may_pass(connection, error):
                    raise
                begun = None
                self._set_aside(connection, wanted, error)
            if time.monotonic() >= until_s:
                break
        with connection, connection.cursor() as cursor:
            limit_lock_wait(cursor, LOCK_WAIT_MS)
            finish_rematches(cursor, done)
        self._begun = begun
        return len(found) == DEVICES_AT_ONCE or bool(waiting) or begun is not None

    def _begin(self, connection: Connection, wanted: Rematch) -> _Begun:
        with connection, connection.cursor() as cursor:
            doubted = scenes_in_doubt(cursor, wanted, self._engine.settings.padding_us)
        parts = (
            (person_id, scenes[first : first + SCENES_AT_ONCE])
            for person_id, scenes in doubted.items()
            for first in range(0, len(scenes), SCENES_AT_ONCE)
        )
        return _Begun(wanted, deque(parts))

    def _answer(self, connection: Connection, begun: _Begun, until_s: float) -> _Begun | None:
        """One part at least, and more while there is time; None where none is left."""
        while begun.parts:
            self._match(connection, *begun.parts[0])
            begun.parts.popleft()
            if time.monotonic() >= until_s:
                break
        return begun if begun.parts else None

    def _set_aside(self, connection: Connection, wanted: Rematch, error: Exception) -> None:
        words = words_of(error, "a device's crimes could not be matched again", device_id=wanted.device_id)
        with connection, connection.cursor() as cursor:
            set_rematch_aside(cursor, wanted, words)

    def _match(self, connection: Connection, person_id: int, scenes: Sequence[Scene]) -> None:
        with connection, connection.cursor() as cursor:
            matches = self._engine.match_person(cursor, scenes, person_id)
        with connection, connection.cursor() as cursor:
            limit_lock_wait(cursor, LOCK_WAIT_MS)
            runs = self._runs(cursor, person_id, list(zip(scenes, matches, strict=True)))
            write_runs(cursor, runs, self._engine.settings, SOFTWARE_VERSION)
            want_routines(cursor, [run.scene.scene_id for run in runs])
        for run in runs:
            count_results(run)

    def _runs(self, cursor: Cursor, person_id: int, found: Sequence[tuple[Scene, Match | None]]) -> list[RunWrite]:
        versions = [scene.scene_id for scene, _ in found]
        standing, counts, now_us = (
            current_results(cursor, versions, person_id),
            latest_counts(cursor, versions),
            clock_us(cursor),
        )
        not_monitored = not_monitored_at(cursor, versions, person_id)
        runs = []
        for scene, match in found:
            stood = next(iter(standing[scene.scene_id]), None)
            settled = settles_at_us(scene.hull.padded(self._engine.settings.padding_us)) <= now_us
            near_m = self._engine.settings.near_m
            run = run_of_one(
                scene,
                match,
                stood,
                counts[scene.scene_id],
                near_m,
                settled=settled,
                was_monitored=scene.scene_id not in not_monitored,
            )
            if run is not None:
                runs.append(run)
        return runs
