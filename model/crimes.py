"""Crimes as police report them, and what matching says of a wearer. Times are microseconds since 1970 UTC."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from model.enums import Mechanism
from model.times import SECOND_US

MATCHING_VERSION = 2
"""Of the rules by which a match is decided; raised with each change of them, and recorded with every run."""

SHORT_GAP_S = 120
"""Between two positions no farther apart than this the track is unbroken; longer gaps are noted as they arise."""

SHORT_GAP_US = SHORT_GAP_S * SECOND_US

LONGEST_HULL = timedelta(hours=13)
"""Of a crime's windows together: one has at most 12 hours, and an hour more where a local time is two instants."""

USABLE_ACCURACY_M = 150.0
"""A position with a larger 95 % circle pins nobody down: the stretches beside it count as a gap."""

ERROR_ALLOWANCE_M = 100.0
"""Nobody is ruled out by a smaller circle: one true place in twenty is outside its 95 % circle, and between tall
buildings a receiver is wrong by tens of metres for minutes and does not say so."""

FASTEST_MPS = 90.0
"""324 km/h, and no train in Britain goes faster: two positions that need more contradict each other."""

CLOCK_AHEAD_US = 30 * SECOND_US
"""A fix so long after its own receipt was made at another time than it says."""


class MatchVerdict(StrEnum):
    """What the track says of a wearer and a crime. None of them says that the wearer did anything."""

    PRESENT = "present"  # enough positions at the scene in the window
    POSSIBLE = "possible"  # something places the wearer there, but not enough
    ABSENT = "absent"  # the track shows that the wearer was elsewhere
    CANNOT_SAY = "cannot_say"  # the track has a gap in which the wearer could have been there


class GapReason(StrEnum):
    """Why the track does not say where the wearer was."""

    NO_FIX = "no_fix"  # the tag was heard, but gave no position that could be used
    FLAT_BATTERY = "flat_battery"
    TAG_OFF = "tag_off"  # switched off, or its strap was off
    NO_COMMUNICATION = "no_communication"  # the tag was not heard, for no reason that it gave
    NOT_MONITORED = "not_monitored"  # a tag was worn, and nothing let its positions be looked at
    NOT_YET_ACTIVATED = "not_yet_activated"
    NO_LONGER_ACTIVATED = "no_longer_activated"
    SHORT_GAP = "short_gap"  # two positions as often as usual, so near that there was time between them


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time ``[from_us, to_us]``; both ends belong to it."""

    from_us: int
    to_us: int

    def padded(self, padding_us: int) -> "Window":
        return Window(self.from_us - padding_us, self.to_us + padding_us)


@dataclass(frozen=True, slots=True)
class Crime:
    """One crime as a file reports it, its place and times converted.

    ``windows`` has more than one where a local time of the file is two instants, which are both searched.
    ``place_uncertainty_m`` is the radius about the point that holds the true place; 0 where the file says nothing.
    """

    force: str
    reference: str
    crime_type: str
    description: str
    lat: float  # WGS84 degrees
    lon: float
    place_uncertainty_m: float
    windows: tuple[Window, ...]
    notes: tuple[str, ...] = ()  # what was made of it at intake, in words for the report

    @property
    def hull(self) -> Window:
        """From the earliest to the latest moment of its windows."""
        return Window(min(one.from_us for one in self.windows), max(one.to_us for one in self.windows))


@dataclass(frozen=True, slots=True)
class MatchingSettings:
    """What a run goes by; recorded with it. The defaults are those of the Ministry of Justice's matcher."""

    radius_m: float = 100.0
    padding_s: float = 600.0  # before and after the crime's window
    least_overlap: float = 0.5  # of a position's confidence circle with the crime's circle
    least_positions: int = 2
    plausible_speed_mps: float = 35.0  # no journey is thought faster: 126 km/h
    near_m: float = 1000.0  # of those ruled out, who came so near is reported one by one

    @property
    def padding_us(self) -> int:
        return round(self.padding_s * SECOND_US)


@dataclass(frozen=True, slots=True)
class MatchedPosition:
    """A position near the scene in the padded window."""

    device_id: int
    fix_time_us: int
    fix_key: int
    lat: float
    lon: float
    accuracy_m: float  # the 95 % circle reckoned with, metres
    accuracy_stated: bool  # whether the tag stated it
    mechanism: Mechanism
    speed_mps: float | None
    heading_deg: float | None
    flags: int  # model.enums.PositionFlag
    distance_m: float  # from the stated place of the crime
    overlap: float  # 0..1: the part of its confidence circle within the crime's circle
    label: str | None  # A1, A2 … B1: the visit's letters and the place in it; None where it does not count


@dataclass(frozen=True, slots=True)
class CoverageGap:
    """A stretch without positions in which the wearer could have been at the scene. Open ends are None.

    Short gaps that follow upon each other are one: there are positions within it, each too near to rule anything out.
    """

    from_us: int | None  # the last position before
    to_us: int | None  # the first one after
    reason: GapReason
    # The least mean speed of a journey by way of the scene; None with an open end, or where no speed would do because
    # its two positions contradict each other.
    needed_speed_mps: float | None


@dataclass(frozen=True, slots=True)
class Match:
    """What matching says of one wearer and one crime, with all that it goes by."""

    person_id: int
    verdict: MatchVerdict
    reasons: tuple[str, ...]  # in words, for whoever reviews it
    positions: tuple[MatchedPosition, ...]  # within the report radius, in the order of fix times
    gaps: tuple[CoverageGap, ...]  # that leave room for the scene; none where the wearer is absent
    nearest_m: float | None  # of the usable positions in the padded window, to the stated place
    nearest_us: int | None
    position_count: int  # usable ones in the padded window, wherever they are
    covered_from_us: int | None  # the last usable position before the padded window, or the first in it
    covered_to_us: int | None  # the first one after it, or the last in it
