"""A scenario's own time, and what it reads of what happened. Only for a database that a scenario made for itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.database import Cursor, fetch_one


def install_clock(cursor: Cursor, reads: datetime) -> None:
    """From now on ``service_clock()`` stands at what ``set_clock`` says, for everybody in this database."""
    cursor.execute(
        "CREATE TABLE scenario_clock ("
        " only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), reads timestamptz NOT NULL)"
    )
    cursor.execute("INSERT INTO scenario_clock (reads) VALUES (%s)", (reads,))
    cursor.execute(
        "CREATE OR REPLACE FUNCTION service_clock() RETURNS timestamptz"
        " LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = cordon, pg_temp"
        " AS $$ SELECT reads FROM scenario_clock $$"
    )


def set_clock(cursor: Cursor, reads: datetime) -> None:
    """Raises ValueError where it would go back: nothing in the service is made for that."""
    cursor.execute("UPDATE scenario_clock SET reads = %(reads)s WHERE reads <= %(reads)s", {"reads": reads})
    if cursor.rowcount != 1:
        raise ValueError(f"the scenario's clock does not go back to {reads.isoformat()}")


@dataclass(frozen=True, slots=True)
class AlertTold:
    """One change of an alert, as the log of changes has it."""

    event_id: int
    alert_id: str
    change: str
    kind: str
    severity: str
    urgency: str
    crn: str | None
    zone_reference: str | None
    happened_at: datetime


def changes_after(cursor: Cursor, event_id: int) -> list[AlertTold]:
    """In their order; what only goes on is left out."""
    cursor.execute(
        "SELECT event_id, alert_id::text, change, kind, alert.severity, event.urgency, crn, reference, happened_at"
        " FROM alert_events event JOIN alerts alert USING (alert_id)"
        " LEFT JOIN people ON people.person_id = alert.person_id LEFT JOIN zones USING (zone_id)"
        " WHERE event_id > %s AND change NOT IN ('updated', 'amended') ORDER BY event_id",
        (event_id,),
    )
    return [AlertTold(*row) for row in cursor.fetchall()]


def waits_for_worker(cursor: Cursor) -> bool:
    """Whether something came in, or is to be judged anew, that no worker has judged yet."""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM reevaluations WHERE error IS NULL) OR"
        " (SELECT coalesce(max(sequence), -1) FROM ping_queue) >= (SELECT coalesce(max(next_offset), 0)"
        "   FROM partition_offsets)"
    )
    (waits,) = fetch_one(cursor)
    return bool(waits)


def count_rows(cursor: Cursor, table: str) -> int:
    """Of one of the program's own tables."""
    cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 -- a literal of the program
    (count,) = fetch_one(cursor)
    return int(count)


def set_aside(cursor: Cursor) -> list[Any]:
    """Devices whose past could not be judged anew."""
    cursor.execute("SELECT device_id FROM reevaluations WHERE error IS NOT NULL")
    return [device_id for (device_id,) in cursor.fetchall()]
