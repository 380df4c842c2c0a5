"""Cases of alerts and the log of what was done about them, as far as row security shows them to the caller."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

import msgspec
from psycopg2.extras import Json

from model.casework import AlertCase, CaseAction, CaseEntry, CaseStatus
from model.enums import Severity
from store.database import Cursor
from store.locks import Lock, hold_until_commit
from store.rows import insert_rows

COLUMNS = tuple(field.name for field in fields(AlertCase))
CASE = ", ".join(f"alert_case.{name}" for name in COLUMNS)
"""The columns of ``alert_cases alert_case`` that ``case_of`` takes."""
FIXED = frozenset({"alert_id", "person_id", "raised_at", "response_plan_id"})
"""What no action of staff changes."""
OPEN = "alert_case.status NOT IN ('closed', 'retracted')"
WRITTEN = tuple(name for name in COLUMNS if name not in FIXED)
_ENTRY = "alert_id, case_version, action, acted_by, acted_at, detail"


@dataclass(frozen=True, slots=True)
class HeldCase:
    """A case as somebody finds it who is about to work on it."""

    case: AlertCase
    severity: Severity  # of its alert
    had_a_part: bool  # they decided, contested or reviewed what somebody else is to look at again


def case_of(row: Sequence[Any]) -> AlertCase:
    values = dict(zip(COLUMNS, row, strict=True))
    return AlertCase(**{**values, "alert_id": UUID(values["alert_id"]), "status": CaseStatus(values["status"])})


def find_case(cursor: Cursor, alert_id: UUID) -> AlertCase | None:
    """None where there is none for the caller."""
    cursor.execute(f"SELECT {CASE} FROM alert_cases alert_case WHERE alert_id = %s::uuid", (str(alert_id),))  # noqa: S608  our own column names
    row = cursor.fetchone()
    return None if row is None else case_of(row)


def open_cases(cursor: Cursor, assigned_to: str | None = None) -> list[AlertCase]:
    """Every case that is neither closed nor retracted, however old, the oldest first; all, or those of one subject."""
    cursor.execute(
        f"SELECT {CASE} FROM alert_cases alert_case WHERE {OPEN}"  # noqa: S608  our own column names
        " AND (%(subject)s::text IS NULL OR assigned_to = %(subject)s) ORDER BY raised_at, alert_id",
        {"subject": assigned_to},
    )
    return [case_of(row) for row in cursor.fetchall()]


def look_at_case(cursor: Cursor, alert_id: UUID, by: str) -> HeldCase | None:
    """The same as ``hold_cases`` finds, of one alert, without holding it."""
    found = _cases(cursor, [alert_id], by, "")
    return found.get(alert_id)


def hold_cases(cursor: Cursor, alert_ids: Collection[UUID], by: str) -> dict[UUID, HeldCase]:
    """Those that the caller may work, held to the commit, for ``by`` to work on.

    The log of changes is held first, as workers hold it: whoever writes a case has it, so nobody waits in a circle.
    """
    hold_until_commit(cursor, Lock.ALERT_EVENTS)
    return _cases(cursor, alert_ids, by, "ORDER BY alert_case.alert_id FOR UPDATE OF alert_case")


# Who closed it, who contested it on the officers' side, and who reviewed it before it was contested.
_HAD_A_PART = """
    EXISTS (
      SELECT FROM alert_actions part
      WHERE part.alert_id = alert_case.alert_id AND same_subject(part.acted_by, %(by)s) AND (
        part.action = 'close'
        OR (part.action = 'contest' AND part.detail ->> 'by' = 'officer')
        OR (part.action = 'start_review' AND part.case_version < (
          SELECT max(contest.case_version) FROM alert_actions contest
          WHERE contest.alert_id = alert_case.alert_id AND contest.action = 'contest'))))
"""


def _cases(cursor: Cursor, alert_ids: Collection[UUID], by: str, suffix: str) -> dict[UUID, HeldCase]:
    cursor.execute(
        f"SELECT alert.severity, {_HAD_A_PART}, {CASE}"  # noqa: S608  literals
        " FROM alert_cases alert_case JOIN alerts alert USING (alert_id)"
        f" WHERE alert_case.alert_id = ANY (%(alerts)s::uuid[]) {suffix}",
        {"alerts": [str(alert_id) for alert_id in alert_ids], "by": by},
    )
    found = [HeldCase(case_of(case), Severity(severity), had_a_part) for severity, had_a_part, *case in cursor]
    return {held.case.alert_id: held for held in found}


def save_cases(cursor: Cursor, worked: Sequence[tuple[AlertCase, CaseEntry]]) -> None:
    """Cases that ``hold_cases`` holds as an action left them, and the lines that say so in their histories.

    The database tells them on, without their words. One statement for all: workers wait for the log of changes.
    """
    insert_rows(cursor, _SAVE, ((msgspec.json.encode(case).decode(),) for case, _ in worked))
    insert_rows(
        cursor,
        f"INSERT INTO alert_actions ({_ENTRY}) VALUES %s",  # noqa: S608  our own column names
        (
            (str(case.alert_id), one.case_version, one.action.value, one.acted_by, one.acted_at, Json(one.detail))
            for case, one in worked
        ),
    )


_SAVE = f"""
    UPDATE alert_cases SET {", ".join(f"{name} = given.{name}" for name in WRITTEN)}
    FROM (VALUES %s) AS page (value), jsonb_populate_record(NULL::alert_cases, page.value::jsonb) AS given
    WHERE alert_cases.alert_id = given.alert_id
"""  # noqa: S608 -- our own column names


def list_entries(cursor: Cursor, alert_id: UUID, after_version: int = 0) -> list[CaseEntry]:
    """What was done, in order; those that led to a version behind ``after_version``."""
    cursor.execute(
        f"SELECT {_ENTRY} FROM alert_actions WHERE alert_id = %s::uuid AND case_version > %s ORDER BY case_version",  # noqa: S608  our own column names
        (str(alert_id), after_version),
    )
    return [
        CaseEntry(version, CaseAction(action), acted_by, acted_at, detail)
        for _, version, action, acted_by, acted_at, detail in cursor.fetchall()
    ]
