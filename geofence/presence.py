"""The presence engine: one pure step per (device activation, zone, aspect) and position.

``TRANSITIONS`` is the whole of it; a policy decides only when company is enough (``_event``). Positions come in the
order of (fix time, fix key), and what they say about the stay comes as a ``Sighting``.
"""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple

from model.enums import Aspect, EndReason, Regime, VisitState, ZoneKind
from model.policies import PresencePolicy
from model.times import SECOND_US
from model.visits import TRAIL_LENGTH, Evidence, EvidencePosition, Tally, Verdict, Visit, visit_identifier

RULE = "presence"
RULE_VERSION = 2
"""Raised with every change of what is decided; the plain dot was version 1. Each alert names it."""


class Place(NamedTuple):
    """What a presence is of, and the person who wore the device."""

    activation_id: int
    zone_id: int
    aspect: Aspect
    person_id: int


class Condition(NamedTuple):
    """The zone as it stood at a position's fix time."""

    zone_version: int
    zone_kind: ZoneKind
    regime: Regime
    policy: PresencePolicy  # of the aspect


@dataclass(frozen=True, slots=True)
class Sighting:
    """One position held against a zone; ``condition`` is None where no version is valid or it is not in force."""

    position: EvidencePosition
    condition: Condition | None


class Event(StrEnum):
    """What a position's verdict comes to, together with those before it."""

    CONFIRMS = "confirms"
    SPEAKS_FOR = "speaks for"
    HINTS_FOR = "hints for"
    UNSURE = "unsure"
    HINTS_AGAINST = "hints against"
    SPEAKS_AGAINST = "speaks against"
    ENDS = "ends"
    LIFTED = "lifted"  # the zone is not in force, or another regime has begun


SUPPORTS = frozenset({Event.CONFIRMS, Event.SPEAKS_FOR, Event.HINTS_FOR})
OVER = frozenset({VisitState.ENDED, VisitState.LAPSED})
CLEAR = None
NAMES = tuple(field.name for field in fields(Visit))
VALUES = attrgetter(*NAMES)

TRANSITIONS: dict[tuple[VisitState | None, Event], VisitState | None] = {
    (CLEAR, Event.CONFIRMS): VisitState.CONFIRMED,
    (CLEAR, Event.SPEAKS_FOR): VisitState.POSSIBLE,
    (CLEAR, Event.HINTS_FOR): VisitState.POSSIBLE,
    (CLEAR, Event.UNSURE): CLEAR,
    (CLEAR, Event.HINTS_AGAINST): CLEAR,
    (CLEAR, Event.SPEAKS_AGAINST): CLEAR,
    (CLEAR, Event.ENDS): CLEAR,
    (CLEAR, Event.LIFTED): CLEAR,
    (VisitState.POSSIBLE, Event.CONFIRMS): VisitState.CONFIRMED,
    (VisitState.POSSIBLE, Event.SPEAKS_FOR): VisitState.POSSIBLE,
    (VisitState.POSSIBLE, Event.HINTS_FOR): VisitState.POSSIBLE,
    (VisitState.POSSIBLE, Event.UNSURE): VisitState.POSSIBLE,
    (VisitState.POSSIBLE, Event.HINTS_AGAINST): VisitState.POSSIBLE,
    (VisitState.POSSIBLE, Event.SPEAKS_AGAINST): VisitState.LAPSED,
    (VisitState.POSSIBLE, Event.ENDS): VisitState.LAPSED,
    (VisitState.POSSIBLE, Event.LIFTED): VisitState.LAPSED,
    (VisitState.CONFIRMED, Event.CONFIRMS): VisitState.CONFIRMED,
    (VisitState.CONFIRMED, Event.SPEAKS_FOR): VisitState.CONFIRMED,
    (VisitState.CONFIRMED, Event.HINTS_FOR): VisitState.CONFIRMED,
    (VisitState.CONFIRMED, Event.UNSURE): VisitState.CONFIRMED,
    (VisitState.CONFIRMED, Event.HINTS_AGAINST): VisitState.ENDING,
    (VisitState.CONFIRMED, Event.SPEAKS_AGAINST): VisitState.ENDING,
    (VisitState.CONFIRMED, Event.ENDS): VisitState.ENDED,
    (VisitState.CONFIRMED, Event.LIFTED): VisitState.ENDED,
    (VisitState.ENDING, Event.CONFIRMS): VisitState.CONFIRMED,
    (VisitState.ENDING, Event.SPEAKS_FOR): VisitState.CONFIRMED,
    (VisitState.ENDING, Event.HINTS_FOR): VisitState.ENDING,
    (VisitState.ENDING, Event.UNSURE): VisitState.ENDING,
    (VisitState.ENDING, Event.HINTS_AGAINST): VisitState.ENDING,
    (VisitState.ENDING, Event.SPEAKS_AGAINST): VisitState.ENDING,
    (VisitState.ENDING, Event.ENDS): VisitState.ENDED,
    (VisitState.ENDING, Event.LIFTED): VisitState.ENDED,
}


