"""What staff are told when the past was judged anew."""

from dataclasses import replace

import pytest

from alerts.revise import decide_revisions
from geofence.revision import Revision
from model.alerts import ToldAlert
from model.enums import AlertChangeKind, AlertKind, AlertState, Severity, Urgency
from tests.support.visits import confirmed_visit

BEGAN_US = 1_772_442_000_000_000


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
