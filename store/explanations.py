"""What an alert's explanation is made from, as far as row security shows it to the caller."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from geofence import schedule_documents
from geofence.geojson import from_stored
from model.alerts import Alert
from model.enums import AlertChangeKind, AlertKind, AlertState, Severity, Urgency, ZoneKind
from model.explanations import (
    AlertCase,
    DeviceTrouble,
    GrantedAuthorisation,
    LapsedStay,
    LoggedChange,
    PersonName,
    ZoneAsItStood,
)
from model.policies import policy_of
from model.times import to_microseconds
from model.zones import ZoneVersion
from store.database import Cursor

LAPSED_WITHIN = "1 hour"
MOST_LAPSED = 5
AUTHORISED_WITHIN = "24 hours"


def load_alert_case(cursor: Cursor, alert_id: UUID) -> AlertCase | None:
    """Everything that explains an alert; None where it is not there for the caller."""
    cursor.execute(
        "SELECT alert.alert_id, alert.kind, alert.severity, alert.urgency, alert.state, alert.person_id,"
        " alert.activation_id, alert.zone_id, alert.zone_version, alert.visit_id, alert.began_at,"
        " alert.last_evidence_at, alert.ended_at, alert.received_at, alert.evidence,"
        " alert.raised_at, activation_heard(alert.activation_id), person.crn, person.name,"
        " (SELECT other.alert_id FROM alerts other JOIN visits ON visits.merged_into = other.visit_id"
        "   WHERE visits.visit_id = alert.visit_id ORDER BY other.sequence LIMIT 1)"
        " FROM alerts alert LEFT JOIN people person USING (person_id) WHERE alert.alert_id = %s::uuid",
        (str(alert_id),),
    )
    row = cursor.fetchone()
    if row is None:
        return None
    alert = _alert(row[:15])
    raised_at, heard_at, crn, name, merged_into = row[15:]
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
        last_heard_us=None if heard_at is None else to_microseconds(heard_at),
        merged_into=None if merged_into is None else UUID(merged_into),
    )


def _alert(row: Sequence[Any]) -> Alert:
    alert_id, kind, severity, urgency, state, person_id, activation_id, zone_id, zone_version, visit_id, *rest = row
    began_at, last_evidence_at, ended_at, received_at, evidence = rest
    return Alert(
        alert_id=UUID(alert_id),
        kind=AlertKind(kind),
        severity=Severity(severity),
        urgency=Urgency(urgency),
        state=AlertState(state),
        person_id=person_id,
        activation_id=activation_id,
        zone_id=zone_id,
        zone_version=zone_version,
        visit_id=None if visit_id is None else UUID(visit_id),
        began_us=to_microseconds(began_at),
        last_evidence_us=to_microseconds(last_evidence_at),
        ended_us=None if ended_at is None else to_microseconds(ended_at),
        received_us=to_microseconds(received_at),
        evidence=evidence,
    )


def _versions(cursor: Cursor, zone_id: int) -> tuple[ZoneAsItStood, ...]:
    """Every version of the zone: a stay that saw an edit was judged by more than one."""
    cursor.execute(
        "SELECT version.version, zone.reference, version.name, version.kind, zone.person_id, version.geometry,"
        " version.schedule, version.preset, version.policy, version.is_disclosed,"
        " version.valid_from, version.valid_to, version.active_from, version.active_to"
        " FROM zones zone JOIN zone_versions version USING (zone_id) WHERE zone_id = %s ORDER BY version.version",
        (zone_id,),
    )
    return tuple(_version(zone_id, row) for row in cursor.fetchall())


def _version(zone_id: int, row: Sequence[Any]) -> ZoneAsItStood:
    version, reference, name, kind, person_id, geometry, schedule, preset, policy, is_disclosed, *times = row
    valid_from, valid_to, active_from, active_to = times
    stood = ZoneVersion(
        zone_id=zone_id,
        version=version,
        reference=reference,
        name=name,
        kind=ZoneKind(kind),
        person_id=person_id,
        geometry=from_stored(geometry),
        valid_from_us=to_microseconds(valid_from),
        valid_to_us=None if valid_to is None else to_microseconds(valid_to),
        active_from_us=None if active_from is None else to_microseconds(active_from),
        active_to_us=None if active_to is None else to_microseconds(active_to),
        schedule=schedule_documents.from_stored(schedule),
        policy=policy_of(preset, policy),
        is_disclosed=is_disclosed,
    )
    return ZoneAsItStood(stood, preset)


def _changes(cursor: Cursor, alert_id: UUID) -> tuple[tuple[LoggedChange, ...], int]:
    """The log without its updates, each change beside what was told before it; and how many updates there were.

    A long stay is brought up to date with every batch: thousands of rows that tell one thing. The alert and the log's
    first row are written one after the other, by the clock: the first telling has the alert's time.
    """
    cursor.execute(
        "SELECT change, logged.urgency, CASE change WHEN 'raised' THEN raised_at ELSE happened_at END, before, payload"
        " FROM ("
        "   SELECT alert_id, event_id, change, urgency, happened_at, payload,"
        "     lag(payload) OVER (ORDER BY event_id) AS before"
        "   FROM alert_events WHERE alert_id = %s::uuid) logged JOIN alerts USING (alert_id)"
        " WHERE change <> 'updated' ORDER BY event_id",
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
        revoked_us=None if revoked_at is None else to_microseconds(revoked_at),
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