def step(place: Place, visit: Visit | None, sighting: Sighting) -> tuple[Visit, ...]:
    """Judge one position: the visits as they stand after it, the last one being that which goes on.

    ``visit`` is the open visit of ``place``, None when it is clear. Nothing comes back where it stays clear, and two
    where a position ends one stay and begins another. ValueError when a position comes out of its order.
    """
    if visit is not None and sighting.position.fix_time_us < visit.last_inside_us:
        raise ValueError("positions are judged in the order of their fix times")
    condition = sighting.condition
    if visit is not None and (condition is None or condition.regime is not visit.regime):
        lifted = _end(visit, sighting.position.fix_time_us, EndReason.REGIME_CHANGED)
        return (lifted, *(step(place, None, sighting) if condition is not None else ()))
    if condition is None:
        return ()
    if visit is not None and _too_old_for_company(visit, sighting, condition.policy):
        lapsed = _end(visit, sighting.position.fix_time_us, EndReason.LEFT)
        return (lapsed, *step(place, None, sighting))
    return _judge(place, visit, sighting.position, condition)


def _judge(place: Place, visit: Visit | None, position: EvidencePosition, condition: Condition) -> tuple[Visit, ...]:
    event = _event(visit, position, condition.policy)
    state = TRANSITIONS[None if visit is None else visit.state, event]
    if state is CLEAR:
        return ()
    if visit is None:
        return (_enter(place, position, condition, state),)
    if state in OVER:
        return (_end(visit, position.fix_time_us, EndReason.LEFT),)
    if event in SUPPORTS:
        return (_stay(visit, position, state),)
    return (_doubt(visit, position, event, state),)


def _event(visit: Visit | None, position: EvidencePosition, policy: PresencePolicy) -> Event:
    match position.verdict:
        case Verdict.FOR_ALONE:
            return Event.CONFIRMS
        case Verdict.FOR:
            return Event.CONFIRMS if _confirms(visit, position.fix_time_us, policy) else Event.SPEAKS_FOR
        case Verdict.HINT_FOR:
            return Event.HINTS_FOR
        case Verdict.HINT_AGAINST:
            return Event.HINTS_AGAINST
        case Verdict.AGAINST | Verdict.AGAINST_ALONE if visit is None or position.fix_time_us > visit.last_inside_us:
            alone = position.verdict is Verdict.AGAINST_ALONE
            return Event.ENDS if alone or _ends(visit, position.fix_time_us, policy) else Event.SPEAKS_AGAINST
        case _:
            return Event.UNSURE  # two places at one instant too: a visit that ended here could begin here once more


def _confirms(visit: Visit | None, fix_time_us: int, policy: PresencePolicy) -> bool:
    count, since_us = (visit.tally.for_count, visit.tally.for_since_us) if visit is not None else (0, fix_time_us)
    if count == 0:
        since_us = fix_time_us
    return count + 1 >= policy.confirm_count and fix_time_us - since_us >= policy.confirm_dwell_s * SECOND_US


def _ends(visit: Visit | None, fix_time_us: int, policy: PresencePolicy) -> bool:
    if visit is None:
        return False
    since_us = fix_time_us if visit.tally.against_since_us is None else visit.tally.against_since_us
    long_enough = fix_time_us - since_us >= policy.leave_dwell_s * SECOND_US
    return visit.tally.against_count + 1 >= policy.leave_count and long_enough


def _too_old_for_company(visit: Visit, sighting: Sighting, policy: PresencePolicy) -> bool:
    """Whether a stay that is only possible is too old to be confirmed by what speaks for it now."""
    if visit.state is not VisitState.POSSIBLE:
        return False
    speaks = sighting.position.verdict in {Verdict.FOR, Verdict.FOR_ALONE, Verdict.HINT_FOR}
    gap_us = sighting.position.fix_time_us - visit.last_inside_us
    return speaks and gap_us > policy.company_s * SECOND_US


