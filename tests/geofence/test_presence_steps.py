"""The presence engine, row by row: what was, what came, what follows."""

from dataclasses import replace

import pytest

from geofence.presence import Crossing, Inside, Place, Step, step
from model.enums import Mechanism, ZoneKind
from model.visits import Evidence, EvidencePosition, Visit, visit_identifier

IDENTIFIER = "5b35655b-cdc7-5abb-a558-1b115de4d451"
"""It is stored, so it never changes."""

PLACE = Place(activation_id=7, zone_id=3, person_id=5)


def position(fix_time_us: int, depth_m: float = 10.0, fix_key: int = 0) -> EvidencePosition:
    return EvidencePosition(
        device_id=1,
        fix_time_us=fix_time_us,
        fix_key=fix_key,
        received_us=fix_time_us + 1,
        lat=51.5,
        lon=-0.1,
        accuracy_m=8.0,
        mechanism=Mechanism.GPS,
        flags=0,
        depth_m=depth_m,
    )


def inside(fix_time_us: int, depth_m: float = 10.0, version: int = 1, kind: ZoneKind = ZoneKind.EXCLUSION) -> Inside:
    return Inside(position(fix_time_us, depth_m), version, kind)


def visit(entered_us: int, last_us: int, count: int, deepest: EvidencePosition | None = None) -> Visit:
    return Visit(
        visit_id=visit_identifier(PLACE.activation_id, PLACE.zone_id, entered_us),
        activation_id=PLACE.activation_id,
        person_id=PLACE.person_id,
        zone_id=PLACE.zone_id,
        zone_version=1,
        zone_kind=ZoneKind.EXCLUSION,
        entered_us=entered_us,
        last_inside_us=last_us,
        left_us=None,
        positions_inside=count,
        evidence=Evidence(position(entered_us), deepest or position(entered_us), position(last_us)),
    )


ENTERED = visit(100, 100, 1)
STAYED = visit(100, 200, 2)

ROWS = [
    ("clear, outside: stays clear", None, 100, None, Step(None, None)),
    ("clear, inside: entered", None, 100, inside(100), Step(ENTERED, Crossing.ENTERED)),
    ("inside, inside: stayed", ENTERED, 200, inside(200), Step(STAYED, Crossing.STAYED)),
    (
        "inside, deeper: the deepest is kept",
        ENTERED,
        200,
        inside(200, depth_m=30),
        Step(
            replace(STAYED, evidence=Evidence(position(100), position(200, depth_m=30), position(200, depth_m=30))),
            Crossing.STAYED,
        ),
    ),
    (
        "inside, less deep: the deepest is kept",
        ENTERED,
        200,
        inside(200, depth_m=1),
        Step(
            replace(STAYED, evidence=Evidence(position(100), position(100), position(200, depth_m=1))), Crossing.STAYED
        ),
    ),
    (
        "inside, inside the zone's next version: the same visit, under the version of its entry",
        ENTERED,
        200,
        inside(200, version=2, kind=ZoneKind.CRIME_SCENE),
        Step(STAYED, Crossing.STAYED),
    ),
    ("inside, outside: left then", STAYED, 300, None, Step(replace(STAYED, left_us=300), Crossing.LEFT)),
    ("inside, outside at the same instant: not left", STAYED, 200, None, Step(STAYED, None)),
    (
        "inside, inside at the same instant: stayed",
        ENTERED,
        100,
        inside(100),
        Step(replace(ENTERED, positions_inside=2), Crossing.STAYED),
    ),
]


@pytest.mark.parametrize(
    ("before", "fix_time_us", "came", "after"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
)
def test_step(before: Visit | None, fix_time_us: int, came: Inside | None, after: Step) -> None:
    assert step(PLACE, before, fix_time_us, came) == after


@pytest.mark.parametrize("came", [None, inside(199)])
def test_positions_out_of_order_are_refused(came: Inside | None) -> None:
    with pytest.raises(ValueError, match="in the order of their fix times"):
        step(PLACE, STAYED, 199, came)


def test_a_visit_is_the_same_whoever_finds_it() -> None:
    assert str(visit_identifier(7, 3, 100)) == IDENTIFIER
    assert (
        len({visit_identifier(*place) for place in ((7, 3, 100), (3, 7, 100), (7, 3, 101), (73, 1, 0), (7, 31, 0))})
        == 5
    )
