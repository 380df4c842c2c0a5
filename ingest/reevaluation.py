"""The past of one device judged anew (pure): after late positions, and after changes of the past by somebody.

The visits that may change are dropped and found again from the stored positions, so it makes no difference in which
order positions arrived. What staff were told is amended, upgraded or retracted (alerts/revise.py).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

import numpy as np

from alerts.revise import decide_revisions
from geofence.columns import PositionRows
from geofence.detection import Detection, PresenceKey, Replayed, detect, presence_key
from geofence.projection import Projection
from geofence.revision import Revision, revise
from geofence.sightings import DetectionLimits
from geofence.track import track_of
from geofence.zone_index import ZoneIndex
from model.alerts import AlertChange, ToldAlert
from model.devices import Activation
from model.enums import EndReason, VisitState
from model.visits import Visit, renamed_visit_identifier


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

    def positions(self, device_id: int, from_us: int, until_us: int) -> PositionRows:
        """The positions in ``[from_us, until_us)``, in order, and the two before them."""
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


def reevaluate(
    records: Records, device_id: int, activations: Sequence[Activation], from_us: int, known_us: int, judge: Judge
) -> Reevaluated:
    """Judge what the device's wearers did from the fix time ``from_us`` on; ``known_us`` is when that was asked for."""
    revisions: list[Revision] = []
    presence: dict[PresenceKey, Visit | None] = {}
    for activation in activations:
        if activation.end_us < from_us:  # one that ended just then may have left a visit open
            continue
        recorded = records.visits_since(activation.activation_id, from_us)
        replayed = _replayed(recorded, from_us)
        rows = records.positions(device_id, _first_us(replayed), activation.end_us)
        found = _replay(rows, activation, replayed, judge)
        visits = [
            _off_at_end(change.after, activation, known_us)
            for change in found.changes
            if change.after.closed_us is None or change.after.closed_us >= from_us  # before it nothing has changed
        ]
        revisions += _named(revise(recorded, visits), records)
        presence |= dict.fromkeys(found.presence)
    for one in revisions:
        if one.after.state.is_open:
            presence[presence_key(one.after)] = one.after
    told = records.told([one.after.visit_id for one in revisions])
    return Reevaluated(revisions, presence, decide_revisions(revisions, told, known_us))


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


def _first_us(replayed: Replayed) -> int:
    return min([replayed.from_us, *replayed.since_us.values()])


def _replay(rows: PositionRows, activation: Activation, replayed: Replayed, judge: Judge) -> Detection:
    worn = rows.take(rows.fixes.fix_time_us >= activation.start_us)
    track = track_of(worn, activation.activation_id, activation.person_id, judge.projection)
    judged = track.take(np.flatnonzero(track.rows.fixes.fix_time_us >= _first_us(replayed)))
    return detect(judged, judge.zones, {}, judge.limits, replayed)


def _off_at_end(visit: Visit, activation: Activation, known_us: int) -> Visit:
    """A visit that was open when the device came off ended then: nothing more will be heard of it."""
    if not visit.state.is_open or activation.end_us > known_us:
        return visit
    state = VisitState.LAPSED if visit.state is VisitState.POSSIBLE else VisitState.ENDED
    left_us = activation.end_us if visit.tally.against_since_us is None else visit.tally.against_since_us
    return replace(visit, state=state, left_us=left_us, closed_us=activation.end_us, end_reason=EndReason.DEVICE_OFF)
