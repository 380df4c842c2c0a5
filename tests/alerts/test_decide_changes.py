"""Which changes of visits become which alert changes."""

from dataclasses import replace
from uuid import UUID

import pytest

from alerts.decide import LATE_S, alert_of, decide
from geofence.detection import VisitChange
from model.alerts import AlertChange
from model.enums import AlertKind, AlertState, Aspect, EndReason, Regime, Severity, Urgency, VisitState, ZoneKind
from model.times import SECOND_US
from model.visits import Verdict, Visit
from tests.support.visits import confirmed_visit, position

CONFIRMED = confirmed_visit(1)
POSSIBLE = replace(
    CONFIRMED,
    state=VisitState.POSSIBLE,
    confirmed_us=None,
    evidence=replace(CONFIRMED.evidence, confirming=None),
)
LAPSED = replace(POSSIBLE, state=VisitState.LAPSED, left_us=9, closed_us=9, end_reason=EndReason.LEFT)
STAYED = replace(CONFIRMED, last_inside_us=5, positions_inside=3)
ENDING = replace(STAYED, state=VisitState.ENDING)
ENDED = replace(STAYED, state=VisitState.ENDED, left_us=9, closed_us=9, end_reason=EndReason.LEFT)
CROSSED = replace(POSSIBLE, state=VisitState.ENDED, inferred=True, left_us=9, closed_us=9, end_reason=EndReason.CROSSED)


def kinds(changes: list[AlertChange]) -> list[tuple[str, str, int]]:
    return [
        (change.kind.value, change.alert.state.value, change.alert.evidence["positions_inside"]) for change in changes
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, POSSIBLE, []),
        (None, LAPSED, []),
        (POSSIBLE, POSSIBLE, []),
        (POSSIBLE, LAPSED, []),
        (None, CONFIRMED, [("raised", "open", 1)]),
        (POSSIBLE, CONFIRMED, [("raised", "open", 1)]),
        (None, STAYED, [("raised", "open", 3)]),
        (None, ENDING, [("raised", "open", 3)]),
        (None, ENDED, [("raised", "open", 3), ("ended", "ended", 3)]),
        (POSSIBLE, ENDED, [("raised", "open", 3), ("ended", "ended", 3)]),
        (CONFIRMED, STAYED, [("updated", "open", 3)]),
        (STAYED, ENDING, [("updated", "open", 3)]),
        (STAYED, ENDED, [("ended", "ended", 3)]),
        (ENDING, ENDED, [("ended", "ended", 3)]),
        (None, CROSSED, [("raised", "ended", 1)]),
    ],
)
def test_a_visit_is_told_once_it_is_confirmed(
    before: Visit | None, after: Visit, expected: list[tuple[str, str, int]]
) -> None:
    assert kinds(decide([VisitChange(before, after)])) == expected


def test_each_visit_has_an_alert_of_its_own() -> None:
    again, elsewhere = confirmed_visit(20), confirmed_visit(1, zone_id=4)
    changes = decide([VisitChange(STAYED, ENDED), VisitChange(None, again), VisitChange(None, elsewhere)])
    assert [(change.kind.value, change.alert.visit_id) for change in changes] == [
        ("ended", ENDED.visit_id),
        ("raised", again.visit_id),
        ("raised", elsewhere.visit_id),
    ]
    assert len({change.alert.alert_id for change in changes}) == 3


def test_an_alert_is_the_same_whoever_raises_it() -> None:
    (raised,), (ended,) = decide([VisitChange(None, STAYED)]), decide([VisitChange(STAYED, ENDED)])
    assert raised.alert.alert_id == ended.alert.alert_id
    other = replace(STAYED, visit_id=UUID("00000000-0000-0000-0000-000000000001"))
    assert alert_of(other, Urgency.IMMEDIATE).alert_id != raised.alert.alert_id


KINDS = [
    (ZoneKind.EXCLUSION, Regime.IN_FORCE, AlertKind.EXCLUSION_ZONE_BREACH, Severity.BREACH, Urgency.IMMEDIATE),
    (ZoneKind.EXCLUSION, Regime.AUTHORISED, AlertKind.AUTHORISED_ENTRY, Severity.INFORMATION, Urgency.MORNING),
    (ZoneKind.INCLUSION, Regime.IN_FORCE, AlertKind.INCLUSION_ZONE_ABSENCE, Severity.BREACH, Urgency.IMMEDIATE),
    (ZoneKind.INCLUSION, Regime.AUTHORISED, AlertKind.AUTHORISED_ABSENCE, Severity.INFORMATION, Urgency.MORNING),
    (ZoneKind.CURFEW, Regime.IN_FORCE, AlertKind.CURFEW_ABSENCE, Severity.BREACH, Urgency.IMMEDIATE),
    (ZoneKind.CURFEW, Regime.AUTHORISED, AlertKind.AUTHORISED_ABSENCE, Severity.INFORMATION, Urgency.MORNING),
]


@pytest.mark.parametrize(("zone_kind", "regime", "kind", "severity", "urgency"), KINDS)
def test_what_a_confirmed_visit_raises(
    zone_kind: ZoneKind, regime: Regime, kind: AlertKind, severity: Severity, urgency: Urgency
) -> None:
    (change,) = decide([VisitChange(None, replace(CONFIRMED, zone_kind=zone_kind, regime=regime))])
    assert (change.alert.kind, change.alert.severity, change.alert.urgency) == (kind, severity, urgency)


def test_a_crossing_and_an_approach_are_warnings() -> None:
    approach = replace(CONFIRMED, aspect=Aspect.BUFFER)
    told = [change.alert for change in decide([VisitChange(None, CROSSED), VisitChange(None, approach)])]
    assert [(alert.kind, alert.severity, alert.state) for alert in told] == [
        (AlertKind.INFERRED_CROSSING, Severity.WARNING, AlertState.ENDED),
        (AlertKind.APPROACH_WARNING, Severity.WARNING, AlertState.OPEN),
    ]


@pytest.mark.parametrize("visit", [CONFIRMED, STAYED, ENDED])
@pytest.mark.parametrize("aspect", Aspect)
def test_a_crime_scene_alerts_nobody(visit: Visit, aspect: Aspect) -> None:
    scene = replace(visit, zone_kind=ZoneKind.CRIME_SCENE, aspect=aspect)
    assert decide([VisitChange(None, scene)]) == []


@pytest.mark.parametrize(
    ("late_s", "after", "urgency"),
    [
        (LATE_S, ENDED, Urgency.IMMEDIATE),
        (LATE_S + 1, ENDED, Urgency.MORNING),
        (LATE_S + 1, STAYED, Urgency.IMMEDIATE),
    ],
)
def test_only_what_is_over_and_was_learned_late_waits_for_the_morning(
    late_s: float, after: Visit, urgency: Urgency
) -> None:
    confirming = position(1, Verdict.FOR_ALONE, received_us=1 + round(late_s * SECOND_US))
    found = replace(after, evidence=replace(after.evidence, confirming=confirming))
    assert {change.alert.urgency for change in decide([VisitChange(None, found)])} == {urgency}
