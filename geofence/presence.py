"""The presence engine: one pure step per (device activation, zone) and position.

For now by the plain dot: a position inside the zone, boundary included, is inside.
"""

from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from model.enums import ZoneKind
from model.visits import Evidence, EvidencePosition, Visit, visit_identifier


class Place(NamedTuple):
    """The (device activation, zone) that a presence is of, and the person who wore the device."""

    activation_id: int
    zone_id: int
    person_id: int


class Inside(NamedTuple):
    """A position in the zone, and the zone as it was in force at its fix time."""

    position: EvidencePosition
    zone_version: int
    zone_kind: ZoneKind


class Crossing(StrEnum):
    ENTERED = "entered"
    STAYED = "stayed"
    LEFT = "left"


class Step(NamedTuple):
    """``visit`` as it stands after the step; ``crossing`` is None where nothing changed."""

    visit: Visit | None
    crossing: Crossing | None


def step(place: Place, visit: Visit | None, fix_time_us: int, inside: Inside | None) -> Step:
    """Judge one position.

    ``visit`` is the open visit of ``place``, None when it is clear; ``inside`` is None when the position does not lie
    in the zone. Positions come in the order of (fix time, fix key); ValueError when one comes out of it.
    """
    if visit is not None and fix_time_us < visit.last_inside_us:
        raise ValueError("positions are judged in the order of their fix times")
    if visit is None:
        return Step(None, None) if inside is None else Step(_enter(place, inside), Crossing.ENTERED)
    if inside is None and fix_time_us == visit.last_inside_us:
        return Step(visit, None)  # two places at one instant: a visit that ended here could begin here once more
    if inside is None:
        return Step(replace(visit, left_us=fix_time_us), Crossing.LEFT)
    return Step(_stay(visit, inside.position), Crossing.STAYED)


def _enter(place: Place, inside: Inside) -> Visit:
    position = inside.position
    return Visit(
        visit_id=visit_identifier(place.activation_id, place.zone_id, position.fix_time_us),
        activation_id=place.activation_id,
        person_id=place.person_id,
        zone_id=place.zone_id,
        zone_version=inside.zone_version,
        zone_kind=inside.zone_kind,
        entered_us=position.fix_time_us,
        last_inside_us=position.fix_time_us,
        left_us=None,
        positions_inside=1,
        evidence=Evidence(entry=position, deepest=position, latest=position),
    )


def _stay(visit: Visit, position: EvidencePosition) -> Visit:
    deepest = visit.evidence.deepest
    return replace(
        visit,
        last_inside_us=position.fix_time_us,
        positions_inside=visit.positions_inside + 1,
        evidence=Evidence(
            entry=visit.evidence.entry,
            deepest=position if position.depth_m > deepest.depth_m else deepest,
            latest=position,
        ),
    )
