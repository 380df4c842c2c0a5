"""Which crossings of a batch become which alert changes."""

from dataclasses import replace
from uuid import UUID

import pytest

from alerts.decide import decide
from geofence.presence import Crossing
from model.enums import AlertChangeKind, AlertKind, AlertState, Mechanism, ZoneKind
from model.visits import AlertChange, Evidence, EvidencePosition, Visit, alert_identifier, visit_identifier

IDENTIFIER = "232bf1c4-a8a0-5cd2-8777-4d3b9a6cc5d6"
"""It is stored, so it never changes."""

Crossed = tuple[Crossing, Visit]


def at(fix_time_us: int) -> EvidencePosition:
    return EvidencePosition(1, fix_time_us, 0, fix_time_us, 51.5, -0.1, None, Mechanism.GPS, 0, 1.0)


def entered(moment: int, zone_id: int = 3, kind: ZoneKind = ZoneKind.EXCLUSION) -> Crossed:
    evidence = Evidence(at(moment), at(moment), at(moment))
    identifier = visit_identifier(7, zone_id, moment)
    return Crossing.ENTERED, Visit(identifier, 7, 5, zone_id, 1, kind, moment, moment, None, 1, evidence)


def stayed(before: Crossed, moment: int) -> Crossed:
    visit = before[1]
    return Crossing.STAYED, replace(visit, last_inside_us=moment, positions_inside=visit.positions_inside + 1)


def left(before: Crossed, moment: int) -> Crossed:
    return Crossing.LEFT, replace(before[1], left_us=moment)


def kinds(changes: list[AlertChange]) -> list[tuple[str, str, int]]:
    return [(change.kind.value, change.alert.state.value, change.alert.visit.positions_inside) for change in changes]


IN = entered(1)
STAY = stayed(IN, 2)
STAY_ON = stayed(STAY, 3)
OUT = left(STAY_ON, 4)


@pytest.mark.parametrize(
    ("crossings", "expected"),
    [
        ([], []),
        ([IN], [("raised", "open", 1)]),
        ([IN, STAY, STAY_ON], [("raised", "open", 3)]),
        ([STAY, STAY_ON], [("updated", "open", 3)]),
        ([STAY, STAY_ON, OUT], [("updated", "open", 3), ("ended", "ended", 3)]),
        ([OUT], [("ended", "ended", 3)]),
        ([IN, STAY, STAY_ON, OUT], [("raised", "open", 3), ("ended", "ended", 3)]),
        ([IN, left(IN, 2)], [("raised", "open", 1), ("ended", "ended", 1)]),
    ],
)
def test_changes_that_tell_nothing_new_are_joined(
    crossings: list[Crossed], expected: list[tuple[str, str, int]]
) -> None:
    assert kinds(decide(crossings)) == expected


def test_the_next_visit_raises_an_alert_of_its_own() -> None:
    again = entered(5)
    changes = decide([STAY, STAY_ON, OUT, again, stayed(again, 6)])
    assert [change.kind for change in changes] == [
        AlertChangeKind.UPDATED,
        AlertChangeKind.ENDED,
        AlertChangeKind.RAISED,
    ]
    assert changes[2].alert.alert_id != changes[1].alert.alert_id == changes[0].alert.alert_id


def test_alerts_of_two_zones_do_not_join() -> None:
    other = entered(1, zone_id=4)
    changes = decide([IN, other, STAY, stayed(other, 2)])
    assert [
        (change.kind.value, change.alert.visit.zone_id, change.alert.visit.positions_inside) for change in changes
    ] == [
        ("raised", 3, 2),
        ("raised", 4, 2),
    ]


def test_a_crime_scene_alerts_nobody() -> None:
    scene = entered(1, kind=ZoneKind.CRIME_SCENE)
    assert decide([scene, stayed(scene, 2), left(scene, 3)]) == []


def test_an_alert_is_open_until_its_visit_has_ended() -> None:
    states = [change.alert.state for change in decide([STAY, left(STAY, 3)])]
    assert states == [AlertState.OPEN, AlertState.ENDED]


def test_an_alert_is_the_same_whoever_raises_it() -> None:
    visit_id = UUID("00000000-0000-0000-0000-000000000001")
    assert str(alert_identifier(visit_id, AlertKind.EXCLUSION_ZONE_BREACH)) == IDENTIFIER
    assert decide([IN])[0].alert.alert_id == decide([STAY])[0].alert.alert_id
