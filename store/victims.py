"""Victims as their liaison officers work with them: row security shows each officer their own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg2.errors import ForeignKeyViolation

from model.staff import StaffRole
from model.victims import VictimChoice, Watch
from ops.errors import InputError
from store.database import Cursor, fetch_one
from store.staff import find_staff
from store.victim_tasks import CHOICE, choice_of
from store.victim_zones import watch_of_row


@dataclass(frozen=True, slots=True)
class StoredVictim:
    victim_id: int
    reference: str
    liaison: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class VictimZone:
    """``watch`` is None before the zone was looked at; ``looked_at`` is when all of them were, last."""

    zone_id: int
    reference: str
    address_id: int
    linked_at: datetime
    watch: Watch | None
    since: datetime | None
    looked_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredTask:
    task_id: int
    victim_id: int
    victim_reference: str
    kind: str
    status: str
    happened_at: datetime
    words: str
    method: str
    choice_version: int
    not_before: datetime
    made_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    told_at: datetime | None
    told_how: str | None
    reason: str | None


_VICTIMS = "SELECT victim_id, reference, liaison, created_at FROM victims WHERE ended_at IS NULL"
_TASKS = (
    "SELECT task.task_id, task.victim_id, victim.reference, task.kind, task.status, task.happened_at, task.words,"
    " task.method, task.choice_version, task.not_before, task.made_at, task.settled_at, task.settled_by, task.told_at,"
    " task.told_how, task.reason FROM victim_tasks task JOIN victims victim USING (victim_id)"
)


def add_victim(cursor: Cursor, liaison: str) -> StoredVictim:
    """Raises InputError where the officer is not on the staff list: nobody could tell them anything."""
    try:
        cursor.execute(
            "INSERT INTO victims (liaison) VALUES (%s) RETURNING victim_id, reference, liaison, created_at", (liaison,)
        )
    except ForeignKeyViolation:
        raise InputError(f"{liaison} is not on the staff list: add them to it first") from None
    return StoredVictim(*fetch_one(cursor))


def list_victims(cursor: Cursor) -> list[StoredVictim]:
    cursor.execute(f"{_VICTIMS} ORDER BY victim_id")
    return [StoredVictim(*row) for row in cursor.fetchall()]


def find_victim(cursor: Cursor, victim_id: int) -> StoredVictim | None:
    cursor.execute(f"{_VICTIMS} AND victim_id = %s", (victim_id,))
    row = cursor.fetchone()
    return None if row is None else StoredVictim(*row)


def victim_liaisons(cursor: Cursor) -> dict[int, str]:
    """Of all victims, for the duty process."""
    cursor.execute("SELECT victim_id, liaison FROM victims WHERE ended_at IS NULL")
    return dict(cursor.fetchall())


def list_victim_zones(cursor: Cursor, victim_id: int) -> list[VictimZone]:
    """Of the caller's victim."""
    return _zones(cursor, "victim_zone_references(%(victim)s) zone USING (zone_id)", victim_id)


def list_all_victim_zones(cursor: Cursor) -> list[tuple[str, VictimZone]]:
    """Each with the reference of its victim: for the owner."""
    return [
        (victim.reference, zone)
        for victim in list_victims(cursor)
        for zone in _zones(cursor, "zones zone USING (zone_id)", victim.victim_id)
    ]


def _zones(cursor: Cursor, named: str, victim_id: int) -> list[VictimZone]:
    cursor.execute(
        "SELECT link.zone_id, zone.reference, link.address_id, link.linked_at, shown.state, shown.reasons, shown.since,"  # noqa: S608
        f" round.looked_at FROM victim_zones link JOIN {named}"
        " LEFT JOIN victim_zone_states shown ON shown.zone_id = link.zone_id AND shown.victim_id = link.victim_id"
        " CROSS JOIN victim_zone_rounds round WHERE link.victim_id = %(victim)s ORDER BY link.zone_id",
        {"victim": victim_id},
    )
    return [
        VictimZone(
            zone_id,
            reference,
            address_id,
            linked_at,
            None if state is None else watch_of_row(state, reasons),
            since,
            looked_at,
        )
        for zone_id, reference, address_id, linked_at, state, reasons, since, looked_at in cursor.fetchall()
    ]


