"""Which changes of visits alert, and how (pure)."""

from collections.abc import Iterable
from dataclasses import replace

from alerts.evidence import visit_evidence
from geofence.detection import VisitChange
from model.alerts import Alert, AlertChange, more_urgent, visit_alert_identifier
from model.enums import AlertChangeKind, AlertKind, AlertState, Aspect, Regime, Severity, Urgency, VisitState, ZoneKind
from model.times import SECOND_US
from model.visits import EvidencePosition, Visit

LATE_S = 900.0
"""NIJ Standard-1004.00 gives 15 minutes from the upload. What is older at its receipt, and over, is history."""

STALE_S = 7200.0
"""Of a visit that goes on: whoever was known inside so long ago is not told of as if it were now."""

KINDS = {
    (ZoneKind.EXCLUSION, Regime.IN_FORCE): (AlertKind.EXCLUSION_ZONE_BREACH, Severity.BREACH),
    (ZoneKind.EXCLUSION, Regime.AUTHORISED): (AlertKind.AUTHORISED_ENTRY, Severity.INFORMATION),
    (ZoneKind.INCLUSION, Regime.IN_FORCE): (AlertKind.INCLUSION_ZONE_ABSENCE, Severity.BREACH),
    (ZoneKind.INCLUSION, Regime.AUTHORISED): (AlertKind.AUTHORISED_ABSENCE, Severity.INFORMATION),
    (ZoneKind.CURFEW, Regime.IN_FORCE): (AlertKind.CURFEW_ABSENCE, Severity.BREACH),
    (ZoneKind.CURFEW, Regime.AUTHORISED): (AlertKind.AUTHORISED_ABSENCE, Severity.INFORMATION),
    (ZoneKind.AUTHORITY_AREA, Regime.IN_FORCE): (AlertKind.AUTHORITY_AREA_ENTRY, Severity.INFORMATION),
    (ZoneKind.AUTHORITY_AREA, Regime.AUTHORISED): (AlertKind.AUTHORITY_AREA_ENTRY, Severity.INFORMATION),
    (ZoneKind.HOME_AREA, Regime.IN_FORCE): (AlertKind.LEFT_HOME_AREA, Severity.INFORMATION),
    (ZoneKind.HOME_AREA, Regime.AUTHORISED): (AlertKind.AUTHORISED_ABSENCE, Severity.INFORMATION),
}
"""What a confirmed visit to a zone raises; a visit to a crime scene alerts nobody."""


def decide(changes: Iterable[VisitChange]) -> list[AlertChange]:
    """The alert changes of what became of visits in a batch, in their order.

    A visit raises one alert once it is confirmed, or inferred from a crossing, updates it and ends it. One that was
    both raised and ended tells both; other changes of one alert in the batch are one.
    """
    return [told for change in changes for told in _told(change)]


def _told(change: VisitChange) -> list[AlertChange]:
    before, after = change.before, change.after
    if not alerts(after):
        return []
    if before is None or not alerts(before):
        urgency = urgency_of(after, _known_us(after))
        raised = AlertChange(AlertChangeKind.RAISED, alert_of(_as_it_began(after), urgency))
        if after.state.is_open or after.inferred:
            return [raised]
        return [raised, AlertChange(AlertChangeKind.ENDED, alert_of(after, urgency))]
    told = more_urgent(urgency_of(before, _known_us(before)), urgency_of(before, _confirmed_by(before).received_us))
    if not after.state.is_open:
        return [AlertChange(AlertChangeKind.ENDED, alert_of(after, told))]
    alert = alert_of(after, more_urgent(told, urgency_of(after, _known_us(after))))
    rises = told is Urgency.MORNING and alert.urgency is Urgency.IMMEDIATE
    return [AlertChange(AlertChangeKind.UPGRADED if rises else AlertChangeKind.UPDATED, alert)]


def alerts(visit: Visit) -> bool:
    """Whether staff are told of the visit as it stands."""
    told = visit.confirmed_us is not None or visit.inferred
    return told and visit.state is not VisitState.RETRACTED and _kind(visit) is not None


def alert_of(visit: Visit, urgency: Urgency) -> Alert:
    """The alert of a visit that ``alerts``. Raises ValueError for one that has none."""
    found = _kind(visit)
    if found is None:
        raise ValueError(f"a visit to a zone of the kind {visit.zone_kind} alerts nobody")
    return alert_as(visit, *found, urgency)


def alert_as(visit: Visit, kind: AlertKind, severity: Severity, urgency: Urgency) -> Alert:
    """The alert of a visit under a given kind: what staff were told may be another than what it is now."""
    return Alert(
        alert_id=visit_alert_identifier(visit.visit_id),
        kind=kind,
        severity=severity,
        urgency=Urgency.MORNING if severity is Severity.INFORMATION else urgency,
        state=AlertState.OPEN if visit.state.is_open else AlertState.ENDED,
        person_id=visit.person_id,
        activation_id=visit.activation_id,
        zone_id=visit.zone_id,
        zone_version=visit.zone_version,
        visit_id=visit.visit_id,
        began_us=visit.entered_us,
        last_evidence_us=visit.last_inside_us,
        ended_us=visit.left_us,
        received_us=_confirmed_by(visit).received_us,
        evidence=visit_evidence(visit),
    )


def urgency_of(visit: Visit, known_us: int) -> Urgency:
    """What was over before we could know of it goes to the morning list; what goes on is told at once.

    Who was last known inside STALE_S ago may be there still; longer ago, it waits for a position that says so: a tag
    that uploads a long past in pieces seems to be inside at the end of every piece. ``known_us`` is when the evidence
    was complete: the receipt of a position or, where the past is judged anew, when that was asked for.
    """
    if visit.state.is_open:
        is_late = known_us - visit.last_inside_us > STALE_S * SECOND_US
    else:
        decided_us = visit.entered_us if visit.confirmed_us is None else visit.confirmed_us
        is_late = known_us - decided_us > LATE_S * SECOND_US
    return Urgency.MORNING if is_late else Urgency.IMMEDIATE


def _known_us(visit: Visit) -> int:
    """When we could know that it goes on or, where it is over, that it was."""
    return visit.evidence.latest.received_us if visit.state.is_open else _confirmed_by(visit).received_us


def _confirmed_by(visit: Visit) -> EvidencePosition:
    return visit.evidence.confirming or visit.evidence.entry


def _kind(visit: Visit) -> tuple[AlertKind, Severity] | None:
    if visit.zone_kind is ZoneKind.CRIME_SCENE:
        return None
    if visit.zone_kind.binds and visit.aspect is Aspect.BUFFER:
        return AlertKind.APPROACH_WARNING, Severity.WARNING
    if visit.zone_kind.binds and visit.inferred:
        return AlertKind.INFERRED_CROSSING, Severity.WARNING
    return KINDS[visit.zone_kind, visit.regime]


def _as_it_began(visit: Visit) -> Visit:
    """A visit that began and ended at once, as it was when it was raised; one inferred is over when it is known."""
    if visit.state.is_open or visit.inferred:
        return visit
    return replace(visit, state=VisitState.CONFIRMED, left_us=None, closed_us=None, end_reason=None)
