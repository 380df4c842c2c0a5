"""Visits found anew are held against those that were recorded: which go on, which were not so (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from geofence.detection import presence_key
from model.devices import FOREVER_US
from model.enums import VisitState
from model.visits import Visit


@dataclass(frozen=True, slots=True)
class Revision:
    """What became of one visit: recorded and found again, found only (``before`` None), or retracted.

    ``merged_into`` is set where a retracted one is part of another visit now.
    """

    before: Visit | None
    after: Visit
    merged_into: UUID | None = None


def revise(recorded: Sequence[Visit], found: Sequence[Visit]) -> list[Revision]:
    """Match by overlap, place by place. Of several recorded ones the one that alerted, then the earliest, stays.

    A visit that is found again keeps its identifier, whatever its times are now. One that nothing matches is retracted.
    """
    revisions: list[Revision] = []
    for key in sorted({presence_key(visit) for visit in (*recorded, *found)}):
        revisions += _revise_place(
            [visit for visit in recorded if presence_key(visit) == key],
            [visit for visit in found if presence_key(visit) == key],
        )
    return revisions


def _revise_place(recorded: Sequence[Visit], found: Sequence[Visit]) -> list[Revision]:
    remaining = sorted(recorded, key=lambda visit: (not _was_certain(visit), visit.entered_us))
    revisions: list[Revision] = []
    for visit in sorted(found, key=lambda visit: (not _was_certain(visit), visit.entered_us)):
        before = next((one for one in remaining if _overlap(one, visit)), None)
        if before is not None and _only_meet(before, visit):  # one may end by the position that begins the next
            before = next((one for one in remaining if _overlap(one, visit) and not _only_meet(one, visit)), before)
        if before is None:
            revisions.append(Revision(None, visit))
        else:
            remaining.remove(before)
            revisions.append(Revision(before, replace(visit, visit_id=before.visit_id)))
    return revisions + [_retracted(visit, revisions) for visit in remaining]


def _retracted(visit: Visit, revisions: Sequence[Revision]) -> Revision:
    into = next((one.after.visit_id for one in revisions if _overlap(visit, one.after)), None)
    return Revision(visit, replace(visit, state=VisitState.RETRACTED), into)


def _was_certain(visit: Visit) -> bool:
    return visit.confirmed_us is not None or visit.inferred


def _overlap(one: Visit, other: Visit) -> bool:
    return one.entered_us <= _until_us(other) and other.entered_us <= _until_us(one)


def _only_meet(one: Visit, other: Visit) -> bool:
    return min(_until_us(one), _until_us(other)) == max(one.entered_us, other.entered_us)


def _until_us(visit: Visit) -> int:
    return FOREVER_US if visit.closed_us is None else visit.closed_us
