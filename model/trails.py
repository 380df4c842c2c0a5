"""Police requests for a trail: by what right, and where they stand."""

from enum import StrEnum


class TrailBasis(StrEnum):
    """By what right in law police ask; the request names the order, the section or the case beside it."""

    COURT_ORDER = "court_order"
    PRODUCTION_ORDER = "production_order"  # Police and Criminal Evidence Act 1984, schedule 1
    PREVENTION_AND_DETECTION = "prevention_and_detection"  # Data Protection Act 2018, schedule 2, paragraph 2
    MANAGEMENT_OF_OFFENDERS = "management_of_offenders"  # Offender Management Act 2007, section 14
    REDUCTION_OF_CRIME = "reduction_of_crime"  # Crime and Disorder Act 1998, section 115
    THREAT_TO_LIFE = "threat_to_life"  # somebody's life is in danger now


class TrailDecision(StrEnum):
    """What a manager of probation decides on a request."""

    AUTHORISED = "authorised"
    REFUSED = "refused"
    EXTENDED = "extended"
    REVOKED = "revoked"

    @property
    def has_an_end(self) -> bool:
        return self in {TrailDecision.AUTHORISED, TrailDecision.EXTENDED}


class TrailState(StrEnum):
    """Where a request stands. Police read ``not_granted`` for both refused and lapsed."""

    REQUESTED = "requested"
    AUTHORISED = "authorised"
    REFUSED = "refused"
    LAPSED = "lapsed"  # nobody decided in time
    NOT_GRANTED = "not_granted"
    EXPIRED = "expired"
    REVOKED = "revoked"
