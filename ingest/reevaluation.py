"""The past of one device judged anew (pure): after late positions, and after changes of the past by somebody.

The visits that may change are dropped and found again from the stored positions, so it makes no difference in which
order positions arrived. What staff were told is amended, upgraded or retracted (alerts/revise.py).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

import numpy as np

from alerts.revise import decide_revisions
from geofence.detection import PresenceKey, Replayed, detect, presence_key
from geofence.projection import Projection
from geofence.revision import Revision, revise
from geofence.sightings import DetectionLimits
from geofence.track import Page
from geofence.zone_index import ZoneIndex
from model.alerts import AlertChange, ToldAlert
from model.devices import FOREVER_US, Activation
from model.enums import Aspect, EndReason, VisitState
from model.visits import Visit, renamed_visit_identifier

LEAD_IN = 2  # positions that what is decided of the next depends on
PAGES_AT_ONCE = 5
"""A longer past is judged in parts, each written by itself: a worker that is away for long loses its partitions."""


@dataclass(frozen=True, slots=True)
class Judge:
    """What positions are judged by."""

    zones: ZoneIndex
    projection: Projection
    limits: DetectionLimits


class Records(Protocol):
    """What was written before; ``store.reevaluations`` reads it from the database."""

    def visits_since(self, activation_id: int, since_us: int) -> Sequence[Visit]:
        """The visits that a position at ``since_us`` or later may still change; not the retracted ones."""
        ...

    def pages(self, device_id: int, from_us: int, until_us: int) -> Iterator[Page]:
        """The positions in ``[from_us, until_us)``, in order, a page at a time, each led in by the two before it."""
        ...

    def standing(self, visit_ids: Collection[UUID]) -> Collection[UUID]:
        """Those of the visits that are there and not retracted."""
        ...

    def told(self, visit_ids: Collection[UUID]) -> Mapping[UUID, ToldAlert]:
        """The alerts of these visits."""
        ...


@dataclass(frozen=True, slots=True)
class Reevaluated:
    """What judging a past anew changes."""

    revisions: Sequence[Revision]
    presence: dict[PresenceKey, Visit | None]
    alert_changes: Sequence[AlertChange]
    goes_on_us: int | None  # where the rest of the stretch begins, everywhere clear; None: it is all judged


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which fix times are in doubt: from the first to the last, and whatever follows from them."""

    from_us: int
    until_us: int  # FOREVER_US: a zone or an activation was changed, so that all that follows is in doubt
    known_us: int  # when that was asked for


def reevaluate(
    records: Records, device_id: int, activations: Sequence[Activation], stretch: Stretch, judge: Judge
) -> Reevaluated:
    """Judge anew what the device's wearers did in ``stretch``, and what follows from it, or the first part of that.

    ``activations`` are in the order of their times.
    """
    revisions: list[Revision] = []
    goes_on_us: int | None = None
    presence: dict[PresenceKey, Visit | None] = {}
    for activation in activations:
        if activation.end_us < stretch.from_us:  # one that ended just then may have left a visit open
            continue
        recorded = records.visits_since(activation.activation_id, stretch.from_us)
        found = _replay(records, device_id, activation, recorded, stretch, judge)
        visits = [
            _off_at_end(visit, activation, stretch.known_us)
            for visit in found.visits
            if visit.closed_us is None or visit.closed_us >= stretch.from_us  # before it nothing has changed
        ]
        in_doubt = [visit for visit in recorded if visit.entered_us <= found.until_us]
        revisions += _named(revise(in_doubt, visits), records)
        later = {presence_key(visit) for visit in recorded if visit.entered_us > found.until_us}
        presence |= dict.fromkeys(found.places - later)
        if found.is_part:
            goes_on_us = found.until_us
            break
    for one in revisions:
        if one.after.state.is_open:
            presence[presence_key(one.after)] = one.after
    told = records.told([one.after.visit_id for one in revisions])
    return Reevaluated(revisions, presence, decide_revisions(revisions, told, stretch.known_us), goes_on_us)


