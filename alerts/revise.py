"""What staff are told when the past was judged anew (pure)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from alerts.decide import alert_as, alert_of, alerts, urgency_of
from geofence.revision import Revision
from model.alerts import Alert, AlertChange, ToldAlert, more_urgent
from model.enums import AlertChangeKind, AlertState, Severity

SEVERITIES = (Severity.INFORMATION, Severity.WARNING, Severity.BREACH)


def decide_revisions(revisions: Iterable[Revision], told: Mapping[UUID, ToldAlert], known_us: int) -> list[AlertChange]:
    """The alert changes of ``revisions``, in their order; ``told`` holds the alerts there are, by visit.

    Whoever was told of an alert is told of its change as urgently as before, and at once where it has become worse
    or goes on after all. What took in another stay that had alerted goes on: that one's alert is taken back, and an
    officer may have closed this one without knowing of it. ``known_us`` is when the judgement was asked for.
    """
    revisions = list(revisions)
    took_in = {one.merged_into for one in revisions if _stands(told.get(one.after.visit_id))}
    found = (
        _told(one, told.get(one.after.visit_id), known_us, took_in=one.after.visit_id in took_in) for one in revisions
    )
    return [change for change in found if change is not None]


def _stands(told: ToldAlert | None) -> bool:
    return told is not None and told.state is not AlertState.RETRACTED


def _told(revision: Revision, told: ToldAlert | None, known_us: int, *, took_in: bool) -> AlertChange | None:
    after = revision.after
    if not alerts(after):
        return None if told is None or told.state is AlertState.RETRACTED else _retraction(revision, told)
    if told is None:
        return AlertChange(AlertChangeKind.RAISED, alert_of(after, urgency_of(after, known_us)))
    alert = alert_of(after, told.urgency)
    kind = _kind(told, alert, took_in=took_in)
    if kind is None:
        return None
    if kind in {AlertChangeKind.UPGRADED, AlertChangeKind.REOPENED}:
        alert = alert_of(after, more_urgent(told.urgency, urgency_of(after, known_us)))
    return AlertChange(kind, replace(alert, urgency=more_urgent(alert.urgency, told.urgency)), told)


def _kind(told: ToldAlert, alert: Alert, *, took_in: bool) -> AlertChangeKind | None:
    """None where nothing that was told has changed."""
    if SEVERITIES.index(alert.severity) > SEVERITIES.index(told.severity):
        return AlertChangeKind.UPGRADED
    if alert.state is AlertState.OPEN and told.state is not AlertState.OPEN:
        return AlertChangeKind.REOPENED
    if told.state is AlertState.RETRACTED or (took_in and told.state is AlertState.ENDED):
        return AlertChangeKind.REOPENED
    if alert.state is AlertState.ENDED and told.state is AlertState.OPEN:
        return AlertChangeKind.ENDED
    now = (alert.kind, alert.severity, alert.began_us, alert.last_evidence_us, alert.ended_us)
    before = (told.kind, told.severity, told.began_us, told.last_evidence_us, told.ended_us)
    return None if now == before else AlertChangeKind.AMENDED


def _retraction(revision: Revision, told: ToldAlert) -> AlertChange:
    """The alert as it was told, and that it is not so."""
    visit = revision.after if revision.before is None else revision.before
    alert = alert_as(visit, told.kind, told.severity, told.urgency)
    return AlertChange(
        AlertChangeKind.RETRACTED,
        replace(alert, urgency=told.urgency, state=AlertState.RETRACTED, ended_us=told.ended_us),
        told,
    )
