"""An explanation as data: what the API answers, and what its pages and `cordon explain` print."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from model.enums import AlertChangeKind, AlertKind, AlertState, Severity, Urgency


class ConfirmingRule(StrEnum):
    """What made staff be told."""

    ONE_ALONE = "one_alone"  # one position, sure and deep enough by itself
    COMPANY = "company"  # several positions that keep each other company
    CROSSING = "crossing"  # the straight way between two positions
    PLAIN_DOT = "plain_dot"  # an older rule: the dot lay inside
    DEVICE = "device"  # what a device said of itself, or its silence


@dataclass(frozen=True, slots=True)
class ExplainedRule:
    """The rules that the alert was decided by, and whether this release still decides by them."""

    name: str
    version: str | None
    is_current: bool
    confirmed_by: ConfirmingRule
    in_words: str


@dataclass(frozen=True, slots=True)
class ExplainedPosition:
    """One position that the alert rests on. Times are UTC, distances metres.

    `depth_m` is its signed distance to the zone's boundary, inside positive, and `p_inside` the probability that the
    wearer was inside. `p_stay` is that of what the alert says: inside, outside where absence is watched, or nearer than
    the buffer. All three are null where the rule of the time did not reckon them, and the place is where nothing opens
    that time: no condition, other basis or breach.
    """

    fix_time: datetime
    received_at: datetime
    upload_delay_s: float
    lat: float | None
    lon: float | None
    mechanism: str
    accuracy_m: float | None
    reckoned_accuracy_m: float
    depth_m: float
    place: str
    p_inside: float | None
    p_stay: float | None
    verdict: str | None
    flags: tuple[str, ...]
    counted_for: str
    in_words: str


@dataclass(frozen=True, slots=True)
class ExplainedZone:
    """The zone as it stood when the stay began."""

    reference: str
    name: str
    version: int
    kind: str
    geometry: Mapping[str, Any]
    size: str
    schedule: str
    in_force_from: datetime | None
    in_force_to: datetime | None
    valid_from: datetime
    valid_to: datetime | None
    active_from: datetime | None
    active_to: datetime | None
    is_disclosed: bool
    preset: str
    policy: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ExplainedAuthorisation:
    """An authorised entry or absence that bears on the stay: as it was granted, and until when it lifted the zone."""

    authorisation_id: int
    begins_at: datetime
    ends_at: datetime
    lifts_until: datetime
    purpose: str
    granted_by: str
    granted_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None
    in_words: str


@dataclass(frozen=True, slots=True)
class ExplainedChange:
    """A change of the alert after it was raised; the old values stay readable in its words."""

    change: AlertChangeKind
    urgency: Urgency
    happened_at: datetime
    in_words: str


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an alert was raised: in figures, and in `sections` of plain English whose times are those of London.

    `positions` is the trail from the first position that spoke for the stay to the one that confirmed it. `nearest` is
    the nearest that the wearer came: the deepest position inside or, where absence is watched, the farthest away.
    `authorisations` are those of the person and the zone for a time of the stay or of the 24 h before it.
    """

    alert_id: UUID
    kind: AlertKind
    severity: Severity
    urgency: Urgency
    state: AlertState
    crn: str | None
    headline: str
    rule: ExplainedRule
    zone: ExplainedZone | None
    authorisations: tuple[ExplainedAuthorisation, ...]
    positions: tuple[ExplainedPosition, ...]
    nearest: ExplainedPosition | None
    why_not_sooner: tuple[str, ...]
    ending: str
    changes: tuple[ExplainedChange, ...]
    facts: Mapping[str, Any]
    limits: Mapping[str, Any]
    sections: tuple[Section, ...]