def _named(revisions: Sequence[Revision], records: Records) -> list[Revision]:
    """New visits under identifiers of their own: one that was found by the same position may go by it."""
    used = {one.before.visit_id for one in revisions if one.before is not None}
    named: list[Revision] = []
    for one in revisions:
        visit = one.after
        while one.before is None and (visit.visit_id in used or records.standing([visit.visit_id])):
            visit = replace(visit, visit_id=renamed_visit_identifier(visit.visit_id))
        used.add(visit.visit_id)
        named.append(replace(one, after=visit))
    return named


def _replayed(recorded: Sequence[Visit], from_us: int) -> Replayed:
    """Each place begins with the first visit that may change: before it the place was clear.

    One that was inferred changes nothing: the place was clear until the position by which it was found.
    """
    since_us: dict[PresenceKey, int] = {}
    for visit in recorded:
        key = presence_key(visit)
        first_us = since_us.get(key, from_us)
        since_us[key] = first_us if visit.inferred else min(first_us, visit.entered_us)
    return Replayed(from_us, since_us)


@dataclass(frozen=True, slots=True)
class _Found:
    visits: list[Visit]
    places: set[PresenceKey]  # that were looked at
    until_us: int  # how far: what was recorded to begin later stands as it is,
    is_part: bool = False  # for now, or for good


def _replay(
    records: Records,
    device_id: int,
    activation: Activation,
    recorded: Sequence[Visit],
    stretch: Stretch,
    judge: Judge,
) -> _Found:
    """The visits found anew, to the end or until nothing of what follows can be otherwise."""
    replayed = _replayed(recorded, stretch.from_us)
    first_us = max(activation.start_us, min([stretch.from_us, *replayed.since_us.values()]))
    visits: dict[UUID, Visit] = {}
    places = set(replayed.since_us)
    going: dict[tuple[int, Aspect], Visit] = {}
    for pages, page in enumerate(records.pages(device_id, first_us, activation.end_us), start=1):
        track = page.track(activation.activation_id, activation.person_id, activation.start_us, judge.projection)
        found = detect(track, judge.zones, {activation.activation_id: going}, judge.limits, replayed)
        visits.update((change.after.visit_id, change.after) for change in found.changes)
        places |= found.presence.keys()
        going = {(key[1], key[2]): visit for key, visit in found.presence.items() if visit is not None}
        end_us = int(track.rows.fixes.fix_time_us[-1])
        if not going and _is_clear_in(recorded, end_us):
            is_settled = np.count_nonzero(track.rows.fixes.fix_time_us > stretch.until_us) > LEAD_IN
            if is_settled or (pages >= PAGES_AT_ONCE and end_us > stretch.from_us):
                return _Found(list(visits.values()), places, end_us, is_part=not is_settled)
    return _Found(list(visits.values()), places, FOREVER_US)


def _is_clear_in(recorded: Sequence[Visit], end_us: int) -> bool:
    """Whether every place was recorded as clear then, at which the next page may begin too.

    With every place clear now as well, what follows can be otherwise only by the positions: those in doubt, and what
    is decided of the two after them.
    """
    return not any(
        visit.entered_us <= end_us and (visit.closed_us is None or visit.closed_us >= end_us) for visit in recorded
    )


def _off_at_end(visit: Visit, activation: Activation, known_us: int) -> Visit:
    """A visit that was open when the device came off ended then: nothing more will be heard of it."""
    if not visit.state.is_open or activation.end_us > known_us:
        return visit
    state = VisitState.LAPSED if visit.state is VisitState.POSSIBLE else VisitState.ENDED
    left_us = activation.end_us if visit.tally.against_since_us is None else visit.tally.against_since_us
    return replace(visit, state=state, left_us=left_us, closed_us=activation.end_us, end_reason=EndReason.DEVICE_OFF)
