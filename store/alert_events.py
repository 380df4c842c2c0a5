"""The log of alert changes, as the stream reads it. Event ids become visible in their order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from store.database import Cursor, fetch_one


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One change. No place in it: a client that may see the alert reads its evidence by its id, which is audited."""

    event_id: int
    change: str
    happened_at: datetime
    alert_id: str
    kind: str
    severity: str
    urgency: str
    state: str  # as this change left it
    person_id: int | None
    crn: str | None
    zone_name: str | None
    began_at: datetime
    last_evidence_at: datetime
    ended_at: datetime | None
    status: str | None  # these of what staff did: how far it is worked since, what was done, and by whom
    action: str | None
    acted_by: str | None


Caller = tuple[str, str]
"""Subject and role."""


def last_event_id(cursor: Cursor) -> int:
    """The latest change of any alert; 0 before the first."""
    cursor.execute("SELECT coalesce(max(event_id), 0) FROM alert_events")
    last: int = fetch_one(cursor)[0]
    return last


def list_events(cursor: Cursor, after: int, limit: int) -> list[AlertEvent]:
    """In order, from behind ``after``; those that row security shows to the caller."""
    cursor.execute(
        """
        SELECT event.event_id, event.change, event.happened_at, event.alert_id::text, alert.kind, alert.severity,
               event.urgency, event.payload ->> 'state', event.person_id, person.crn,
               version.name, alert.began_at, alert.last_evidence_at, alert.ended_at,
               event.payload ->> 'status', event.payload ->> 'action', event.payload ->> 'acted_by'
        FROM alert_events event
        JOIN alerts alert USING (alert_id)
        LEFT JOIN people person ON person.person_id = event.person_id
        LEFT JOIN zone_versions version ON version.zone_id = alert.zone_id AND version.version = alert.zone_version
        WHERE event.event_id > %s
        ORDER BY event.event_id
        LIMIT %s
        """,
        (after, limit),
    )
    return [AlertEvent(*row) for row in cursor.fetchall()]


def visible_pairs(
    cursor: Cursor, callers: Sequence[Caller], person_ids: Sequence[int | None]
) -> set[tuple[Caller, int | None]]:
    """Which caller may see which person, by row security's own rule; None stands for alerts that are nobody's."""
    cursor.execute(
        """
        SELECT caller.subject, caller.role, seen
        FROM unnest(%s::text[], %s::text[]) AS caller (subject, role)
        CROSS JOIN LATERAL caller_sees_of(caller.subject, caller.role, %s::bigint[]) AS seen
        """,
        ([subject for subject, _ in callers], [role for _, role in callers], list(person_ids)),
    )
    return {((subject, role), person_id) for subject, role, person_id in cursor.fetchall()}
