"""The answer to "is this zone live?": yes or no, and what proves it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NotLiveReason(StrEnum):
    """Why a zone watches nobody now."""

    NOT_YET_VALID = "not_yet_valid"  # its first version holds from a later time on
    ENDED = "ended"
    OUT_OF_DATES = "out_of_dates"  # before or after the condition's own dates
    OUT_OF_HOURS = "out_of_hours"
    NO_TAG_WORN = "no_tag_worn"  # its owner wears none or, of a shared zone, nobody does
    NO_WORKER = "no_worker"  # no worker says anything of itself
    PARTITION_UNOWNED = "partition_unowned"
    WORKER_SILENT = "worker_silent"  # it was killed, hangs, or cannot reach the database
    WORKER_BEHIND = "worker_behind"  # it judges by an older revision
    NOT_APPROVED = "not_approved"  # its condition is a draft: no zone is there yet
    REFUSED = "refused"  # so was the draft, and no zone was ever there
    WITHDRAWN = "withdrawn"  # likewise
    NO_PLACE = "no_place"  # its condition watches none: trail monitoring

    @property
    def is_fault(self) -> bool:
        """Whether the service fails to watch what it should; the other reasons are as somebody decided."""
        return self in FAULTS


FAULTS = frozenset(
    {
        NotLiveReason.NO_WORKER,
        NotLiveReason.PARTITION_UNOWNED,
        NotLiveReason.WORKER_SILENT,
        NotLiveReason.WORKER_BEHIND,
    }
)


@dataclass(frozen=True, slots=True)
class NotLive:
    """One reason, in words too, without a full stop."""

    reason: NotLiveReason
    words: str


@dataclass(frozen=True, slots=True)
class PartitionHolder:
    """A partition of the intake and the worker that took it last, with what that one says of itself.

    ``revision`` and ``silent_s`` are None where it says nothing, or no longer that it has this partition.
    """

    partition: int
    worker: str | None
    revision: int | None
    silent_s: float | None


@dataclass(frozen=True, slots=True)
class Carrier:
    """A tag that the owner of a personal zone wears. ``partition`` is None where it was never heard.

    ``serial`` and the times of its newest position are None where the asker may not see the person.
    """

    partition: int | None
    activation_revision: int
    serial: str | None
    fix_time: datetime | None
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class HeldPartition:
    """What one partition's worker has loaded. ``since``: when it first had the zone as it stands, and the partition;

    ``delay_s`` from the zone's revision to then, 0 where it began later. Both are None where it has not.
    """

    partition: int
    worker: str | None
    revision: int | None
    silent_s: float | None
    since: datetime | None
    delay_s: float | None


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """``geometry_sha256``: of the GeoJSON geometry with its keys sorted and no blanks, in hexadecimal digits."""

    version: int
    valid_from: datetime
    valid_to: datetime | None
    geometry_sha256: str
    schedule_words: str


@dataclass(frozen=True, slots=True)
class ZoneProof:
    """``is_live``: in force now, and every worker that may get a position for it judges by the zone as it stands.

    ``revision`` is the registry's number that such a worker must have reached; that, ``revised_at`` and ``zone_id`` are
    None where a condition of this reference has no zone. ``changes_at`` is when ``in_force`` next
    changes; None where it does not within a year. ``last_judged_at`` is the fix time of the newest position that was
    judged by the zone as it stands; None where there is none yet, or where the asker may not see the person.
    """

    zone_id: int | None
    reference: str
    person_id: int | None
    asked_at: datetime
    is_live: bool
    words: str
    reasons: tuple[NotLive, ...]
    holds: VersionFacts | None
    coming: VersionFacts | None
    in_force: bool
    changes_at: datetime | None
    revision: int | None
    revised_at: datetime | None
    partitions: tuple[HeldPartition, ...]
    tags: tuple[Carrier, ...]
    last_judged_at: datetime | None


Unwatched = Mapping[int, tuple[NotLive, ...]]
"""Zones that are not live, by ``zone_id``, each with every reason."""
