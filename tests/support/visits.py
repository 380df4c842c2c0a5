"""Visits and positions as the engine would make them."""

from dataclasses import replace
from typing import Any

from model.enums import Aspect, Mechanism, Regime, VisitState, ZoneKind
from model.visits import Evidence, EvidencePosition, Tally, Verdict, Visit, visit_identifier


def position(
    fix_time_us: int, verdict: Verdict = Verdict.FOR, depth_m: float = 10.0, **fields: Any
) -> EvidencePosition:
    """A GPS position that says ``verdict``, received in the moment of its fix."""
    plain = EvidencePosition(
        device_id=1,
        fix_time_us=fix_time_us,
        fix_key=0,
        received_us=fix_time_us,
        lat=51.5,
        lon=-0.1,
        accuracy_m=8.0,
        mechanism=Mechanism.GPS,
        flags=0,
        depth_m=depth_m,
        p_inside=0.75,
        verdict=verdict,
    )
    return replace(plain, **fields)


def confirmed_visit(entered_us: int, activation_id: int = 1, person_id: int = 1, zone_id: int = 1) -> Visit:
    """A visit to an exclusion zone that one position confirmed and that goes on."""
    at = position(entered_us, Verdict.FOR_ALONE)
    return Visit(
        visit_id=visit_identifier(activation_id, zone_id, Aspect.ZONE, (entered_us, at.fix_key)),
        activation_id=activation_id,
        person_id=person_id,
        zone_id=zone_id,
        zone_version=1,
        zone_kind=ZoneKind.EXCLUSION,
        aspect=Aspect.ZONE,
        regime=Regime.IN_FORCE,
        state=VisitState.CONFIRMED,
        inferred=False,
        entered_us=entered_us,
        confirmed_us=entered_us,
        last_inside_us=entered_us,
        left_us=None,
        closed_us=None,
        end_reason=None,
        positions_inside=1,
        tally=Tally(1, entered_us, 0, None),
        evidence=Evidence(at, at, at, at, (at,)),
    )
