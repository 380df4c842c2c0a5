"""The presence engine, row by row: what was, what came, what follows."""

from dataclasses import replace

import pytest

from geofence.presence import CLEAR, TRANSITIONS, Condition, Event, Place, Sighting, step
from model.enums import Aspect, EndReason, Regime, VisitState, ZoneKind
from model.policies import STEADY, PresencePolicy
from model.times import SECOND_US
from model.visits import TRAIL_LENGTH, Verdict, Visit, visit_identifier
from tests.support.visits import position

IDENTIFIER = "171513e0-7e5c-5c89-b5ef-f6d566b610ea"
"""It is stored, so it never changes."""

PLACE = Place(activation_id=7, zone_id=3, aspect=Aspect.ZONE, person_id=5)
POSSIBLE, CONFIRMED, ENDING = VisitState.POSSIBLE, VisitState.CONFIRMED, VisitState.ENDING
ENDED, LAPSED = VisitState.ENDED, VisitState.LAPSED
POLICY = replace(STEADY, confirm_count=3, confirm_dwell_s=60, company_s=300, leave_count=2, leave_dwell_s=60)
EXPECTED: dict[VisitState | None, list[VisitState | None]] = {
    CLEAR: [CONFIRMED, POSSIBLE, POSSIBLE, CLEAR, CLEAR, CLEAR, CLEAR, CLEAR],
    POSSIBLE: [CONFIRMED, POSSIBLE, POSSIBLE, POSSIBLE, POSSIBLE, LAPSED, LAPSED, LAPSED],
    CONFIRMED: [CONFIRMED, CONFIRMED, CONFIRMED, CONFIRMED, ENDING, ENDING, ENDED, ENDED],
    ENDING: [CONFIRMED, CONFIRMED, ENDING, ENDING, ENDING, ENDING, ENDED, ENDED],
}
"""By state, for each event in the order of ``Event``: from confirming to lifted."""


def test_the_table_has_every_row_and_no_other() -> None:
    rows = {(state, event): after for state, row in EXPECTED.items() for event, after in zip(Event, row, strict=True)}
    assert rows == TRANSITIONS


def test_nothing_leads_out_of_an_end() -> None:
    open_states = {state for state in VisitState if state.is_open}
    assert {state for state, _ in TRANSITIONS} == {CLEAR, *open_states}


def sighting(
    at_s: float,
    verdict: Verdict,
    policy: PresencePolicy = POLICY,
    regime: Regime = Regime.IN_FORCE,
    kind: ZoneKind = ZoneKind.EXCLUSION,
    depth_m: float = 10.0,
) -> Sighting:
    return Sighting(position(round(at_s * SECOND_US), verdict, depth_m), Condition(1, kind, regime, policy))


def walk(*said: tuple[float, Verdict], policy: PresencePolicy = POLICY) -> list[Visit]:
    """The visits that positions, as (second, verdict), make: each as it stands in the end."""
    visits: dict[str, Visit] = {}
    visit: Visit | None = None
    for at_s, verdict in said:
        stepped = step(PLACE, visit, sighting(at_s, verdict, policy))
        visits |= {str(one.visit_id): one for one in stepped}
        visit = stepped[-1] if stepped else visit
        visit = visit if visit is not None and visit.state.is_open else None
    return list(visits.values())


def told(visit: Visit) -> tuple[VisitState, float, float | None, float, float | None, float | None]:
    times_us = (visit.entered_us, visit.confirmed_us, visit.last_inside_us, visit.left_us, visit.closed_us)
    entered, confirmed, last, left, closed = (None if one is None else one / SECOND_US for one in times_us)
    assert entered is not None
    assert last is not None
    return visit.state, entered, confirmed, last, left, closed


ALONE, FOR, HINT, UNSURE = Verdict.FOR_ALONE, Verdict.FOR, Verdict.HINT_FOR, Verdict.UNSURE
HINT_AGAINST, AGAINST, AGAINST_ALONE = Verdict.HINT_AGAINST, Verdict.AGAINST, Verdict.AGAINST_ALONE

