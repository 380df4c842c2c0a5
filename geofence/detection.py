"""From a track and the open visits to what changed: the loop that the live pipeline, a replay and a rehearsal share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geofence.columns import Booleans
from geofence.confidence import effective_accuracy_m, p_inside
from geofence.presence import Condition, Place, Sighting, step
from geofence.sightings import VERDICTS, DetectionLimits, Sightings, Watched, sightings, touched
from geofence.track import Track
from geofence.zone_index import NO_ROW, REGIMES, ZoneIndex
from geofence.zone_table import ASPECTS
from model.enums import Aspect, EndReason, PositionFlag, Regime, VisitState
from model.policies import approach_policy
from model.visits import Evidence, EvidencePosition, Tally, Verdict, Visit, visit_identifier

PresenceKey = tuple[int, int, Aspect]
"""(activation id, zone id, aspect)"""


def presence_key(visit: Visit) -> PresenceKey:
    return visit.activation_id, visit.zone_id, visit.aspect


BEGINS = np.array([verdict in {Verdict.FOR_ALONE, Verdict.FOR, Verdict.HINT_FOR} for verdict in VERDICTS])
"""Which verdicts, by code, can begin a visit."""

CODE_OF = {aspect: code for code, aspect in enumerate(ASPECTS)}
NOTHING_OPEN: Mapping[tuple[int, Aspect], Visit] = {}


@dataclass(frozen=True, slots=True)
class VisitChange:
    """A visit as it stood before the track, None where it began in it, and as it stands now."""

    before: Visit | None
    after: Visit


@dataclass(frozen=True, slots=True)
class Replayed:
    """Where each place of a replay begins, clear: with its first visit that may change or, without one, ``from_us``."""

    from_us: int
    since_us: Mapping[PresenceKey, int]


@dataclass(frozen=True, slots=True)
class Detection:
    changes: list[VisitChange]  # each visit once, in the order of (activation, zone, aspect, time)
    presence: dict[PresenceKey, Visit | None]  # the open visit of each place that was looked at; None: clear


def detect(
    track: Track,
    zones: ZoneIndex,
    presence: Mapping[int, Mapping[tuple[int, Aspect], Visit]],
    limits: DetectionLimits,
    replayed: Replayed | None = None,
) -> Detection:
    """Step presence through every place that the track touches or that was not clear before.

    ``presence`` holds the open visits by activation, then (zone, aspect); for a replay it is empty.
    """
    watched = _watched(track, zones, presence, () if replayed is None else replayed.since_us)
    seen = sightings(track, zones, watched, limits)
    bounds = np.searchsorted(seen.pair, np.arange(len(watched.zone_id) + 1)).tolist()
    positions = _positions(track, seen)
    crosses = ~np.isnan(seen.crossing.depth_m)
    begins = (BEGINS[seen.verdict] | crosses).tolist()
    changes: list[VisitChange] = []
    after: dict[PresenceKey, Visit | None] = {}
    keys = zip(watched.activation.tolist(), watched.zone_id.tolist(), watched.aspect.tolist(), strict=True)
    for pair, (activation_id, zone_id, code) in enumerate(keys):
        aspect = ASPECTS[code]
        span = range(bounds[pair], bounds[pair + 1])
        if replayed is not None:
            span = _since(track, seen, span, replayed.since_us.get((activation_id, zone_id, aspect), replayed.from_us))
        before = presence.get(activation_id, NOTHING_OPEN).get((zone_id, aspect))
        place = Place(activation_id, zone_id, aspect, track.person.item(seen.position.item(bounds[pair])))
        walk = _Walk(track, zones, seen, positions, place)
        after[activation_id, zone_id, aspect] = walk.run(before, span, begins, crosses)
        changes += walk.changes
    return Detection(changes, after)


def _watched(
    track: Track,
    zones: ZoneIndex,
    presence: Mapping[int, Mapping[tuple[int, Aspect], Visit]],
    also: Iterable[PresenceKey],
) -> Watched:
    """The touched and the open places, each once, in order."""
    near = touched(track, zones)
    found = set(zip(near.activation.tolist(), near.zone_id.tolist(), near.aspect.tolist(), strict=True))
    found |= {(activation_id, zone_id, CODE_OF[aspect]) for activation_id, zone_id, aspect in also}
    if presence:
        found |= {
            (activation_id, zone_id, CODE_OF[aspect])
            for activation_id in set(track.activation.tolist()) & presence.keys()
            for zone_id, aspect in presence[activation_id]
        }
    columns = np.array(sorted(found), np.int64).reshape(-1, 3)
    return Watched(columns[:, 0], columns[:, 1], columns[:, 2])


def _since(track: Track, seen: Sightings, span: range, since_us: int) -> range:
    """The part of a place's sightings that begins at ``since_us``."""
    times_us = track.rows.fixes.fix_time_us[seen.position[span.start : span.stop]]
    return range(span.start + int(np.searchsorted(times_us, since_us)), span.stop)


