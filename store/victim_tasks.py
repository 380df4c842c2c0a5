"""What victims are to be told: the facts, the choices and the tasks, for all of them at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from model.enums import AlertKind, AlertState
from model.notices import NoticeTemplate
from model.victims import (
    BreachMoment,
    TaskStatus,
    TellableAlert,
    TellableFact,
    TellingKind,
    TellingMethod,
    VictimChoice,
    VictimTask,
)
from store.database import Cursor, fetch_one

CHOICE = "version, kinds, method, breach_when, hours_from, hours_to, at_night, chosen_at"

# The victims that are meant: all of them, or those of a list.
_MEANT = "(%(victims)s::bigint[] IS NULL OR {}victim_id = ANY (%(victims)s::bigint[]))"

# Alerts that a victim may be told of, or was: the breaches of their zones, and those by which the wearer is recalled.
# Only what happened since the zone is theirs, of those who want to be told something, or were told of this very alert.
_ALERTS = f"""
  WITH wanted AS (
    SELECT DISTINCT ON (victim_id) victim_id, kinds FROM victim_choices
    WHERE {_MEANT.format("")} ORDER BY victim_id, version DESC
  ), known AS (
    SELECT DISTINCT victim_id, split_part(fact, ':', 1) AS kind, split_part(fact, ':', 2)::uuid AS alert_id
    FROM victim_tasks WHERE (fact LIKE 'breach:%%' OR fact LIKE 'recall:%%') AND {_MEANT.format("")}
  ), meant AS (
    SELECT link.victim_id, 'breach' AS kind, alert.alert_id FROM victim_zones link
    JOIN wanted ON wanted.victim_id = link.victim_id AND 'breach' = ANY (wanted.kinds)
    JOIN alerts alert ON alert.zone_id = link.zone_id AND alert.raised_at >= link.linked_at
      AND alert.kind = %(breach)s AND alert.state <> 'retracted'
    UNION
    SELECT link.victim_id, 'recall', one.alert_id FROM victim_zones link
    JOIN wanted ON wanted.victim_id = link.victim_id AND 'recall' = ANY (wanted.kinds)
    JOIN zones zone ON zone.zone_id = link.zone_id
    JOIN alert_cases one ON one.person_id = zone.person_id AND one.outcome = %(recall)s
      AND one.closed_at >= link.linked_at
    UNION
    SELECT victim_id, kind, alert_id FROM known
  )
  SELECT meant.kind, alert.alert_id, meant.victim_id, alert.kind, alert.state,
    coalesce((alert.evidence ->> 'inferred')::boolean, false), alert.began_at, alert.raised_at, one.closed_at,
    one.outcome, coalesce( -- of one whose zones are no longer theirs, what they were told of before stays
      (SELECT min(link.linked_at) FROM victim_zones link WHERE link.victim_id = meant.victim_id), victim.created_at)
  FROM meant
  JOIN victims victim ON victim.victim_id = meant.victim_id AND victim.ended_at IS NULL
  JOIN alerts alert ON alert.alert_id = meant.alert_id
  JOIN alert_cases one ON one.alert_id = meant.alert_id
  ORDER BY meant.victim_id, alert.sequence, meant.kind
"""  # noqa: S608  our own condition


def load_tellable_alerts(
    cursor: Cursor, recall_outcome: str, victim_ids: Collection[int] | None = None
) -> list[tuple[TellingKind, TellableAlert]]:
    """Each with what it may be told as; of ``victim_ids``, or of every victim."""
    cursor.execute(
        _ALERTS,
        {
            "breach": AlertKind.EXCLUSION_ZONE_BREACH.value,
            "recall": recall_outcome,
            "victims": None if victim_ids is None else list(victim_ids),
        },
    )
    return [
        (
            TellingKind(kind),
            TellableAlert(UUID(alert_id), victim_id, AlertKind(alert_kind), AlertState(state), *others),
        )
        for kind, alert_id, victim_id, alert_kind, state, *others in cursor.fetchall()
    ]


def load_choices(cursor: Cursor, victim_ids: Collection[int]) -> dict[int, list[VictimChoice]]:
    """Every choice of these victims, oldest first."""
    cursor.execute(
        f"SELECT victim_id, {CHOICE} FROM victim_choices WHERE victim_id = ANY (%s)"  # noqa: S608  columns
        " ORDER BY victim_id, version",
        (list(victim_ids),),
    )
    found: defaultdict[int, list[VictimChoice]] = defaultdict(list)
    for victim_id, *row in cursor.fetchall():
        found[victim_id].append(choice_of(row))
    return dict(found)


def load_tasks(cursor: Cursor, facts: Collection[TellableFact]) -> list[VictimTask]:
    """Those of ``facts`` that still say something of them: a withdrawn one does not."""
    cursor.execute(
        "SELECT task.task_id, task.victim_id, task.fact, task.kind, task.status, task.happened_at,"
        " coalesce(undoing.status <> 'withdrawn', false)"
        " FROM victim_tasks task LEFT JOIN victim_tasks undoing ON undoing.task_id = task.taken_back_by"
        " WHERE task.status <> 'withdrawn' AND task.fact = ANY (%s) ORDER BY task.task_id",
        ([one.name for one in facts],),
    )
    return [
        VictimTask(task_id, victim_id, fact, TellingKind(kind), TaskStatus(status), happened_at, is_taken_back)
        for task_id, victim_id, fact, kind, status, happened_at, is_taken_back in cursor.fetchall()
    ]


def add_task(
    cursor: Cursor,
    columns: dict[str, Any],
    takes_back: int | None,
) -> int:
    """``columns`` of victim_tasks by their names; the told task ``takes_back`` is taken back by it."""
    names = ", ".join(columns)
    places = ", ".join(f"%({name})s" for name in columns)
    cursor.execute(f"INSERT INTO victim_tasks ({names}) VALUES ({places}) RETURNING task_id", columns)  # noqa: S608
    task_id: int = fetch_one(cursor)[0]
    if takes_back is not None:
        cursor.execute("UPDATE victim_tasks SET taken_back_by = %s WHERE task_id = %s", (task_id, takes_back))
    return task_id


def withdraw_tasks(cursor: Cursor, withdrawals: Iterable[tuple[int, str]], now: datetime) -> None:
    """(task, why); one that a person settled meanwhile stays as they settled it. Nobody is told of it any more."""
    for task_id, reason in withdrawals:
        cursor.execute(
            "UPDATE victim_tasks SET status = 'withdrawn', settled_at = %s, settled_by = 'cordon', reason = %s"
            " WHERE task_id = %s AND status = 'waiting'",
            (now, reason, task_id),
        )
        cursor.execute(
            "UPDATE notices SET cancelled_at = service_clock()"
            " WHERE template = %s AND (detail ->> 'task_id')::bigint = %s"
            " AND message_id IS NULL AND cancelled_at IS NULL",
            (NoticeTemplate.VICTIM_TASK.value, task_id),
        )


def choice_of(row: list[Any]) -> VictimChoice:
    """A row of ``CHOICE``."""
    version, kinds, method, breach_when, hours_from, hours_to, at_night, chosen_at = row
    return VictimChoice(
        version,
        frozenset(map(TellingKind, kinds)),
        TellingMethod(method),
        BreachMoment(breach_when),
        hours_from,
        hours_to,
        at_night,
        chosen_at,
    )
