"""How sure the presence engine has to be, zone by zone. Named presets, of which a zone may change single values."""

from dataclasses import asdict, dataclass, fields, replace
from functools import cache


@dataclass(frozen=True, slots=True)
class PresencePolicy:
    """What confirms and what ends a stay. "For" is a position that speaks for it, "against" one that speaks against.

    In an exclusion zone a position speaks for a stay when it lies inside; in an inclusion zone or a curfew, where the
    stay watched is an absence, when it lies outside.
    """

    for_probability: float  # a position speaks for a stay from this probability on, 0.5 to 1
    against_probability: float  # and against it up to this one
    alone_probability: float  # one GPS position confirms alone from this probability on; above 1: never
    alone_depth_m: float  # and this deep
    confirm_count: int  # otherwise so many that speak for it, and
    confirm_dwell_s: float  # so long from the first to the last of them
    company_s: float  # longest time between two that keep each other company
    leave_count: int  # so many against it end a stay, and
    leave_dwell_s: float  # so long from the first to the last of them
    leave_alone_m: float  # or one GPS position this far beyond the boundary
    crossing_gap_s: float  # between two GPS positions at most this far apart a crossing is inferred; 0: never
    crossing_depth_m: float  # where the straight way between them goes this deep
    buffer_m: float  # nearer than this warns of an approach; 0: never


STEADY = PresencePolicy(
    for_probability=0.99,
    against_probability=0.2,
    alone_probability=2.0,
    alone_depth_m=0.0,
    confirm_count=2,
    confirm_dwell_s=0.0,
    company_s=900.0,
    leave_count=2,
    leave_dwell_s=60.0,
    leave_alone_m=250.0,
    crossing_gap_s=180.0,
    crossing_depth_m=50.0,
    buffer_m=0.0,
)
"""A town-centre ban: positions keep company before anybody is told."""

FAST = replace(
    STEADY,
    alone_probability=0.99,
    alone_depth_m=50.0,
    crossing_depth_m=25.0,
)
"""A victim's home: one position deep inside is enough. A buffer is for whoever draws the zone to ask for."""

CURFEW = replace(
    STEADY,
    for_probability=0.9,
    confirm_dwell_s=600.0,
    company_s=3600.0,
    leave_count=1,
    leave_dwell_s=0.0,
    crossing_gap_s=0.0,
)
"""A curfew or an inclusion zone: absent for longer than the grace, which is ``confirm_dwell_s``."""

RECORD = replace(STEADY, for_probability=0.75, confirm_count=1, crossing_gap_s=0.0)
"""A crime scene: recorded, alerts nobody."""

AREA = replace(STEADY, crossing_gap_s=0.0)
"""The area of a stop-and-search authority: entries are information, and so a crossing is not inferred."""

HOME_AREA = replace(
    STEADY,
    confirm_count=6,
    confirm_dwell_s=14_400.0,
    company_s=7200.0,
    leave_dwell_s=0.0,
    crossing_gap_s=0.0,
)
"""A borough or a county: away for hours, not for an errand or an afternoon's visit across its boundary."""

PRESETS = {
    "steady": STEADY,
    "fast": FAST,
    "curfew": CURFEW,
    "record": RECORD,
    "area": AREA,
    "home_area": HOME_AREA,
}


@cache
def approach_policy(policy: PresencePolicy) -> PresencePolicy:
    """How the approach to a zone with a buffer is judged: the buffered shape, one sure position is enough."""
    return replace(policy, alone_probability=0.95, alone_depth_m=0.0, crossing_gap_s=0.0, buffer_m=0.0)


_PRESET_VALUES = {name: asdict(policy) for name, policy in PRESETS.items()}


def policy_of(preset: str, changes: dict[str, float]) -> PresencePolicy:
    """A preset with single values changed. Raises KeyError for an unknown preset or value."""
    names = {field.name for field in fields(PresencePolicy)}
    unknown = changes.keys() - names
    if unknown:
        raise KeyError(f"a policy has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(names))}")
    return PresencePolicy(**{**_PRESET_VALUES[preset], **changes})


def changes_of(preset: str, policy: PresencePolicy) -> dict[str, float]:
    """The inverse of ``policy_of``: what differs from the preset."""
    given = asdict(PRESETS[preset])
    return {name: value for name, value in asdict(policy).items() if value != given[name]}
