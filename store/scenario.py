"""A scenario's own time, and what it reads of what happened. Only for a database that a scenario made for itself."""

from dataclasses import dataclass
from datetime import datetime

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
    action: str | None  # of a change that somebody made: what, who, and whose it is since
    acted_by: str | None
    assigned_to: str | None


def changes_after(cursor: Cursor, event_id: int) -> list[AlertTold]:
    """In their order; what only goes on is left out."""
    cursor.execute(
        "SELECT event_id, alert_id::text, change, kind, alert.severity, event.urgency, crn, reference, happened_at,"
        " payload ->> 'action', payload ->> 'acted_by', payload ->> 'assigned_to'"
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


def waits_for_provider(cursor: Cursor) -> bool:
    """Whether there is a notice to be sent, or a message of which a provider is to be asked how it fares."""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM notices WHERE message_id IS NULL AND cancelled_at IS NULL) OR EXISTS ("
        " SELECT FROM messages WHERE dead_at IS NULL AND (accepted_at IS NULL OR next_check_at <= service_clock()))"
    )
    (waits,) = fetch_one(cursor)
    return bool(waits)


def waiting_channels(cursor: Cursor) -> set[str]:
    """Of receivers for whom there is an alert event that may be posted now."""
    cursor.execute(
        "SELECT DISTINCT channel FROM outbox WHERE delivered_at IS NULL AND dead_at IS NULL"
        " AND next_attempt_at <= service_clock()"
    )
    return {channel for (channel,) in cursor.fetchall()}


def alerts_of_message(cursor: Cursor, message_id: int) -> list[str]:
    """Each once, in the order in which they were to be told."""
    cursor.execute(
        "SELECT alert_id::text FROM notices WHERE message_id = %s AND alert_id IS NOT NULL"
        " GROUP BY alert_id ORDER BY min(notice_id)",
        (message_id,),
    )
    return [alert_id for (alert_id,) in cursor.fetchall()]


def next_due(cursor: Cursor, hand_over_notice_s: float, quiet_s: float) -> datetime | None:
    """When the timetable or the delivery of messages has something to do next; in the past where it has now."""
    cursor.execute(
        """
        SELECT min(due) FROM (
          SELECT greatest(look_at, '1970-01-01Z') AS due FROM escalation_looks WHERE look_at IS NOT NULL
          UNION ALL
          SELECT greatest(send_after, (
            SELECT max(created_at) + make_interval(secs => %(quiet_s)s) FROM messages
            WHERE messages.recipient = notices.recipient AND messages.channel = notices.channel))
          FROM notices WHERE message_id IS NULL AND cancelled_at IS NULL
          UNION ALL
          SELECT next_attempt_at FROM messages WHERE accepted_at IS NULL AND dead_at IS NULL
          UNION ALL
          SELECT upper(during) FROM rota_shifts WHERE cancelled_at IS NULL AND handed_over_at IS NULL
          UNION ALL
          SELECT upper(during) - make_interval(secs => %(notice_s)s) FROM rota_shifts
          WHERE cancelled_at IS NULL AND ending_told_at IS NULL
        ) waiting
        """,
        {"quiet_s": quiet_s, "notice_s": hand_over_notice_s},
    )
    due: datetime | None = fetch_one(cursor)[0]
    return due


@dataclass(frozen=True, slots=True)
class Undone:
    """What was to be told and is not: notices in no message, messages that no provider took, events not delivered."""

    notices: int
    messages: int
    alert_events: int


def count_undone(cursor: Cursor) -> Undone:
    cursor.execute(
        "SELECT (SELECT count(*) FROM notices WHERE message_id IS NULL AND cancelled_at IS NULL),"
        " (SELECT count(*) FROM messages WHERE accepted_at IS NULL),"
        " (SELECT count(*) FROM outbox WHERE delivered_at IS NULL)"
    )
    return Undone(*fetch_one(cursor))


def messages_arrived(cursor: Cursor) -> dict[str, int]:
    """How many a provider took, by channel."""
    cursor.execute("SELECT channel, count(*) FROM messages WHERE accepted_at IS NOT NULL GROUP BY channel")
    return dict(cursor.fetchall())


def count_people(cursor: Cursor) -> int:
    cursor.execute("SELECT count(*) FROM people")
    return int(fetch_one(cursor)[0])
