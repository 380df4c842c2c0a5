"""When each fix of a replayed track is sent, and under which fix time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ingest.tracks.track import TrackFix


@dataclass(frozen=True, slots=True)
class Departure:
    after_s: float  # since the start of the replay
    fix_time: datetime
    fix: TrackFix


def schedule(fixes: Sequence[TrackFix], speed: float | None, began_at: datetime | None) -> list[Departure]:
    """Departures in the order of ``fixes``, at ``speed`` times their own pace; all at once for None.

    With ``began_at`` the whole track is shifted as late as it can be with no fix in the future when it is sent, which
    screening would quarantine: up to speed 1 the first fix is then at ``began_at``, above it the last fix is sent at
    its own time. Intervals between fixes stay. Without it the times stay as they are.
    """
    if not fixes:
        return []
    first = min(fix.fix_time for fix in fixes)
    last = max(fix.fix_time for fix in fixes)
    duration = (last - first) / speed if speed else timedelta()
    shift = min(began_at - first, began_at + duration - last) if began_at else timedelta()
    departures: list[Departure] = []
    after_s = 0.0
    for fix in fixes:
        if speed:
            after_s = max(after_s, (fix.fix_time - first).total_seconds() / speed)
        departures.append(Departure(after_s, fix.fix_time + shift, fix))
    return departures
