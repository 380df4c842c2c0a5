"""Visits, and the evidence that a visit and its alert rest on. Times are microseconds since 1970 UTC."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid5

from model.enums import Aspect, EndReason, Regime, VisitState, ZoneKind

IDENTIFIER_NAMESPACE = UUID("6f0a3c1e-6d4e-5b52-9d0f-3f3f5a1f6b0e")


def visit_identifier(activation_id: int, zone_id: int, aspect: Aspect, entry: tuple[int, int]) -> UUID:
    """The same visit has the same identifier however often, and by whichever worker, it is found.

    ``entry`` is the fix time and the fix key of the position that it was found by.
    """
    return uuid5(IDENTIFIER_NAMESPACE, f"visit:{activation_id}:{zone_id}:{aspect}:{entry[0]}:{entry[1]}")


def renamed_visit_identifier(visit_id: UUID) -> UUID:
    """For a visit whose own identifier another one goes by, since late data gave that one another entry."""
    return uuid5(IDENTIFIER_NAMESPACE, f"renamed:{visit_id}")


class Verdict(StrEnum):
    """What one position says about a stay (geofence/sightings.py)."""

    FOR_ALONE = "for_alone"  # sure and deep enough to confirm by itself
    FOR = "for"
    HINT_FOR = "hint_for"  # speaks for it, but by its kind or quality cannot confirm
    UNSURE = "unsure"
    HINT_AGAINST = "hint_against"
    AGAINST = "against"
    AGAINST_ALONE = "against_alone"  # far enough away to end it by itself


@dataclass(frozen=True, slots=True)
class EvidencePosition:
    """One position and what it said about the zone.

    ``depth_m`` is its signed distance to the zone's boundary, inside positive; ``p_inside`` the probability that the
    wearer was inside, from that and the accuracy.
    """

    device_id: int
    fix_time_us: int
    fix_key: int
    received_us: int
    lat: float
    lon: float
    accuracy_m: float | None
    mechanism: int
    flags: int
    depth_m: float
    p_inside: float
    verdict: Verdict


TRAIL_LENGTH = 12
"""Most positions kept of the way to confirmation: they answer "why not sooner"."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The positions that say most."""

    entry: EvidencePosition
    confirming: EvidencePosition | None
    deepest: EvidencePosition  # where absence is watched: the farthest outside
    latest: EvidencePosition  # the last that spoke for the stay
    trail: tuple[EvidencePosition, ...]  # from the entry to the confirming one, the first TRAIL_LENGTH of them


@dataclass(frozen=True, slots=True)
class Tally:
    """What the confirmation and the end of a stay are counted by."""

    for_count: int
    for_since_us: int
    against_count: int
    against_since_us: int | None


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay of one person in one zone; where absence is watched, one stay outside it.

    ``entered_us`` is the first position that spoke for it, ``left_us`` the first of those that ended it, None while it
    goes on.
    """

    visit_id: UUID
    activation_id: int
    person_id: int
    zone_id: int
    zone_version: int  # as it stood at the entry, like the four below
    zone_kind: ZoneKind
    aspect: Aspect
    regime: Regime
    state: VisitState
    inferred: bool  # no position lies inside: the way between two of them does
    entered_us: int
    confirmed_us: int | None
    last_inside_us: int
    left_us: int | None
    closed_us: int | None  # the position by which its end was decided: a late one before it may undo the end
    end_reason: EndReason | None
    positions_inside: int
    tally: Tally
    evidence: Evidence
