"""Victims, in each round: whether their zones are watched, and what they are to be told."""

from datetime import datetime

from alerts.victim_duty import keep_victim_tasks, watch_victim_zones
from model.casework_rules import CaseworkRules
from store.database import Cursor


def look_at_victim_zones(cursor: Cursor, now: datetime, rules: CaseworkRules) -> bool:
    """All of them at once: nothing waits."""
    watch_victim_zones(cursor, now, rules)
    return False


def look_at_victim_tasks(cursor: Cursor, now: datetime, rules: CaseworkRules) -> bool:
    """Likewise."""
    keep_victim_tasks(cursor, now, rules)
    return False
