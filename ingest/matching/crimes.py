"""Crimes matched against everybody: as they come in, once their time is over, and on request."""

from collections.abc import Sequence

from crimes.recent import SETTLED_AFTER_S
from ingest.matching.decisions import run_of_everybody
from ingest.matching.engine import SOFTWARE_VERSION, MatchingEngine, SceneMatches
from ingest.matching.tasks import words_of
from model.crimes import Window
from model.times import SECOND_US
from ops import metrics
from store.database import Connection, Cursor, may_pass
from store.expectations import want_routines
from store.intake import clock_us
from store.locks import limit_lock_wait
from store.matching import RunWrite, current_results, ruled_out_by_name, worn_in, write_runs
from store.matching_wanted import Cause, WantedMatch, due_matches, finish_matches, set_match_aside

CRIMES_AT_ONCE = 250
LOCK_WAIT_MS = 5000


class CrimeMatching:
    """Takes what waits from both ends in turn: one new crime does not wait for all of a large batch."""

    def __init__(self, engine: MatchingEngine) -> None:
        self._engine = engine
        self._newest_first = False

    def round(self, connection: Connection) -> bool:
        self._newest_first = not self._newest_first
        with connection, connection.cursor() as cursor:
            wanted = due_matches(cursor, CRIMES_AT_ONCE, newest_first=self._newest_first)
        overtaken = [one for one in wanted if not one.is_current and one.cause is not Cause.REQUESTED]
        if overtaken:
            with connection, connection.cursor() as cursor:
                finish_matches(cursor, [(one, None) for one in overtaken])
        self._match_or_set_aside(connection, [one for one in wanted if one not in overtaken])
        return len(wanted) == CRIMES_AT_ONCE

    def _match_or_set_aside(self, connection: Connection, wanted: Sequence[WantedMatch]) -> None:
        """Together; where that fails, in halves, until the one that cannot be matched is alone."""
        if not wanted:
            return
        try:
            self._match(connection, wanted)
        except Exception as error:
            if may_pass(connection, error):
                raise
            if len(wanted) > 1:
                half = len(wanted) // 2
                self._match_or_set_aside(connection, wanted[:half])
                self._match_or_set_aside(connection, wanted[half:])
                return
            (failed,) = wanted
            words = words_of(error, "a crime could not be matched", crime_version_id=failed.scene.scene_id)
            with connection, connection.cursor() as cursor:
                set_match_aside(cursor, failed, words)

    def _match(self, connection: Connection, wanted: Sequence[WantedMatch]) -> None:
        with connection, connection.cursor() as cursor:
            found = self._engine.match_everybody(cursor, [one.scene for one in wanted])
        with connection, connection.cursor() as cursor:
            limit_lock_wait(cursor, LOCK_WAIT_MS)
            runs = self._runs(cursor, wanted, found)
            write_runs(cursor, runs, self._engine.settings, SOFTWARE_VERSION)
            want_routines(cursor, [run.scene.scene_id for run in runs])
            now_us = clock_us(cursor)
            finish_matches(cursor, [(one, self._due_again_us(one, now_us)) for one in wanted])
        for one, run in zip(wanted, runs, strict=True):
            count_results(run)
            if one.cause is Cause.IMPORTED:
                metrics.IMPORT_TO_MATCH_SECONDS.observe((now_us - one.requested_us) / SECOND_US)

    def _runs(self, cursor: Cursor, wanted: Sequence[WantedMatch], found: Sequence[SceneMatches]) -> list[RunWrite]:
        versions = [one.scene.scene_id for one in wanted]
        standing, ruled_out = current_results(cursor, versions), ruled_out_by_name(cursor, versions)
        runs = []
        for one, matches in zip(wanted, found, strict=True):
            stood = standing[one.scene.scene_id]
            wearers = worn_in(cursor, self._padded(one), [result.match.person_id for result in stood]) if stood else ()
            told = ruled_out[one.scene.scene_id]
            runs.append(run_of_everybody(one, matches, stood, wearers, self._engine.settings, told))
        return runs

    def _due_again_us(self, wanted: WantedMatch, now_us: int) -> int | None:
        settled_us = settles_at_us(self._padded(wanted))
        return settled_us if settled_us > now_us else None

    def _padded(self, wanted: WantedMatch) -> Window:
        return wanted.scene.hull.padded(self._engine.settings.padding_us)


def settles_at_us(padded: Window) -> int:
    return padded.to_us + SETTLED_AFTER_S * SECOND_US


def count_results(run: RunWrite) -> None:
    for result in run.results:
        metrics.MATCHES.labels(result.verdict.value).inc()
