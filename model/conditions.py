"""Licence conditions: what a licence says, and the life of each version of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from model.enums import ZoneKind


class ConditionKind(StrEnum):
    """What a condition asks of the wearer."""

    EXCLUSION = "exclusion"  # to stay out of a place
    INCLUSION = "inclusion"  # to stay in one
    CURFEW = "curfew"  # to be at home at given hours
    ATTENDANCE = "attendance"  # to be at a place at given hours: an inclusion zone with a schedule
    TRAIL_MONITORING = "trail_monitoring"  # that the trail may be looked at: no place

    @property
    def zone_kind(self) -> ZoneKind | None:
        """Of the zone that watches it; None where there is nothing to watch."""
        return _ZONE_KINDS.get(self)


_ZONE_KINDS = {
    ConditionKind.EXCLUSION: ZoneKind.EXCLUSION,
    ConditionKind.INCLUSION: ZoneKind.INCLUSION,
    ConditionKind.CURFEW: ZoneKind.CURFEW,
    ConditionKind.ATTENDANCE: ZoneKind.INCLUSION,
}
ZONE_KINDS_OF_CONDITIONS = frozenset(_ZONE_KINDS.values())
"""A person's zone of such a kind comes with a condition; others, such as a crime scene, come by themselves."""


class ConditionStatus(StrEnum):
    """How far a version of a condition has come."""

    DRAFT = "draft"
    LIVE = "live"  # approved by a second person
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"  # a later version was approved
    ENDED = "ended"  # the condition ends, or has ended, before its date


@dataclass(frozen=True, slots=True)
class TrailMonitoring:
    """A time in which a condition allows the trail to be looked at, ``[starts_at, ends_at)``, and its legal wording."""

    reference: str
    version: int
    wording: str
    starts_at: datetime
    ends_at: datetime | None
