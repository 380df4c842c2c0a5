"""Rule this person out: the questions of police about one person and one crime, answered by the same matching."""

from crimes.matching.documents import match_document, settings_document
from ingest.matching.engine import MatchingEngine
from ingest.matching.tasks import words_of
from model.crimes import MATCHING_VERSION, Match
from store.database import Connection, Cursor, may_pass
from store.eliminations import (
    WaitingElimination,
    set_elimination_aside,
    waiting_eliminations,
    write_elimination_answer,
)

ELIMINATIONS_AT_ONCE = 50


class Eliminating:
    """Whoever is asked for, there is an answer: that nobody has the name looks like that they are not ruled out."""

    def __init__(self, engine: MatchingEngine) -> None:
        self._engine = engine

    def round(self, connection: Connection) -> bool:
        with connection, connection.cursor() as cursor:
            waiting = waiting_eliminations(cursor, ELIMINATIONS_AT_ONCE)
        for one in waiting:
            self._answer(connection, one)
        return len(waiting) == ELIMINATIONS_AT_ONCE

    def _answer(self, connection: Connection, asked: WaitingElimination) -> None:
        try:
            with connection, connection.cursor() as cursor:
                match = self._match(cursor, asked)
                settings = settings_document(self._engine.settings)
                document = None if match is None else match_document(match)
                write_elimination_answer(
                    cursor, asked, None if match is None else match.verdict, document, MATCHING_VERSION, settings
                )
        except Exception as error:
            if may_pass(connection, error):
                raise
            words_of(error, "an elimination could not be answered", elimination_id=asked.elimination_id)
            with connection, connection.cursor() as cursor:
                set_elimination_aside(cursor, asked.elimination_id)

    def _match(self, cursor: Cursor, asked: WaitingElimination) -> Match | None:
        """None where the person is not known here, or wore no tag then."""
        if asked.person_id is None:
            return None
        (match,) = self._engine.match_person(cursor, [asked.scene], asked.person_id)
        return match
