"""How many questions one analyst asks: counted by the database, whoever forgets to, and shown to the auditor."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import psycopg2.errors

from store.database import Cursor


class TooManyQuestionsError(Exception):
    """This analyst has asked as much as a day allows; one more is taken after ``retry_after_s``."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class QuestionCounts:
    """Of one analyst on one day in UTC. ``stopped``: how often they asked beyond what is allowed."""

    day: date
    force: str | None
    subject: str
    eliminations: int
    scene_searches: int
    trail_requests: int
    stopped: int


@contextmanager
def counted_questions(cursor: Cursor, most: int) -> Iterator[None]:
    """What is asked in it is one of ``most`` in 24 hours. Raises TooManyQuestionsError; the transaction is lost."""
    cursor.execute("SELECT set_config('cordon.police_questions_max', %s, true)", (str(most),))
    try:
        yield
    except psycopg2.errors.ConfigurationLimitExceeded as error:
        raise TooManyQuestionsError(error.diag.message_primary or "", int(error.diag.message_detail or 1)) from None


def count_questions(cursor: Cursor, from_time: datetime, to_time: datetime) -> list[QuestionCounts]:
    """The newest day first; for the auditor."""
    cursor.execute("SELECT * FROM police_question_counts(%s, %s)", (from_time, to_time))
    return [QuestionCounts(*row) for row in cursor.fetchall()]
