"""All that an evidence bundle says, as facts. Times are microseconds since 1970 UTC.

A bundle is made of its dossier and its templates and of nothing else: the same two give the same bytes.
"""

from dataclasses import dataclass

from model.crimes import MatchedPosition, MatchingSettings, MatchVerdict, Window

CAVEATS = (
    "Presence near a scene does not show that the wearer did anything there, or saw anything.",
    (
        "This match does not rule out others: people who wear no tag, and wearers whose tags gave no positions, may"
        " have been there too."
    ),
    (
        "Numbers in sequence (A1, A2, …) are positions one after the other. They need not mean continuous movement:"
        " between two positions the wearer may have gone another way or stopped, and straight lines on the map are no"
        " route."
    ),
    (
        "Monitoring may have been impossible at times: a tag can be out of sight of satellites, out of coverage,"
        " discharged, switched off or damaged. A time without positions shows neither presence nor absence."
    ),
    (
        "Each position is the centre of a circle that is expected to hold the true place with a probability of 95 per"
        " cent. About one true place in twenty is outside its circle, by what the tag itself states or by the default"
        " of its mechanism."
    ),
    "The place and the times of the crime are as the police stated them; they were not checked here.",
)
"""Part of every bundle; no template can leave them out of the DOCX report and of dossier.json."""


@dataclass(frozen=True, slots=True)
class EvidenceRequest:
    """Who asked for the bundle, what for, and on what basis in law or policy."""

    requested_by: str
    force: str
    purpose: str
    basis: str
    requested_at_us: int


@dataclass(frozen=True, slots=True)
class Maker:
    """Who produces the exhibit, as its statement says, and the exhibit's number."""

    name: str
    exhibit: str


@dataclass(frozen=True, slots=True)
class CrimeStatement:
    """The crime version as the police stated it, and what was made of its place and times."""

    force: str
    reference: str
    version: int
    batch: str  # the batch's id as the force gave it
    row_number: int
    crime_type: str
    description: str
    lat: float  # WGS84 degrees
    lon: float
    place_uncertainty_m: float
    windows: tuple[Window, ...]  # not padded
    notes: tuple[str, ...]
    given: tuple[tuple[str, str], ...]  # field and value of the row as it stood in the file
    changed_fields: tuple[str, ...]  # against the version before


@dataclass(frozen=True, slots=True)
class WearerIdentity:
    name: str
    crn: str
    pnc_id: str | None
    nomis_id: str | None
    date_of_birth: str | None  # ISO 8601


@dataclass(frozen=True, slots=True)
class WornTag:
    """A tag that the wearer wore in the padded windows or beside them; open ends are None."""

    device_id: int
    serial: str
    from_us: int
    until_us: int | None


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The run that the result is of."""

    run_id: int
    result_id: int
    run_at_us: int
    cause: str
    algorithm_version: int
    software_version: str
    settings: MatchingSettings
    present: int  # of everyone who wore a tag at some time of the padded windows
    possible: int
    absent: int
    cannot_say: int


@dataclass(frozen=True, slots=True)
class StatedGap:
    """A stretch without usable positions in which the wearer could have been at the scene; open ends are None."""

    from_us: int | None
    to_us: int | None
    reason: str
    needed_speed_mps: float | None


@dataclass(frozen=True, slots=True)
class Finding:
    """The match: what model.crimes.Match says, of the wearer whom the bundle names."""

    verdict: MatchVerdict
    reasons: tuple[str, ...]
    positions: tuple[MatchedPosition, ...]  # within the report radius, in the order of fix times
    gaps: tuple[StatedGap, ...]
    nearest_m: float | None
    nearest_us: int | None
    position_count: int  # usable ones in the padded windows, wherever they are
    covered_from_us: int | None
    covered_to_us: int | None


@dataclass(frozen=True, slots=True)
class RejectedFix:
    """A fix of the padded windows that did not count. Outside the report radius its place is left out."""

    serial: str
    fix_time_us: int
    received_us: int
    mechanism: str
    why: tuple[str, ...]
    lat: float | None
    lon: float | None
    accuracy_m: float | None  # as stated; None: not stated, or outside the report radius
    distance_m: float | None


@dataclass(frozen=True, slots=True)
class DeviceFact:
    """What the tag said of itself in the padded windows."""

    serial: str
    event_us: int
    received_us: int
    kind: str
    battery_pct: float | None


@dataclass(frozen=True, slots=True)
class OriginalMessage:
    """Where the message is that gave a reported position, and whether its original bytes prove the position.

    Hashes are SHA-256 in hexadecimal: ``leaf`` of the message, ``chain`` of its batch in the archive's chain.
    """

    serial: str
    fix_time_us: int
    fix_key: int
    topic: str
    partition: int
    message_offset: int
    leaf: str | None
    chain: str | None
    problem: str | None  # None: proved


@dataclass(frozen=True, slots=True)
class Review:
    """The qualification without which nothing is exported."""

    reviewed_by: str
    reviewed_at_us: int
    decision: str
    note: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """What one bundle says. ``windows`` are the crime's, padded: what was searched."""

    reference: str  # of the bundle
    issued_at_us: int
    software_version: str  # that made the bundle
    request: EvidenceRequest
    maker: Maker
    crime: CrimeStatement
    windows: tuple[Window, ...]
    wearer: WearerIdentity
    tags: tuple[WornTag, ...]
    run: RunFacts
    finding: Finding
    rejected: tuple[RejectedFix, ...]
    events: tuple[DeviceFact, ...]
    originals: tuple[OriginalMessage, ...]  # of each reported position, in their order
    review: Review
    chance: tuple[str, ...]  # the weight of chance in words; empty where nothing was weighed
    caveats: tuple[str, ...] = CAVEATS

    def serial_of(self, device_id: int) -> str:
        """Raises LookupError for a tag that the dossier does not name."""
        for tag in self.tags:
            if tag.device_id == device_id:
                return tag.serial
        raise LookupError(f"the dossier names no tag {device_id}")
