"""Crimes matched again for the wearers of devices whose positions came late, ended a gap or met a scene just now."""

import time
from collections import deque
from collections.abc import Sequence

from crimes.scenes import Scene
from ingest.matching.crimes import LOCK_WAIT_MS, count_results, settles_at_us
from ingest.matching.decisions import run_of_one
from ingest.matching.engine import SOFTWARE_VERSION, MatchingEngine
from ingest.matching.tasks import may_pass, words_of
from model.crimes import Match
from store.database import Connection, Cursor
from store.expectations import want_routines
from store.intake import clock_us
from store.locks import limit_lock_wait
from store.matching import RunWrite, current_results, latest_counts, write_runs
from store.rematches import Rematch, finish_rematches, set_rematch_aside, waiting_rematches
from store.scenes_in_doubt import scenes_in_doubt

DEVICES_AT_ONCE = 100
FOR_S = 2.0  # then new crimes have their turn
SCENES_AT_ONCE = 500


class Rematching:
    """Answers after the run that was under way: what that one did not see yet was asked for by its batch."""

    def __init__(self, engine: MatchingEngine) -> None:
        self._engine = engine

    def round(self, connection: Connection) -> bool:
        began_s = time.monotonic()
        with connection, connection.cursor() as cursor:
            waiting = deque(waiting_rematches(cursor, DEVICES_AT_ONCE))
        goes_on = len(waiting) == DEVICES_AT_ONCE
        done = []
        while waiting and time.monotonic() < began_s + FOR_S:
            one = waiting.popleft()
            if self._answer(connection, one):
                done.append(one)
        with connection, connection.cursor() as cursor:
            limit_lock_wait(cursor, LOCK_WAIT_MS)
            finish_rematches(cursor, done)
        return goes_on or bool(waiting)

    def _answer(self, connection: Connection, wanted: Rematch) -> bool:
        """Whether it could be."""
        try:
            with connection, connection.cursor() as cursor:
                doubted = scenes_in_doubt(cursor, wanted, self._engine.padding_us)
            for person_id, scenes in doubted.items():
                for first in range(0, len(scenes), SCENES_AT_ONCE):
                    self._match(connection, person_id, scenes[first : first + SCENES_AT_ONCE])
        except Exception as error:
            if may_pass(connection, error):
                raise
            words = words_of(error, "a device's crimes could not be matched again", device_id=wanted.device_id)
            with connection, connection.cursor() as cursor:
                set_rematch_aside(cursor, wanted, words)
            return False
        return True

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
        runs = []
        for scene, match in found:
            stood = next(iter(standing[scene.scene_id]), None)
            settled = settles_at_us(scene.hull.padded(self._engine.padding_us)) <= now_us
            near_m = self._engine.settings.near_m
            run = run_of_one(scene, match, stood, counts[scene.scene_id], near_m, settled=settled)
            if run is not None:
                runs.append(run)
        return runs
