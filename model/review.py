"""What people make of a match, and what police may ask of one place or one person."""

from enum import StrEnum


class Decision(StrEnum):
    """A reviewer's word on a match; the newest stands."""

    CONFIRMED = "confirmed"  # the track shows what the match says: police may know who it is
    REJECTED = "rejected"
    UNCLEAR = "unclear"


class MatchOutcome(StrEnum):
    """What came of a match, as police record it; the newest stands."""

    UNDER_INVESTIGATION = "under_investigation"
    CHARGED = "charged"
    WITNESS_OR_VICTIM = "witness_or_victim"
    ELIMINATED_BY_OTHER_EVIDENCE = "eliminated_by_other_evidence"
    NO_FURTHER_ACTION = "no_further_action"


class DistanceBand(StrEnum):
    """How near a wearer came, as coarsely as police may know it of somebody who was elsewhere."""

    UP_TO_100_M = "up_to_100_m"
    TO_250_M = "100_to_250_m"
    TO_500_M = "250_to_500_m"
    TO_1000_M = "500_to_1000_m"
    UP_TO_1_KM = "up_to_1_km"  # of whoever was asked for by name: no nearer is told
    TO_5_KM = "1_to_5_km"
    OVER_5_KM = "over_5_km"


class IdentifierKind(StrEnum):
    """By what police name a person."""

    CRN = "crn"
    PNC_ID = "pnc_id"


class RequestState(StrEnum):
    """Of what police asked and the matcher answers."""

    REQUESTED = "requested"
    ANSWERED = "answered"
    FAILED = "failed"  # could not be worked out: ask again


class CrimeState(StrEnum):
    """Where the matching of a crime's newest version stands."""

    WAITING = "waiting"
    MATCHED = "matched"
    SET_ASIDE = "set_aside"  # it could not be matched; the operators know