def _positions(track: Track, seen: Sightings) -> list[tuple[Any, ...]]:
    """The values of each sighting's EvidencePosition, in its order: whole columns at once, for a cell by itself costs
    more than all the rest of a step.
    """
    fixes, rows, at = track.rows.fixes, track.rows, seen.position
    accuracy_m = fixes.accuracy_m[at].astype(object)
    accuracy_m[np.isnan(fixes.accuracy_m[at])] = None
    columns = (
        rows.device_id[at],
        fixes.fix_time_us[at],
        rows.fix_key[at],
        fixes.received_us[at],
        fixes.lat[at],
        fixes.lon[at],
        accuracy_m,
        fixes.mechanism[at],
        rows.flags[at],
        seen.depth_m,
        seen.p_inside,
    )
    verdicts = [VERDICTS[code] for code in seen.verdict.tolist()]
    return list(zip(*(column.tolist() for column in columns), verdicts, strict=True))


class _Walk:
    """One place's walk through its sightings."""

    def __init__(
        self, track: Track, zones: ZoneIndex, seen: Sightings, positions: Sequence[tuple[Any, ...]], place: Place
    ) -> None:
        self._track = track
        self._zones = zones
        self._seen = seen
        self._positions = positions
        self._place = place
        self.changes: list[VisitChange] = []

    def run(self, visit: Visit | None, span: range, begins: Sequence[bool], crosses: Booleans) -> Visit | None:
        """The open visit at the end of the track; ``changes`` holds what became of every other."""
        before = visit
        for at in span:
            if visit is None and not begins[at]:
                continue
            stood = visit
            for stepped in step(self._place, visit, self._sighting(at)):
                if visit is not None and stepped.visit_id != visit.visit_id:
                    self._close(before, visit)
                    before = None
                visit = stepped
            if visit is not None and not visit.state.is_open:
                self._close(before, visit)
                visit = before = None
            if visit is None and stood is None and crosses[at]:
                self.changes.append(VisitChange(None, self._crossing(at)))
        if visit is not None and visit is not before and visit != before:
            self.changes.append(VisitChange(before, visit))
        return visit

    def _close(self, before: Visit | None, visit: Visit) -> None:
        self.changes.append(VisitChange(before, visit))

    def _condition(self, at: int) -> Condition | None:
        row = self._seen.row.item(at)
        if row == NO_ROW:
            return None
        version = self._zones.version(row)
        policy = version.policy if self._place.aspect is Aspect.ZONE else approach_policy(version.policy)
        return Condition(version.version, version.kind, REGIMES[self._seen.regime.item(at)], policy)

    def _sighting(self, at: int) -> Sighting:
        return Sighting(EvidencePosition(*self._positions[at]), self._condition(at))

    def _crossing(self, at: int) -> Visit:
        """The visit inferred from the way to the sighting ``at``: over as soon as it is known."""
        found, before = self._seen.crossing, self._track.before
        position, end, condition = (
            int(self._seen.position[at]),
            EvidencePosition(*self._positions[at]),
            self._condition(at),
        )
        assert condition is not None  # noqa: S101  a crossing is inferred only of a zone in force
        began_us = int(before.fix_time_us[position])
        place, depth_m = self._place, found.depth_m[at : at + 1]
        fixes = self._track.rows.fixes
        accuracy_m = effective_accuracy_m(
            fixes.accuracy_m[position : position + 1], fixes.mechanism[position : position + 1]
        )
        deepest = replace(
            end,
            fix_time_us=began_us + round(float(found.share[at]) * (end.fix_time_us - began_us)),
            lon=float(found.lon[at]),
            lat=float(found.lat[at]),
            flags=end.flags | PositionFlag.INFERRED,
            depth_m=float(depth_m[0]),
            p_inside=float(p_inside(depth_m, accuracy_m)[0]),
        )
        return Visit(
            visit_id=visit_identifier(place.activation_id, place.zone_id, place.aspect, (end.fix_time_us, end.fix_key)),
            activation_id=place.activation_id,
            person_id=place.person_id,
            zone_id=place.zone_id,
            zone_version=condition.zone_version,
            zone_kind=condition.zone_kind,
            aspect=place.aspect,
            regime=Regime.IN_FORCE,
            state=VisitState.ENDED,
            inferred=True,
            entered_us=began_us,
            confirmed_us=None,
            last_inside_us=deepest.fix_time_us,
            left_us=end.fix_time_us,
            closed_us=end.fix_time_us,
            end_reason=EndReason.CROSSED,
            positions_inside=0,
            tally=Tally(0, began_us, 0, None),
            evidence=Evidence(end, None, deepest, deepest, (end,)),
        )