WALKS = [
    ("one that is sure confirms at once", [(0, ALONE)], [(CONFIRMED, 0, 0, 0, None, None)]),
    ("one that is not keeps waiting for company", [(0, FOR)], [(POSSIBLE, 0, None, 0, None, None)]),
    ("enough, but not for long enough", [(0, FOR), (20, FOR), (59, FOR)], [(POSSIBLE, 0, None, 59, None, None)]),
    ("for long enough, but too few", [(0, FOR), (60, FOR)], [(POSSIBLE, 0, None, 60, None, None)]),
    ("enough for long enough", [(0, FOR), (20, FOR), (60, FOR)], [(CONFIRMED, 0, 60, 60, None, None)]),
    ("hints never confirm", [(10 * n, HINT) for n in range(20)], [(POSSIBLE, 0, None, 190, None, None)]),
    (
        "a hint counts neither as one nor as the first",
        [(0, HINT), (30, FOR), (60, FOR), (89, FOR), (90, FOR)],
        [(CONFIRMED, 0, 90, 90, None, None)],
    ),
    ("what is unsure begins nothing", [(0, UNSURE), (10, AGAINST), (20, HINT_AGAINST), (30, AGAINST_ALONE)], []),
    (
        "what is unsure neither keeps nor ends",
        [(0, FOR), (10, UNSURE), (20, HINT_AGAINST), (30, FOR), (60, FOR)],
        [(CONFIRMED, 0, 60, 60, None, None)],
    ),
    ("company in time", [(0, FOR), (300, FOR), (600, FOR)], [(CONFIRMED, 0, 600, 600, None, None)]),
    (
        "company too late begins anew",
        [(0, FOR), (300, FOR), (601, FOR)],
        [(LAPSED, 0, None, 300, 601, 601), (POSSIBLE, 601, None, 601, None, None)],
    ),
    (
        "one that is sure after too long begins anew, too",
        [(0, FOR), (301, ALONE)],
        [(LAPSED, 0, None, 0, 301, 301), (CONFIRMED, 301, 301, 301, None, None)],
    ),
    ("a confirmed stay waits for ever", [(0, ALONE), (9000, FOR)], [(CONFIRMED, 0, 0, 9000, None, None)]),
    ("a possible stay lapses at once", [(0, FOR), (10, AGAINST)], [(LAPSED, 0, None, 0, 10, 10)]),
    ("one outside does not end it", [(0, ALONE), (10, AGAINST)], [(ENDING, 0, 0, 0, None, None)]),
    ("two too soon do not", [(0, ALONE), (10, AGAINST), (69, AGAINST)], [(ENDING, 0, 0, 0, None, None)]),
    ("two for long enough do", [(0, ALONE), (10, AGAINST), (70, AGAINST)], [(ENDED, 0, 0, 0, 10, 70)]),
    ("one far outside does alone", [(0, ALONE), (10, AGAINST_ALONE)], [(ENDED, 0, 0, 0, 10, 10)]),
    (
        "one far outside after others: left with the first",
        [(0, ALONE), (10, AGAINST), (20, AGAINST_ALONE)],
        [(ENDED, 0, 0, 0, 10, 20)],
    ),
    (
        "one inside between them begins the count again",
        [(0, ALONE), (10, AGAINST), (40, FOR), (70, AGAINST), (129, AGAINST)],
        [(ENDING, 0, 0, 40, None, None)],
    ),
    (
        "a hint inside does not",
        [(0, ALONE), (10, AGAINST), (40, HINT), (70, AGAINST)],
        [(ENDED, 0, 0, 40, 10, 70)],
    ),
    (
        "hints outside never end it",
        [(0, ALONE), *((10 * n, HINT_AGAINST) for n in range(1, 20))],
        [(ENDING, 0, 0, 0, None, None)],
    ),
    (
        "two places at one instant do not end it",
        [(0, ALONE), (0, AGAINST_ALONE), (0, FOR)],
        [(CONFIRMED, 0, 0, 0, None, None)],
    ),
    (
        "the next stay is another visit",
        [(0, ALONE), (10, AGAINST_ALONE), (20, ALONE)],
        [(ENDED, 0, 0, 0, 10, 10), (CONFIRMED, 20, 20, 20, None, None)],
    ),
]


@pytest.mark.parametrize(("said", "expected"), [row[1:] for row in WALKS], ids=[row[0] for row in WALKS])
def test_walk(said: list[tuple[float, Verdict]], expected: list[tuple[object, ...]]) -> None:
    assert [told(visit) for visit in walk(*said)] == expected


