"""Legal bases other than a condition of the licence, by which somebody's trail may be looked at."""

from enum import StrEnum


class LegalBasisKind(StrEnum):
    """What lets the trail be looked at. Each has an end, and is approved by a second person."""

    BAIL_CONDITION = "bail_condition"  # of a court, with electronic monitoring
    COURT_ORDER = "court_order"  # that names this monitoring
    THREAT_TO_LIFE = "threat_to_life"  # it protects somebody's life, and nothing less would
    WHEREABOUTS_REQUIREMENT = "whereabouts_requirement"  # of a community or suspended sentence order


class LegalBasisStatus(StrEnum):
    DRAFT = "draft"
    LIVE = "live"  # approved by a second person
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"  # it ends, or has ended, before its date
