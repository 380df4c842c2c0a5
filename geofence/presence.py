"""The presence engine: one pure step per (device activation, zone) and position.

For now by the plain dot: a position inside the zone, boundary included, is inside.
"""

from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from model.visits import Evidence, EvidencePosition, Visit, visit_identifier


class Place(NamedTuple):
    """The (device activation, zone) that a presence is of, and the person who wore the device."""

    activation_id: int
    zone_id: int
    person_id: int


class Crossing(StrEnum):
    ENTERED = "entered"
    STAYED = "stayed"
    LEFT = "left"


class Step(NamedTuple):
    """``visit`` as it stands after the step; ``crossing`` is None where nothing changed."""

    visit: Visit | None
    crossing: Crossing | None


def step(
    place: Place, visit: Visit | None, fix_time_us: int, inside: EvidencePosition | None, zone_version: int
) -> Step:
    """Judge one position.

    ``visit`` is the open visit of ``place`` or None when it is clear; ``inside`` is the position when it lies in
    the zone and None when it does not; ``zone_version`` is the version that was in force. Positions come in the
    order of (fix time, fix key); ValueError when one comes out of it.
    """
    if visit is not None and fix_time_us < visit.last_inside_us:
        raise ValueError("positions are judged in the order of their fix times")
    if visit is None:
        return Step(None, None) if inside is None else Step(_enter(place, inside, zone_version), Crossing.ENTERED)
    if inside is None:
        return Step(replace(visit, left_us=fix_time_us), Crossing.LEFT)
    return Step(_stay(visit, inside), Crossing.STAYED)


def _enter(place: Place, inside: EvidencePosition, zone_version: int) -> Visit:
    return Visit(
        visit_id=visit_identifier(place.activation_id, place.zone_id, inside.fix_time_us),
        activation_id=place.activation_id,
        person_id=place.person_id,
        zone_id=place.zone_id,
        zone_version=zone_version,
        entered_us=inside.fix_time_us,
        last_inside_us=inside.fix_time_us,
        left_us=None,
        positions_inside=1,
        evidence=Evidence(entry=inside, deepest=inside, latest=inside),
    )


def _stay(visit: Visit, inside: EvidencePosition) -> Visit:
    deepest = visit.evidence.deepest
    return replace(
        visit,
        last_inside_us=inside.fix_time_us,
        positions_inside=visit.positions_inside + 1,
        evidence=Evidence(
            entry=visit.evidence.entry,
            deepest=inside if inside.depth_m > deepest.depth_m else deepest,
            latest=inside,
        ),
    )