def test_the_evidence_is_what_says_most() -> None:
    visit = None
    seen = [sighting(0, FOR, depth_m=3), sighting(30, FOR, depth_m=9), sighting(60, FOR, depth_m=5)]
    for one in [*seen, sighting(90, HINT, depth_m=4), sighting(100, AGAINST, depth_m=-2)]:
        (visit,) = step(PLACE, visit, one)
    assert visit is not None
    evidence, positions = visit.evidence, [one.position for one in seen]
    assert (evidence.entry, evidence.deepest, evidence.confirming) == tuple(positions)
    assert evidence.latest.fix_time_us == 90 * SECOND_US
    assert evidence.trail == tuple(positions), "the trail ends with the confirmation"
    assert visit.positions_inside == 4


@pytest.mark.parametrize("kind", [ZoneKind.INCLUSION, ZoneKind.CURFEW])
def test_of_an_absence_the_deepest_is_the_farthest_outside(kind: ZoneKind) -> None:
    visit = None
    for at_s, depth_m in ((0, -30.0), (10, -80.0), (20, -40.0)):
        (visit,) = step(PLACE, visit, sighting(at_s, FOR, kind=kind, depth_m=depth_m))
    assert visit is not None
    assert visit.evidence.deepest.depth_m == -80


def test_the_trail_has_an_end() -> None:
    (visit,) = walk(*((n, HINT) for n in range(2 * TRAIL_LENGTH)))
    assert [one.fix_time_us for one in visit.evidence.trail] == [n * SECOND_US for n in range(TRAIL_LENGTH)]


def test_a_stay_lies_in_one_regime() -> None:
    (inside,) = step(PLACE, None, sighting(0, ALONE))
    ended, begun = step(PLACE, inside, sighting(10, ALONE, regime=Regime.AUTHORISED))
    assert (told(ended), ended.end_reason) == ((ENDED, 0, 0, 0, 10, 10), EndReason.REGIME_CHANGED)
    assert (told(begun), begun.regime) == ((CONFIRMED, 10, 10, 10, None, None), Regime.AUTHORISED)


@pytest.mark.parametrize("said", [[(0, FOR)], [(0, ALONE)], [(0, ALONE), (20, AGAINST)]])
@pytest.mark.parametrize("later", [None, Regime.AUTHORISED])
def test_a_stay_that_is_lifted_ends_as_the_table_says(said: list[tuple[float, Verdict]], later: Regime | None) -> None:
    (visit,) = walk(*said)
    next_one = sighting(30, UNSURE, regime=later or Regime.IN_FORCE)
    (lifted,) = step(PLACE, visit, next_one if later else replace(next_one, condition=None))
    assert lifted.state is TRANSITIONS[visit.state, Event.LIFTED]
    assert (lifted.closed_us, lifted.end_reason) == (30 * SECOND_US, EndReason.REGIME_CHANGED)


def test_out_of_hours_nothing_begins() -> None:
    assert step(PLACE, None, replace(sighting(0, ALONE), condition=None)) == ()


def test_a_stay_is_under_the_version_of_its_entry() -> None:
    (inside,) = step(PLACE, None, sighting(0, ALONE))
    later = sighting(10, ALONE)
    assert later.condition is not None
    (stayed,) = step(PLACE, inside, replace(later, condition=later.condition._replace(zone_version=2)))
    assert (stayed.zone_version, stayed.visit_id) == (1, inside.visit_id)


@pytest.mark.parametrize("verdict", [FOR, UNSURE, AGAINST])
def test_positions_out_of_order_are_refused(verdict: Verdict) -> None:
    (visit,) = step(PLACE, None, sighting(10, ALONE))
    with pytest.raises(ValueError, match="in the order of their fix times"):
        step(PLACE, visit, sighting(9, verdict))


def test_a_visit_is_the_same_whoever_finds_it() -> None:
    assert str(visit_identifier(7, 3, Aspect.ZONE, (100, -4))) == IDENTIFIER
    places = [(7, 3, (100, 1)), (3, 7, (100, 1)), (7, 3, (101, 1)), (7, 3, (100, 2)), (73, 1, (0, 0)), (7, 31, (0, 0))]
    found = {visit_identifier(one, zone, aspect, entry) for one, zone, entry in places for aspect in Aspect}
    assert len(found) == 2 * len(places)
