"""Alerts, from their rows."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from model.alerts import Alert
from model.enums import AlertKind, AlertState, Severity, Urgency
from model.times import microseconds_or_none, to_microseconds

ALERT = (
    "alert.alert_id, alert.kind, alert.severity, alert.urgency, alert.state, alert.person_id, alert.activation_id,"
    " alert.zone_id, alert.zone_version, alert.visit_id, alert.began_at, alert.last_evidence_at, alert.ended_at,"
    " alert.received_at, alert.evidence"
)
"""The columns of ``alerts alert`` that ``alert_of`` takes."""
SHOWN_EVIDENCE = "shown_evidence(alert.alert_id)"
"""Without the places that may not be shown, which are None: nobody who is answered reads the whole."""
SHOWN_ALERT = ALERT.replace("alert.evidence", SHOWN_EVIDENCE)
LAST_HEARD = (
    "CASE WHEN alert.visit_id IS NULL OR activation_heard(alert.activation_id) IS NULL"
    " THEN activation_heard(alert.activation_id)"
    " ELSE greatest(activation_heard(alert.activation_id), alert.last_evidence_at) END"
)
"""When the alert's device was last heard. Noted once a minute at most, so a visit's last position may be later."""


def alert_of(row: Sequence[Any]) -> Alert:
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
        ended_us=microseconds_or_none(ended_at),
        received_us=to_microseconds(received_at),
        evidence=evidence,
    )
