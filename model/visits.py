"""Visits, and the evidence that a visit and its alert rest on. Times are microseconds since 1970 UTC."""

from dataclasses import dataclass
from uuid import UUID, uuid5

from model.enums import AlertChangeKind, AlertKind, AlertState, ZoneKind

IDENTIFIER_NAMESPACE = UUID("6f0a3c1e-6d4e-5b52-9d0f-3f3f5a1f6b0e")


def visit_identifier(activation_id: int, zone_id: int, entered_us: int) -> UUID:
    """The same visit has the same identifier however often, and by whichever worker, it is found."""
    return uuid5(IDENTIFIER_NAMESPACE, f"visit:{activation_id}:{zone_id}:{entered_us}")


def alert_identifier(visit_id: UUID, kind: AlertKind) -> UUID:
    return uuid5(IDENTIFIER_NAMESPACE, f"alert:{visit_id}:{kind}")


@dataclass(frozen=True, slots=True)
class EvidencePosition:
    """One position inside a zone; ``depth_m`` is its signed distance to the boundary, inside positive."""

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


@dataclass(frozen=True, slots=True)
class Evidence:
    """The positions that say most: the one that raised it, the deepest and the last one inside."""

    entry: EvidencePosition
    deepest: EvidencePosition
    latest: EvidencePosition


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay of one person in one zone; ``left_us`` is the first fix outside, None while it goes on."""

    visit_id: UUID
    activation_id: int
    person_id: int
    zone_id: int
    zone_version: int  # as it stood at the entry
    zone_kind: ZoneKind  # likewise
    entered_us: int
    last_inside_us: int
    left_us: int | None
    positions_inside: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Alert:
    """What a visit raises; it is open until the visit has ended."""

    alert_id: UUID
    kind: AlertKind
    state: AlertState
    visit: Visit


@dataclass(frozen=True, slots=True)
class AlertChange:
    kind: AlertChangeKind
    alert: Alert
