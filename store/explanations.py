"""What an alert's explanation is made from, as far as row security shows it to the caller."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from model.alerts import Alert
from model.enums import AlertChangeKind, AlertKind, Urgency
from model.explanations import (
    AlertCase,
    DeviceTrouble,
    GrantedAuthorisation,
    LapsedStay,
    LoggedChange,
    PersonName,
    ZoneAsItStood,
)
from model.times import microseconds_or_none, to_microseconds
from store.alert_rows import LAST_HEARD, SHOWN_ALERT, alert_of
from store.database import Cursor
from store.zone_versions import ZONE_VERSION, ZONE_VERSIONS, zone_version

LAPSED_WITHIN = "1 hour"
MOST_LAPSED = 5
AUTHORISED_WITHIN = "24 hours"


def load_alert_case(cursor: Cursor, alert_id: UUID) -> AlertCase | None:
    """Everything that explains an alert; None where it is not there for the caller."""
    cursor.execute(
        f"SELECT alert.raised_at, {LAST_HEARD}, person.crn, person.name,"  # noqa: S608  our own column names
        " (SELECT other.alert_id FROM alerts other JOIN visits ON visits.merged_into = other.visit_id"
        f"   WHERE visits.visit_id = alert.visit_id ORDER BY other.sequence LIMIT 1), {SHOWN_ALERT}"
        " FROM alerts alert LEFT JOIN people person USING (person_id) WHERE alert.alert_id = %s::uuid",
        (str(alert_id),),
    )
    row = cursor.fetchone()
    if row is None:
        return None
    raised_at, heard_at, crn, name, merged_into, *alert_row = row
    alert = alert_of(alert_row)
    changes, updates = _changes(cursor, alert_id)
    return AlertCase(
        alert=alert,
        person=None if crn is None else PersonName(crn, name),
        raised_us=to_microseconds(raised_at),
        versions=() if alert.zone_id is None else _versions(cursor, alert.zone_id),
        changes=changes,
        updates=updates,
        lapsed=_lapsed(cursor, alert),
        authorisations=_authorisations(cursor, alert),
        troubles=_troubles(cursor, alert),
        last_heard_us=microseconds_or_none(heard_at),
        merged_into=None if merged_into is None else UUID(merged_into),
    )


def _versions(cursor: Cursor, zone_id: int) -> tuple[ZoneAsItStood, ...]:
    """Every version of the zone: a stay that saw an edit was judged by more than one."""
    cursor.execute(
        f"SELECT {ZONE_VERSION}, version.preset FROM {ZONE_VERSIONS} WHERE zone_id = %s"  # noqa: S608  our own column names
        " ORDER BY version.version",
        (zone_id,),
    )
    return tuple(ZoneAsItStood(zone_version(row[:-1]), row[-1]) for row in cursor.fetchall())


def _changes(cursor: Cursor, alert_id: UUID) -> tuple[tuple[LoggedChange, ...], int]:
    """The log of what is so, without its updates: each change beside what was told before; and how many updates.

    A long stay is brought up to date with every batch: thousands of rows that tell one thing. The alert and the log's
    first row are written one after the other, by the clock: the first telling has the alert's time.
    """
    cursor.execute(
        "SELECT change, logged.urgency, CASE change WHEN 'raised' THEN raised_at ELSE happened_at END, before, payload"
        " FROM ("
        "   SELECT alert_id, event_id, change, urgency, happened_at, payload,"
        "     lag(payload) OVER (ORDER BY event_id) AS before"
        "   FROM alert_events WHERE alert_id = %s::uuid) logged JOIN alerts USING (alert_id)"
        " WHERE change NOT IN ('updated', 'worked') ORDER BY event_id",
        (str(alert_id),),
    )
    changes = tuple(
        LoggedChange(AlertChangeKind(change), Urgency(urgency), to_microseconds(happened_at), before, after)
        for change, urgency, happened_at, before, after in cursor.fetchall()
    )
    cursor.execute(
        "SELECT count(*) FROM alert_events WHERE alert_id = %s::uuid AND change = 'updated'", (str(alert_id),)
    )
    (updates,) = cursor.fetchall()[0]
    return changes, updates


def _lapsed(cursor: Cursor, alert: Alert) -> tuple[LapsedStay, ...]:
    """The last stays in the same place that came to nothing shortly before the alert's own, oldest first."""
    cursor.execute(
        "SELECT other.entered_at, other.last_inside_at, other.positions_inside FROM visits own JOIN visits other"
        "   ON other.activation_id = own.activation_id AND other.zone_id = own.zone_id AND other.aspect = own.aspect"
        " WHERE own.visit_id = %s::uuid AND other.state = 'lapsed' AND other.visit_id <> own.visit_id"
        "   AND other.entered_at < own.entered_at AND other.last_inside_at >= own.entered_at - %s::interval"
        " ORDER BY other.entered_at DESC LIMIT %s",
        (None if alert.visit_id is None else str(alert.visit_id), LAPSED_WITHIN, MOST_LAPSED),
    )
    return tuple(
        LapsedStay(to_microseconds(entered_at), to_microseconds(last_inside_at), positions_inside)
        for entered_at, last_inside_at, positions_inside in reversed(cursor.fetchall())
    )


def _authorisations(cursor: Cursor, alert: Alert) -> tuple[GrantedAuthorisation, ...]:
    """Those granted to the person, of the zone, for a time of the stay or of the day before it, oldest first."""
    cursor.execute(
        "SELECT authorisation.authorisation_id, lower(during), upper(during), lifts_until, purpose,"
        " granted_by, granted_at, revoked_at, revoked_by FROM authorisations authorisation"
        " JOIN alerts alert USING (person_id, zone_id) WHERE alert.alert_id = %s::uuid"
        " AND during && tstzrange(began_at - %s::interval, coalesce(ended_at, last_evidence_at), '[]')"
        " ORDER BY lower(during), authorisation_id",
        (str(alert.alert_id), AUTHORISED_WITHIN),
    )
    return tuple(_authorisation(row) for row in cursor.fetchall())


def _authorisation(row: Sequence[Any]) -> GrantedAuthorisation:
    authorisation_id, begins_at, ends_at, lifts_until, purpose, granted_by, granted_at, revoked_at, revoked_by = row
    return GrantedAuthorisation(
        authorisation_id=authorisation_id,
        begins_us=to_microseconds(begins_at),
        ends_us=to_microseconds(ends_at),
        lifts_until_us=to_microseconds(lifts_until),
        purpose=purpose,
        granted_by=granted_by,
        granted_us=to_microseconds(granted_at),
        revoked_us=microseconds_or_none(revoked_at),
        revoked_by=revoked_by,
    )


def _troubles(cursor: Cursor, alert: Alert) -> tuple[DeviceTrouble, ...]:
    """Open alerts of the same device itself."""
    cursor.execute(
        "SELECT alert_id, kind, began_at FROM alerts WHERE activation_id = %s AND state = 'open' AND zone_id IS NULL"
        " AND alert_id <> %s::uuid ORDER BY began_at, kind",
        (alert.activation_id, str(alert.alert_id)),
    )
    return tuple(
        DeviceTrouble(UUID(alert_id), AlertKind(kind), to_microseconds(began_at))
        for alert_id, kind, began_at in cursor.fetchall()
    )
