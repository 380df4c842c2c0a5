"""Response plans: each change is a version, and an alert keeps the one that held when it was raised."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from psycopg2.extras import Json

from model.response_plans import PlanStep, ResponsePlan
from store.database import Cursor, fetch_one
from store.locks import LockClass, hold_named_until_commit

_PLAN = """
    SELECT plan.response_plan_id, zone.reference, plan.alert_kind, plan.version, plan.steps, plan.emergency_when,
           plan.set_by, plan.set_at
    FROM response_plans plan LEFT JOIN zones zone USING (zone_id)
"""


def find_plan(cursor: Cursor, response_plan_id: int) -> ResponsePlan | None:
    cursor.execute(f"{_PLAN} WHERE plan.response_plan_id = %s", (response_plan_id,))
    row = cursor.fetchone()
    return None if row is None else _plan_of(row)


def newest_plan(cursor: Cursor, zone_reference: str) -> ResponsePlan | None:
    """The zone's own; None while it has none."""
    cursor.execute(f"{_PLAN} WHERE zone.reference = %s ORDER BY plan.version DESC LIMIT 1", (zone_reference,))
    row = cursor.fetchone()
    return None if row is None else _plan_of(row)


def default_plans(cursor: Cursor) -> list[ResponsePlan]:
    """The newest of each kind of alert, for the zones without their own."""
    cursor.execute(
        f"SELECT DISTINCT ON (alert_kind) * FROM ({_PLAN} WHERE plan.zone_id IS NULL) plan"  # noqa: S608  literals
        " ORDER BY alert_kind, version DESC"
    )
    return [_plan_of(row) for row in cursor.fetchall()]


def add_plan(cursor: Cursor, zone_id: int, steps: Sequence[PlanStep], emergency_when: str, set_by: str) -> int:
    """The version that the plan, checked before, is now. Alerts raised from now on have it."""
    hold_named_until_commit(cursor, LockClass.RESPONSE_PLAN, str(zone_id))
    cursor.execute(
        "INSERT INTO response_plans (zone_id, version, steps, emergency_when, set_by)"
        " SELECT %(zone)s, coalesce(max(version), 0) + 1, %(steps)s, %(emergency)s, %(by)s FROM response_plans"
        " WHERE zone_id = %(zone)s RETURNING version",
        {
            "zone": zone_id,
            "steps": Json([asdict(step) for step in steps]),
            "emergency": emergency_when,
            "by": set_by,
        },
    )
    version: int = fetch_one(cursor)[0]
    return version


def _plan_of(row: Sequence[Any]) -> ResponsePlan:
    response_plan_id, reference, kind, version, steps, *rest = row
    return ResponsePlan(response_plan_id, reference, kind, version, tuple(PlanStep(**step) for step in steps), *rest)
