"""Presences weighed against the wearers' routines: each result, and what the sheets of batches expect.

A verdict does not wait for its weight, which takes longer to find than the verdict itself.
"""

from collections.abc import Sequence

from crimes.chance.routine_stretches import RoutineSettings
from ingest.matching.engine import MatchingEngine
from ingest.matching.tasks import words_of
from store.database import Connection, may_pass
from store.expectations import BatchPerson, expect_wearer, set_wearer_aside, waiting_wearers
from store.routines import weigh_pairs
from store.weights import Unweighed, set_weight_aside, unweighed_results, write_weights

ROUTINE = RoutineSettings()
RESULTS_AT_ONCE = 20
WEARERS_AT_ONCE = 1  # the most crimes take some seconds, and new ones are not to wait for more


class ResultWeighing:
    """Weighs the results that are present or possible."""

    def __init__(self, engine: MatchingEngine) -> None:
        self._settings = engine.settings

    def round(self, connection: Connection) -> bool:
        with connection, connection.cursor() as cursor:
            waiting = unweighed_results(cursor, RESULTS_AT_ONCE)
        self._weigh_or_set_aside(connection, waiting)
        return len(waiting) == RESULTS_AT_ONCE

    def _weigh_or_set_aside(self, connection: Connection, waiting: Sequence[Unweighed]) -> None:
        """Together; where that fails, each by itself."""
        if not waiting:
            return
        try:
            with connection, connection.cursor() as cursor:
                weights = weigh_pairs(cursor, [one.pair for one in waiting], self._settings, ROUTINE)
                write_weights(cursor, waiting, weights)
        except Exception as error:
            if may_pass(connection, error):
                raise
            if len(waiting) > 1:
                for one in waiting:
                    self._weigh_or_set_aside(connection, [one])
                return
            (failed,) = waiting
            words = words_of(error, "a presence could not be weighed", result_id=failed.result_id)
            with connection, connection.cursor() as cursor:
                set_weight_aside(cursor, failed, words)


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
