"""The past of one device judged anew: after late positions, and after changes of zones or activations in the past.

The visits that may change are dropped and found again from the stored positions, so it makes no difference in which
order positions arrived. What staff were told is amended, upgraded or retracted (alerts/revise.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from alerts.revise import decide_revisions
from geofence.columns import PositionRows
from geofence.detection import Detection, PresenceKey, Replayed, detect
from geofence.projection import Projection
from geofence.revision import Revision, revise
from geofence.sightings import DetectionLimits
from geofence.track import track_of
from geofence.zone_index import ZoneIndex
from model.devices import Activation
from model.enums import EndReason, VisitState
from model.visits import Visit
from store.database import Cursor
from store.position_reads import load_positions
from store.reevaluations import Reevaluation, ReevaluationWrite, load_told
from store.visit_writes import load_visits_since


@dataclass(frozen=True, slots=True)
class Judge:
    """What positions are judged by."""

    zones: ZoneIndex
    projection: Projection
    limits: DetectionLimits


def reevaluate(
    cursor: Cursor, wanted: Reevaluation, activations: Sequence[Activation], judge: Judge, channels: tuple[str, ...]
) -> ReevaluationWrite:
    """Judge every activation of the device that reaches beyond ``wanted.from_us``."""
    revisions: list[Revision] = []
    presence: dict[PresenceKey, Visit | None] = {}
    for activation in activations:
        if activation.end_us <= wanted.from_us:
            continue
        recorded = load_visits_since(cursor, activation.activation_id, wanted.from_us)
        replayed = _replayed(recorded, wanted.from_us)
        first_us = min([replayed.from_us, *replayed.since_us.values()])
        rows = load_positions(cursor, wanted.device_id, first_us, activation.end_us)
        found = _replay(rows, activation, replayed, judge)
        closed = [_off_at_end(change.after, activation, wanted.requested_us) for change in found.changes]
        revisions += revise(recorded, closed)
        presence |= dict.fromkeys(found.presence)
    open_now: dict[PresenceKey, Visit | None] = {
        (one.after.activation_id, one.after.zone_id, one.after.aspect): one.after
        for one in revisions
        if one.after.state.is_open
    }
    told = load_told(cursor, [one.after.visit_id for one in revisions])
    changes = decide_revisions(revisions, told, wanted.requested_us)
    return ReevaluationWrite(revisions, presence | open_now, changes, channels)


def _replayed(recorded: Sequence[Visit], from_us: int) -> Replayed:
    since_us: dict[PresenceKey, int] = {}
    for visit in recorded:
        key = (visit.activation_id, visit.zone_id, visit.aspect)
        since_us[key] = min(since_us.get(key, from_us), visit.entered_us)
    return Replayed(from_us, since_us)


def _replay(rows: PositionRows, activation: Activation, replayed: Replayed, judge: Judge) -> Detection:
    worn = rows.fixes.fix_time_us >= activation.start_us
    track = track_of(rows.take(worn), activation.activation_id, activation.person_id, judge.projection)
    first_us = min([replayed.from_us, *replayed.since_us.values()])
    judged = track.take(np.flatnonzero(track.rows.fixes.fix_time_us >= first_us))
    return detect(judged, judge.zones, {}, judge.limits, replayed)


def _off_at_end(visit: Visit, activation: Activation, now_us: int) -> Visit:
    """A visit that was open when the device came off ended then: nothing more will be heard of it."""
    if not visit.state.is_open or activation.end_us > now_us:
        return visit
    state = VisitState.LAPSED if visit.state is VisitState.POSSIBLE else VisitState.ENDED
    left_us = activation.end_us if visit.tally.against_since_us is None else visit.tally.against_since_us
    return replace(visit, state=state, left_us=left_us, closed_us=activation.end_us, end_reason=EndReason.DEVICE_OFF)
