"""How much police ask, for the auditor: each question is allowed by itself, and many of them are a trail."""

from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.documentation import documented
from api.errors import ProblemError
from api.fields import Moment
from api.schemas import Answer
from api.security import Caller, Requires
from api.services import CurrentServices
from store.police_questions import count_questions

router = APIRouter(tags=["audit"])

LONGEST_WINDOW = timedelta(days=92)

_COUNTS = {
    "day": "2026-11-22",
    "force": "Metropolitan",
    "subject": "a.analyst",
    "eliminations": 61,
    "scene_searches": 38,
    "trail_requests": 1,
    "stopped": 4,
}


class QuestionCountsOut(Answer):
    day: date
    force: str | None
    subject: str
    eliminations: int
    scene_searches: int
    trail_requests: int
    stopped: int


class QuestionsAsked(Answer):
    most_in_24_h: int
    counts: list[QuestionCountsOut]


@router.get("/v1/police-questions", **documented(Permission.AUDIT_READ, {"most_in_24_h": 100, "counts": [_COUNTS]}))
def read_question_counts(
    *,
    caller: Annotated[Caller, Depends(Requires(Permission.AUDIT_READ, Action.AUDIT_SEARCH))],
    services: CurrentServices,
    from_time: Annotated[Moment, Query(alias="from", examples=["2026-11-01T00:00:00Z"])],
    to_time: Annotated[Moment, Query(alias="to", examples=["2026-12-01T00:00:00Z"])],
) -> QuestionsAsked:
    """Of each analyst and day (UTC) in the window [from, to), at most 92 days: how much they asked of which kind.

    `stopped` counts what was refused because it was too much. The newest day first.
    """
    _check_window(from_time, to_time)
    with services.pool.transaction(caller.identity) as transaction:
        counts = count_questions(transaction, from_time, to_time)
        about = Subject(None, from_time, to_time, len(counts), {"about": "police_questions"})
        record_allowed(transaction, caller.identity, Action.AUDIT_SEARCH, about)
    shown = [QuestionCountsOut.model_validate(one) for one in counts]
    return QuestionsAsked(most_in_24_h=services.settings.police_questions_max, counts=shown)


def _check_window(from_time: datetime, to_time: datetime) -> None:
    if not timedelta(0) < to_time - from_time <= LONGEST_WINDOW:
        problem = f"give a time after from, {LONGEST_WINDOW.days} days after it at most"
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "The window is wrong.", errors=[{"where": "query.to", "problem": problem}]
        )
