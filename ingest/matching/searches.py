"""Who was here then: the searches of police, answered by the same matching as crimes."""

from dataclasses import replace
from secrets import SystemRandom

from crimes.matching.documents import match_document, settings_document
from ingest.matching.engine import MatchingEngine
from ingest.matching.tasks import words_of
from model.crimes import MATCHING_VERSION, MatchVerdict
from store.database import Connection, Cursor, may_pass
from store.matching import Counts
from store.scene_searches import FoundPerson, WaitingSearch, set_search_aside, waiting_searches, write_search_answer

SEARCHES_AT_ONCE = 10
FOUND = frozenset({MatchVerdict.PRESENT, MatchVerdict.POSSIBLE})


class SceneSearching:
    """A search states the window that it means, so nothing is added before and after it."""

    def __init__(self, engine: MatchingEngine) -> None:
        self._engine = engine

    def round(self, connection: Connection) -> bool:
        with connection, connection.cursor() as cursor:
            waiting = waiting_searches(cursor, SEARCHES_AT_ONCE)
        for one in waiting:
            self._answer(connection, one)
        return len(waiting) == SEARCHES_AT_ONCE

    def _answer(self, connection: Connection, search: WaitingSearch) -> None:
        try:
            with connection, connection.cursor() as cursor:
                self._match(cursor, search)
        except Exception as error:
            if may_pass(connection, error):
                raise
            words_of(error, "a search could not be answered", scene_search_id=search.scene_search_id)
            with connection, connection.cursor() as cursor:
                set_search_aside(cursor, search.scene_search_id)

    def _match(self, cursor: Cursor, search: WaitingSearch) -> None:
        settings = replace(self._engine.settings, radius_m=search.radius_m, padding_s=0.0)
        engine = MatchingEngine(settings, self._engine.projection)
        (matched,) = engine.match_everybody(cursor, [search.scene])
        found = [
            FoundPerson(match.person_id, match.verdict, match_document(match))
            for match in matched.matches
            if match.verdict in FOUND
        ]
        SystemRandom().shuffle(found)  # they are numbered in this order, which tells nothing of who they are
        verdicts = [match.verdict for match in matched.matches]
        counts = Counts.of(matched.population, verdicts, len(matched.not_monitored))
        write_search_answer(
            cursor, search.scene_search_id, found, counts, MATCHING_VERSION, settings_document(settings)
        )
