"""The plain check: a position is in a zone or it is not, and whoever is in one is on a visit.

As it was before positions were weighed (rule version 1): one match of the whole batch, then a step for each position
that is inside or was, and a visit with the positions that say most.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from geofence.columns import Integers
from geofence.presence import Place
from geofence.track import Track
from geofence.zone_index import IN_FORCE, ZoneIndex
from model.enums import Aspect
from model.visits import visit_identifier


@dataclass(frozen=True, slots=True)
class Dot:
    """A position that lies where a visit is watched."""

    device_id: int
    fix_time_us: int
    fix_key: int
    received_us: int
    lat: float
    lon: float
    accuracy_m: float
    mechanism: int
    flags: int
    depth_m: float


@dataclass(frozen=True, slots=True)
class DotVisit:
    visit_id: object
    place: Place
    entered_us: int
    last_us: int
    left_us: int | None
    positions: int
    entry: Dot
    deepest: Dot
    latest: Dot


class PlainCheck:
    """The open visits, by activation and zone, and what each batch does to them."""

    def __init__(self, index: ZoneIndex, curfew_row: Integers | None) -> None:
        self._index = index
        self._curfew_row = curfew_row  # of each person
        self.open: dict[int, dict[int, DotVisit]] = {}

    def take(self, track: Track) -> int:
        """Step through a batch that holds an activation at most once; how many of its positions are inside."""
        position, row = self._stays(track)
        depth_m = self._index.depth_m(row, track.points.take(position))
        inside: set[tuple[int, int]] = set()
        activation, zone_id = track.activation[position].tolist(), self._index.table.zone_id(row).tolist()
        for at, who, zone, depth in zip(position.tolist(), activation, zone_id, depth_m.tolist(), strict=True):
            inside.add((who, zone))
            self._step(Place(who, zone, Aspect.ZONE, who), _dot(track, at, depth))
        self._leave(track.activation.tolist(), inside, int(track.rows.fixes.fix_time_us[0]))
        return len(position)

    def _stays(self, track: Track) -> tuple[Integers, Integers]:
        fix_time_us = track.rows.fixes.fix_time_us
        hits = self._index.match(track.person, track.points, fix_time_us)
        position, row = hits.position, hits.row
        if self._curfew_row is not None:
            at_home = self._index.table.watches_absence(row)
            away = np.setdiff1d(np.arange(len(track)), position[at_home])
            position = np.concatenate([position[~at_home], away])
            row = np.concatenate([row[~at_home], self._curfew_row[track.person[away]]])
        held = self._index.regimes(track.person[position], row, fix_time_us[position]) == IN_FORCE
        return position[held], row[held]

    def _step(self, place: Place, dot: Dot) -> None:
        visits = self.open.setdefault(place.activation_id, {})
        visit = visits.get(place.zone_id)
        if visit is None:
            entry = (dot.fix_time_us, dot.fix_key)
            visit_id = visit_identifier(place.activation_id, place.zone_id, place.aspect, entry)
            visits[place.zone_id] = DotVisit(
                visit_id, place, dot.fix_time_us, dot.fix_time_us, None, 1, entry=dot, deepest=dot, latest=dot
            )
            return
        visits[place.zone_id] = replace(
            visit,
            last_us=dot.fix_time_us,
            positions=visit.positions + 1,
            deepest=dot if dot.depth_m > visit.deepest.depth_m else visit.deepest,
            latest=dot,
        )

    def _leave(self, activations: Iterable[int], inside: set[tuple[int, int]], now_us: int) -> None:
        for who in activations:
            visits = self.open.get(who)
            for zone in [zone for zone in visits or () if (who, zone) not in inside]:
                replace(self.open[who].pop(zone), left_us=now_us)


def _dot(track: Track, at: int, depth_m: float) -> Dot:
    rows, fixes = track.rows, track.rows.fixes
    return Dot(
        device_id=int(rows.device_id[at]),
        fix_time_us=int(fixes.fix_time_us[at]),
        fix_key=int(rows.fix_key[at]),
        received_us=int(fixes.received_us[at]),
        lat=float(fixes.lat[at]),
        lon=float(fixes.lon[at]),
        accuracy_m=float(fixes.accuracy_m[at]),
        mechanism=int(fixes.mechanism[at]),
        flags=int(rows.flags[at]),
        depth_m=depth_m,
    )
