"""Presences weighed against the wearers' routines: with each result, and for the sheets of batches."""

from collections.abc import Sequence
from dataclasses import replace

from crimes.chance import ChanceWeight
from crimes.routine_stretches import RoutineSettings
from ingest.matching.engine import MatchingEngine
from ingest.matching.tasks import may_pass, words_of
from model.crimes import MatchingSettings
from store.database import Connection, Cursor
from store.expectations import BatchPerson, expect_wearer, set_wearer_aside, waiting_wearers
from store.matching import NewResult, RunWrite
from store.routines import weigh

ROUTINE = RoutineSettings()
WEARERS_AT_ONCE = 1  # the most crimes take some seconds, and new ones are not to wait for more


def with_weights(cursor: Cursor, runs: Sequence[RunWrite], settings: MatchingSettings) -> list[RunWrite]:
    """The runs, each result that is present or possible with its weight."""
    results = [(run.scene, one.match) for run in runs for one in run.results]
    weights = iter(weigh(cursor, [scene for scene, _ in results], [match for _, match in results], settings, ROUTINE))
    return [replace(run, results=[_with(one, next(weights)) for one in run.results]) for run in runs]


class SheetWeighing:
    """What the sheets of batches expect of their wearers' routines, one wearer a round."""

    def __init__(self, engine: MatchingEngine) -> None:
        self._settings = engine.settings

    def round(self, connection: Connection) -> bool:
        with connection, connection.cursor() as cursor:
            waiting = waiting_wearers(cursor, WEARERS_AT_ONCE)
        for one in waiting:
            self._weigh_or_set_aside(connection, one)
        return len(waiting) == WEARERS_AT_ONCE

    def _weigh_or_set_aside(self, connection: Connection, wanted: BatchPerson) -> None:
        try:
            with connection, connection.cursor() as cursor:
                expect_wearer(cursor, wanted, self._settings, ROUTINE)
        except Exception as error:
            if may_pass(connection, error):
                raise
            batch = wanted.crime_batch_id
            words = words_of(error, "a wearer's routine could not be weighed for a sheet", crime_batch_id=batch)
            with connection, connection.cursor() as cursor:
                set_wearer_aside(cursor, wanted, words)


def _with(result: NewResult, weight: ChanceWeight | None) -> NewResult:
    return result if weight is None else replace(result, weight=weight.document())
