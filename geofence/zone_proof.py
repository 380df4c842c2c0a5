"""Whether a zone is in force, and whether who should watch it does (pure)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from geofence.schedules import LAST_US, ScheduleClock, windows
from model.schedules import Schedule
from model.times import DAY_US, from_microseconds, in_words
from model.zone_proof import Carrier, NotLive, NotLiveReason, PartitionHolder
from model.zones import ZoneVersion

ALIVE_S = 30.0
"""A worker says every 5 s that it is there; a long batch or a busy database may make it late."""
HORIZON_US = 366 * DAY_US
MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Versions:
    """Of one zone: the version that holds now and the next one to come; None where there is none."""

    holds: ZoneVersion | None
    coming: ZoneVersion | None


def versions_at(versions: Iterable[ZoneVersion], now_us: int) -> Versions:
    """Of one zone's versions, in any order."""
    ahead = sorted((one for one in versions if _holds_after(one, now_us)), key=lambda one: one.valid_from_us)
    holds = ahead[0] if ahead and ahead[0].valid_from_us <= now_us else None
    return Versions(holds, next((one for one in ahead if one.valid_from_us > now_us), None))


def out_of_force(found: Versions, now_us: int, clocks: dict[Schedule | None, ScheduleClock]) -> list[NotLive]:
    """Why the zone is not in force; nothing where it is. ``clocks`` are kept between zones that share a schedule."""
    one = found.holds
    if one is None:
        if found.coming is not None:
            begins = _moment(found.coming.valid_from_us)
            return [NotLive(NotLiveReason.NOT_YET_VALID, f"it holds only from {begins} on")]
        return [NotLive(NotLiveReason.ENDED, "it has ended")]
    reasons = []
    if one.active_from_us is not None and now_us < one.active_from_us:
        begins = _moment(one.active_from_us)
        reasons.append(NotLive(NotLiveReason.OUT_OF_DATES, f"its dates begin only at {begins}"))
    if one.active_to_us is not None and now_us >= one.active_to_us:
        reasons.append(NotLive(NotLiveReason.OUT_OF_DATES, f"its dates ended at {_moment(one.active_to_us)}"))
    clock = clocks.setdefault(one.schedule, ScheduleClock(one.schedule))
    if clock.window_of(now_us) is None:
        reasons.append(NotLive(NotLiveReason.OUT_OF_HOURS, "it is out of its hours"))
    return reasons


def next_change_us(versions: Iterable[ZoneVersion], now_us: int) -> int | None:
    """When the zone next comes into force or ceases to be; None where neither happens within a year."""
    horizon_us = min(now_us + HORIZON_US, LAST_US)
    spans = sorted(span for one in versions for span in _in_force(one, now_us, horizon_us))
    if not spans:
        return None
    if spans[0][0] > now_us:
        return spans[0][0]
    ends_us = spans[0][1]
    for start_us, end_us in spans[1:]:
        if start_us > ends_us:
            break
        ends_us = max(ends_us, end_us)
    return ends_us if ends_us < horizon_us else None


def unwatched(
    revision: int, carriers: Sequence[Carrier], holders: Mapping[int, PartitionHolder], *, anybody: bool
) -> list[NotLive]:
    """Why nobody watches, or not everywhere; nothing where every partition concerned is judged by ``revision``.

    ``carriers`` are the owner's tags. Of a shared zone there are none, and every partition is concerned; likewise of a
    tag that was never heard, for its first position may come on any. ``anybody``: whether a tag is worn for the zone.
    """
    reasons = [] if anybody else [NotLive(NotLiveReason.NO_TAG_WORN, "nobody whom it is for wears a tag")]
    if not holders:
        return [*reasons, NotLive(NotLiveReason.NO_WORKER, "no worker says that it is there")]
    needed = max([revision, *(one.activation_revision for one in carriers)])
    found: dict[tuple[NotLiveReason, str | None], list[PartitionHolder]] = {}
    for partition in partitions_concerned(carriers, holders):
        holder = holders.get(partition, PartitionHolder(partition, None, None, None))
        reason = _fault(holder, needed)
        if reason is not None:
            worker = None if reason is NotLiveReason.PARTITION_UNOWNED else holder.worker
            found.setdefault((reason, worker), []).append(holder)
    return reasons + [NotLive(reason, _words(reason, those, needed)) for (reason, _), those in found.items()]


def partitions_concerned(carriers: Sequence[Carrier], holders: Mapping[int, PartitionHolder]) -> list[int]:
    """Those on which a position for the zone may come, in order."""
    heard = {one.partition for one in carriers if one.partition is not None}
    all_heard = bool(carriers) and all(one.partition is not None for one in carriers)
    return sorted(heard if all_heard else heard | holders.keys())


def _fault(holder: PartitionHolder, needed: int) -> NotLiveReason | None:
    if holder.revision is None or holder.silent_s is None:
        return NotLiveReason.PARTITION_UNOWNED
    if holder.silent_s > ALIVE_S:
        return NotLiveReason.WORKER_SILENT
    return NotLiveReason.WORKER_BEHIND if holder.revision < needed else None


def _words(reason: NotLiveReason, holders: Sequence[PartitionHolder], needed: int) -> str:
    first, where = holders[0], _listed([one.partition for one in holders])
    match reason:
        case NotLiveReason.WORKER_SILENT:
            return f"worker {first.worker}, which has {where}, was last seen {_ago(first.silent_s or 0)} ago"
        case NotLiveReason.WORKER_BEHIND:
            return f"worker {first.worker}, which has {where}, has loaded revision {first.revision} and not {needed}"
        case _:
            return f"{where} {'are' if len(holders) > 1 else 'is'} owned by nobody"


def _listed(partitions: Sequence[int]) -> str:
    return f"partition{'s' if len(partitions) > 1 else ''} {', '.join(map(str, partitions))}"


def _ago(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * MINUTE_S else f"{seconds / MINUTE_S:.0f} min"


def _in_force(one: ZoneVersion, from_us: int, to_us: int) -> list[tuple[int, int]]:
    starts_us = max(from_us, one.valid_from_us, one.active_from_us or from_us)
    ends = (end_us for end_us in (one.valid_to_us, one.active_to_us) if end_us is not None)
    ends_us = min(to_us, *ends, to_us)
    return windows(one.schedule, starts_us, ends_us) if starts_us < ends_us else []


def _holds_after(one: ZoneVersion, now_us: int) -> bool:
    return one.valid_to_us is None or one.valid_to_us > max(now_us, one.valid_from_us)


def _moment(moment_us: int) -> str:
    return in_words(from_microseconds(moment_us))
