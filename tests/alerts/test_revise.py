"""What staff are told when the past was judged anew."""

from dataclasses import replace
from uuid import UUID

import pytest

from alerts.revise import decide_revisions
from geofence.revision import Revision
from model.alerts import ToldAlert
from model.enums import AlertChangeKind, AlertKind, AlertState, Severity, Urgency, VisitState
from tests.support.visits import confirmed_visit

BEGAN_US = 1_772_442_000_000_000
HOUR_US = 3_600_000_000


@pytest.mark.parametrize("state", AlertState)
def test_what_was_told_as_less_serious_is_told_as_worse_whatever_had_ended_or_was_taken_back(state: AlertState) -> None:
    """As if it merely went on, an officer who reviews the warning would have nothing to acknowledge."""
    visit = confirmed_visit(BEGAN_US)
    ended_us = None if state is AlertState.OPEN else BEGAN_US
    told = ToldAlert(AlertKind.APPROACH_WARNING, Severity.WARNING, Urgency.MORNING, state, BEGAN_US, BEGAN_US, ended_us)
    (change,) = decide_revisions([Revision(visit, visit)], {visit.visit_id: told}, BEGAN_US)
    assert (change.kind, change.alert.urgency) == (AlertChangeKind.UPGRADED, Urgency.IMMEDIATE)
    again = replace(told, kind=AlertKind.EXCLUSION_ZONE_BREACH, severity=Severity.BREACH)
    changes = decide_revisions([Revision(visit, visit)], {visit.visit_id: again}, BEGAN_US)
    assert [one.kind for one in changes] == ([] if state is AlertState.OPEN else [AlertChangeKind.REOPENED])


def test_an_alert_that_took_in_another_goes_on() -> None:
    """Closed as drift, it would stay closed; the other is taken back, and nobody would have looked at it."""
    visit = replace(confirmed_visit(BEGAN_US), state=VisitState.ENDED, left_us=BEGAN_US + HOUR_US)
    other = replace(visit, visit_id=UUID(int=2), state=VisitState.RETRACTED)
    first, second = (told_breach(AlertState.ENDED, BEGAN_US + 1), told_breach(AlertState.OPEN, None))
    revisions = [Revision(visit, visit), Revision(other, other, merged_into=visit.visit_id)]
    changes = decide_revisions(revisions, {visit.visit_id: first, other.visit_id: second}, BEGAN_US)
    assert [one.kind for one in changes] == [AlertChangeKind.REOPENED, AlertChangeKind.RETRACTED]
    (alone,) = decide_revisions(revisions, {visit.visit_id: first}, BEGAN_US)
    assert alone.kind is AlertChangeKind.AMENDED


def told_breach(state: AlertState, ended_us: int | None) -> ToldAlert:
    kind = AlertKind.EXCLUSION_ZONE_BREACH
    return ToldAlert(kind, Severity.BREACH, Urgency.IMMEDIATE, state, BEGAN_US, BEGAN_US, ended_us)
