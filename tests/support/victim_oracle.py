"""What victims are to be told, found the plain way: every fact of every victim, in every round."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from alerts.victim_duty import _alert_facts, _keep
from alerts.victims import ended_fact
from model.casework_rules import CaseworkRules
from store.database import Cursor
from store.victim_zones import load_zone_facts

Tasks = list[tuple[Any, ...]]


def keep_by_looking_at_all(cursor: Cursor, now: datetime, rules: CaseworkRules) -> int:
    """How many tasks changed."""
    ended = (ended_fact(one, now) for one in load_zone_facts(cursor, now))
    return _keep(cursor, now, [*_alert_facts(cursor, rules, None), *ended])


def tasks_after(
    cursor: Cursor,
    keep: Callable[[Cursor, datetime, CaseworkRules], int],
    now: datetime,
    rules: CaseworkRules,
) -> Tasks:
    """What a round of ``keep`` leaves; undone again."""
    cursor.execute("SAVEPOINT before")
    keep(cursor, now, rules)
    cursor.execute(
        "SELECT victim_id, fact, kind, status, happened_at, words, method, choice_version, not_before,"
        " coalesce(reason, ''), taken_back_by IS NOT NULL FROM victim_tasks ORDER BY 1, 2, 3, 4, 5, 10, 11"
    )
    found = cursor.fetchall()
    cursor.execute("ROLLBACK TO SAVEPOINT before")
    return found
