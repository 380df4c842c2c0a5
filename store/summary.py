"""What one run of the service has done, for whoever started it; read as the owner."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.database import Cursor, fetch_one


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the database holds."""

    people: int
    positions: int
    alerts: int


@dataclass(frozen=True, slots=True)
class RunFigures:
    """What has come in and out since a moment. Delays are None while there was no alert."""

    stored: int
    quarantined: int
    rejected: int
    visits: int
    alerts: int
    delay_p50_s: float | None
    delay_p99_s: float | None


@dataclass(frozen=True, slots=True)
class AlertNotice:
    """One change of one alert with what a person needs to understand it."""

    event_id: int
    change: str
    kind: str
    alert_id: str
    crn: str
    name: str
    practitioner: str | None
    serial: str
    zone_reference: str
    zone_name: str
    began_at: datetime
    ended_at: datetime | None
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PlacedWearer:
    """One whom matching places at a crime, surely or perhaps, and why."""

    name: str
    crn: str
    verdict: str
    reason: str  # the first


@dataclass(frozen=True, slots=True)
class CrimeNotice:
    """A crime's first match: the four counts, and whom it places there."""

    reference: str
    placed: tuple[PlacedWearer, ...]
    from_time: datetime
    to_time: datetime
    took_s: float  # from the import
    present: int
    possible: int
    absent: int
    cannot_say: int


@dataclass(frozen=True, slots=True)
class StaffNotice:
    """What a member of staff is to be told, and whether a message has taken it along."""

    notice_id: int
    recipient: str
    channel: str
    is_waiting: bool


def staff_notices(cursor: Cursor, after: int) -> list[StaffNotice]:
    """Those behind the notice ``after``, in the order in which they were written."""
    cursor.execute(
        "SELECT notice_id, recipient, channel, message_id IS NULL FROM notices"
        " WHERE notice_id > %s AND cancelled_at IS NULL ORDER BY notice_id",
        (after,),
    )
    return [StaffNotice(*row) for row in cursor.fetchall()]


def last_notice_id(cursor: Cursor) -> int:
    cursor.execute("SELECT coalesce(max(notice_id), 0) FROM notices")
    return int(fetch_one(cursor)[0])


def crime_notice(cursor: Cursor, reference: str) -> CrimeNotice | None:
    """None before the crime is matched."""
    cursor.execute(
        """
        SELECT run_id, from_time, to_time, extract(epoch FROM run_at - version.created_at)::float8,
               present, possible, absent, cannot_say
        FROM crimes JOIN crime_versions version USING (crime_id) JOIN matching_runs USING (crime_version_id)
        WHERE reference = %s ORDER BY run_id LIMIT 1
        """,
        (reference,),
    )
    row = cursor.fetchone()
    if row is None:
        return None
    run_id, *matched = row
    cursor.execute(
        "SELECT name, crn, verdict, document->'reasons'->>0 FROM matching_results JOIN people USING (person_id)"
        " WHERE run_id = %s AND verdict IN ('present', 'possible') ORDER BY verdict DESC, crn",
        (run_id,),
    )
    return CrimeNotice(reference, tuple(PlacedWearer(*one) for one in cursor.fetchall()), *matched)


def holdings(cursor: Cursor) -> Holdings:
    cursor.execute(
        "SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM positions), (SELECT count(*) FROM alerts)"
    )
    return Holdings(*fetch_one(cursor))


def server_time(cursor: Cursor) -> datetime:
    """The database's clock, cut to the milliseconds in which messages are stamped."""
    cursor.execute("SELECT date_trunc('milliseconds', service_clock())")
    moment: datetime = fetch_one(cursor)[0]
    return moment


def run_figures(cursor: Cursor, since: datetime) -> RunFigures:
    """Counts of what was received, entered and raised at or after ``since``, and the delay from ping to alert."""
    cursor.execute(
        """
        SELECT
          (SELECT count(*) FROM positions WHERE received_at >= %(since)s),
          (SELECT count(*) FROM quarantined_positions WHERE received_at >= %(since)s),
          (SELECT count(*) FROM dead_letters WHERE received_at >= %(since)s),
          (SELECT count(*) FROM visits WHERE entered_at >= %(since)s),
          count(*),
          percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM raised_at - received_at)),
          percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM raised_at - received_at))
        FROM alerts WHERE raised_at >= %(since)s
        """,
        {"since": since},
    )
    return RunFigures(*fetch_one(cursor))


def alert_notices(cursor: Cursor, after_event: int) -> list[AlertNotice]:
    """The changes of alerts behind ``after_event``, oldest first; the alert is shown as it stands now."""
    cursor.execute(
        """
        SELECT event.event_id, event.change, alert.kind, alert.alert_id::text, person.crn, person.name,
               person.practitioner, device.serial, zone.reference, version.name, alert.began_at, alert.ended_at,
               alert.evidence
        FROM alert_events event
        JOIN alerts alert USING (alert_id)
        JOIN people person ON person.person_id = alert.person_id
        JOIN device_activations activation ON activation.activation_id = alert.activation_id
        JOIN devices device USING (device_id)
        JOIN zones zone ON zone.zone_id = alert.zone_id
        JOIN zone_versions version ON version.zone_id = alert.zone_id AND version.version = alert.zone_version
        WHERE event.event_id > %s
        ORDER BY event.event_id
        """,
        (after_event,),
    )
    return [AlertNotice(*row) for row in cursor.fetchall()]