def _enter(place: Place, position: EvidencePosition, condition: Condition, state: VisitState) -> Visit:
    confirmed = state is VisitState.CONFIRMED
    return Visit(
        visit_id=visit_identifier(
            place.activation_id, place.zone_id, place.aspect, (position.fix_time_us, position.fix_key)
        ),
        activation_id=place.activation_id,
        person_id=place.person_id,
        zone_id=place.zone_id,
        zone_version=condition.zone_version,
        zone_kind=condition.zone_kind,
        aspect=place.aspect,
        regime=condition.regime,
        state=state,
        inferred=False,
        entered_us=position.fix_time_us,
        confirmed_us=position.fix_time_us if confirmed else None,
        last_inside_us=position.fix_time_us,
        left_us=None,
        closed_us=None,
        end_reason=None,
        positions_inside=1,
        tally=Tally(0 if position.verdict is Verdict.HINT_FOR else 1, position.fix_time_us, 0, None),
        evidence=Evidence(
            entry=position,
            confirming=position if confirmed else None,
            deepest=position,
            latest=position,
            trail=(position,),
        ),
    )


def _stay(visit: Visit, position: EvidencePosition, state: VisitState) -> Visit:
    """The stay after a position that speaks for it."""
    evidence, tally = visit.evidence, visit.tally
    confirms = visit.confirmed_us is None and state is VisitState.CONFIRMED
    decides = position.verdict is not Verdict.HINT_FOR
    return _changed(
        visit,
        state=state,
        confirmed_us=position.fix_time_us if confirms else visit.confirmed_us,
        last_inside_us=position.fix_time_us,
        positions_inside=visit.positions_inside + 1,
        tally=Tally(
            tally.for_count + decides,
            position.fix_time_us if decides and tally.for_count == 0 else tally.for_since_us,
            0 if decides else tally.against_count,
            None if decides else tally.against_since_us,
        ),
        evidence=Evidence(
            entry=evidence.entry,
            confirming=position if confirms else evidence.confirming,
            deepest=position if _is_deeper(position, evidence.deepest, visit.zone_kind) else evidence.deepest,
            latest=position,
            trail=_longer(visit, position),
        ),
    )


def _is_deeper(position: EvidencePosition, deepest: EvidencePosition, kind: ZoneKind) -> bool:
    """Whether it says more: one that can confirm says more than a hint, however deep that is."""
    hints, hinted = position.verdict is Verdict.HINT_FOR, deepest.verdict is Verdict.HINT_FOR
    if hints is not hinted:
        return hinted
    return position.depth_m < deepest.depth_m if kind.watches_absence else position.depth_m > deepest.depth_m


def _doubt(visit: Visit, position: EvidencePosition, event: Event, state: VisitState) -> Visit:
    """The stay after a position that does not speak for it and does not end it either."""
    tally = visit.tally
    if event is Event.SPEAKS_AGAINST:
        first_us = position.fix_time_us if tally.against_since_us is None else tally.against_since_us
        tally = replace(tally, against_count=tally.against_count + 1, against_since_us=first_us)
    return _changed(visit, state=state, tally=tally, evidence=replace(visit.evidence, trail=_longer(visit, position)))


def _longer(visit: Visit, position: EvidencePosition) -> tuple[EvidencePosition, ...]:
    """The trail: it grows until the stay is confirmed or the trail is full."""
    trail = visit.evidence.trail
    return (*trail, position) if visit.confirmed_us is None and len(trail) < TRAIL_LENGTH else trail


def _end(visit: Visit, fix_time_us: int, reason: EndReason) -> Visit:
    against_us = visit.tally.against_since_us
    return _changed(
        visit,
        state=VisitState.LAPSED if visit.state is VisitState.POSSIBLE else VisitState.ENDED,
        left_us=fix_time_us if against_us is None else against_us,
        closed_us=fix_time_us,
        end_reason=reason,
    )


def _changed(visit: Visit, **changes: Any) -> Visit:
    """As ``dataclasses.replace``, in a third of its time: it is what most of a step is spent on."""
    values = dict(zip(NAMES, VALUES(visit), strict=True))
    values.update(changes)
    return Visit(**values)