def add_choice(cursor: Cursor, victim_id: int, values: dict[str, Any], recorded_by: str) -> VictimChoice:
    """``values``: the columns kinds, method, breach_when, hours_from, hours_to and at_night."""
    cursor.execute(
        "INSERT INTO victim_choices"  # noqa: S608 -- our own column names
        " (victim_id, version, kinds, method, breach_when, hours_from, hours_to, at_night, recorded_by)"
        " SELECT %(victim)s, coalesce(max(version), 0) + 1, %(kinds)s, %(method)s, %(breach_when)s, %(hours_from)s,"
        " %(hours_to)s, %(at_night)s, %(recorded_by)s FROM victim_choices WHERE victim_id = %(victim)s"
        f" RETURNING {CHOICE}",
        values | {"victim": victim_id, "recorded_by": recorded_by},
    )
    return choice_of(list(fetch_one(cursor)))


def list_choices(cursor: Cursor, victim_id: int) -> list[VictimChoice]:
    """The newest, which holds, first."""
    cursor.execute(
        f"SELECT {CHOICE} FROM victim_choices WHERE victim_id = %s ORDER BY version DESC",  # noqa: S608 -- likewise
        (victim_id,),
    )
    return [choice_of(list(row)) for row in cursor.fetchall()]


def list_tasks(cursor: Cursor, victim_id: int | None, status: str | None, after: int, limit: int) -> list[StoredTask]:
    """In the order in which they came up, from behind the task ``after``."""
    cursor.execute(
        f"{_TASKS} WHERE task.task_id > %(after)s AND (%(victim)s::bigint IS NULL OR task.victim_id = %(victim)s)"
        " AND (%(status)s::text IS NULL OR task.status = %(status)s) ORDER BY task.task_id LIMIT %(limit)s",
        {"after": after, "victim": victim_id, "status": status, "limit": limit},
    )
    return [StoredTask(*row) for row in cursor.fetchall()]


def find_task(cursor: Cursor, task_id: int) -> StoredTask | None:
    cursor.execute(f"{_TASKS} WHERE task.task_id = %s", (task_id,))
    row = cursor.fetchone()
    return None if row is None else StoredTask(*row)


def settle_told(cursor: Cursor, task_id: int, by: str, told_at: datetime, told_how: str) -> bool:
    """A person has told the victim; False where the task waits no more."""
    cursor.execute(
        "UPDATE victim_tasks SET status = 'told', settled_at = service_clock(), settled_by = %s, told_at = %s,"
        " told_how = %s WHERE task_id = %s AND status = 'waiting'",
        (by, told_at, told_how, task_id),
    )
    return cursor.rowcount == 1


def settle_not_told(cursor: Cursor, task_id: int, by: str, reason: str) -> bool:
    """A person has decided not to tell; False where the task waits no more."""
    cursor.execute(
        "UPDATE victim_tasks SET status = 'not_told', settled_at = service_clock(), settled_by = %s, reason = %s"
        " WHERE task_id = %s AND status = 'waiting'",
        (by, reason, task_id),
    )
    return cursor.rowcount == 1


def hand_victim_over(cursor: Cursor, reference: str, liaison: str) -> int:
    """To another liaison officer, who sees the victim from now on; the victim's id. For the owner."""
    officer = find_staff(cursor, liaison)
    if officer is None or officer.role is not StaffRole.VICTIM_LIAISON:
        raise InputError(f"{liaison} is no victim liaison officer on the staff list: add them to it first")
    cursor.execute(
        "UPDATE victims SET liaison = %s WHERE reference = %s AND ended_at IS NULL RETURNING victim_id",
        (liaison, reference),
    )
    row = cursor.fetchone()
    if row is None:
        raise InputError(f"there is no victim {reference}: `cordon victims list` shows them")
    victim_id: int = row[0]
    return victim_id
