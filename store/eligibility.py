"""Decisions on who may be tagged, as they were made. None is changed; a wrong date of birth withdraws them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg2.extras import Json

from store.database import Cursor, fetch_one

_GIVEN = (
    "person_id, rules_version, for_day, prison, borough, stated, answers, screening_note, is_eligible, reason,"
    " how_to_challenge, decided_by"
)
_COLUMNS = f"{_GIVEN}, decision_id, decided_at, withdrawn_at"
_DECISION = f"SELECT {_COLUMNS} FROM eligibility_decisions WHERE person_id = %s"  # noqa: S608  our own column names


@dataclass(frozen=True, slots=True)
class NewDecision:
    """``stated`` and ``answers`` are JSON values."""

    person_id: int
    rules_version: int
    for_day: date
    prison: str | None
    borough: str | None
    stated: dict[str, Any]
    answers: list[dict[str, Any]]
    screening_note: str
    is_eligible: bool
    reason: str
    how_to_challenge: str
    decided_by: str


@dataclass(frozen=True, slots=True)
class StoredDecision(NewDecision):
    decision_id: int
    decided_at: datetime
    withdrawn_at: datetime | None  # it rested on a wrong date of birth


def add_decision(cursor: Cursor, decision: NewDecision) -> StoredDecision:
    cursor.execute(
        f"INSERT INTO eligibility_decisions ({_GIVEN})"  # noqa: S608  as above
        f" VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING {_COLUMNS}",
        (
            decision.person_id,
            decision.rules_version,
            decision.for_day,
            decision.prison,
            decision.borough,
            Json(decision.stated),
            Json(decision.answers),
            decision.screening_note,
            decision.is_eligible,
            decision.reason,
            decision.how_to_challenge,
            decision.decided_by,
        ),
    )
    return StoredDecision(*fetch_one(cursor))


def list_decisions(cursor: Cursor, person_id: int) -> list[StoredDecision]:
    """Of one person, the newest first."""
    cursor.execute(f"{_DECISION} ORDER BY decision_id DESC", (person_id,))
    return [StoredDecision(*row) for row in cursor.fetchall()]


def find_decision(cursor: Cursor, person_id: int, decision_id: int) -> StoredDecision | None:
    cursor.execute(f"{_DECISION} AND decision_id = %s", (person_id, decision_id))
    row = cursor.fetchone()
    return StoredDecision(*row) if row else None


def latest_decision(cursor: Cursor, person_id: int) -> StoredDecision | None:
    """The one that counts; an earlier one is no longer asked."""
    cursor.execute(f"{_DECISION} ORDER BY decision_id DESC LIMIT 1", (person_id,))
    row = cursor.fetchone()
    return StoredDecision(*row) if row else None
