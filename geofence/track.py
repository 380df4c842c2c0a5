"""Positions as the presence engine takes them, and what the two before each say of it."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from geofence.columns import Booleans, Earlier, Floats, Integers, Points, PositionRows, Ways
from geofence.confidence import effective_accuracy_m
from geofence.projection import Projection
from model.times import SECOND_US

ORDINARY_PACE_MPS = 35.0
"""126 km/h: as fast as one drives. A faster train takes two positions to be confirmed, which is no loss."""


@dataclass(frozen=True, slots=True)
class Track:
    """``n`` positions by device activation and, within one, in the order of (fix time, fix key).

    Every array has the shape ``(n,)``. The activation's own positions before the first are in ``before`` and
    ``before_that``: what is decided of a position depends on nothing else that went before, besides the open visits.
    """

    rows: PositionRows
    activation: Integers
    person: Integers
    points: Points
    before: Earlier
    before_that: Earlier

    def __len__(self) -> int:
        return len(self.activation)

    def take(self, index: Integers | Booleans) -> Self:
        """The positions at ``index``, each with those before it as they were."""
        return type(self)(
            self.rows.take(index),
            self.activation[index],
            self.person[index],
            self.points.take(index),
            self.before.take(index),
            self.before_that.take(index),
        )

    def ways(self) -> Ways:
        """The box about each position and the one before it."""
        lon, lat, earlier = self.points.lon, self.points.lat, self.before.points
        return Ways(
            west=np.fmin(lon, earlier.lon),
            south=np.fmin(lat, earlier.lat),
            east=np.fmax(lon, earlier.lon),
            north=np.fmax(lat, earlier.lat),
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Stored positions of one device in order; the first ``lead_in`` only say how the others were got to."""

    rows: PositionRows
    lead_in: int

    def track(self, activation: int, person: int, start_us: int, projection: Projection) -> Track:
        """Those after the lead-in, as a track of an activation that began at ``start_us``."""
        worn = self.rows.fixes.fix_time_us >= start_us
        track = track_of(self.rows.take(worn), activation, person, projection)
        return track.take(np.arange(int(np.count_nonzero(worn[: self.lead_in])), len(track)))


def track_of(rows: PositionRows, activation: int, person: int, projection: Projection) -> Track:
    """The track of one activation from all of its positions, in whatever order they came.

    It is what the live pipeline would have judged had they come in the order of their fix times. Of those with one
    (fix time, fix key) the one that was received first stays.
    """
    order = np.lexsort((rows.fixes.received_us, rows.fix_key, rows.fixes.fix_time_us))
    fix_time_us, fix_key = rows.fixes.fix_time_us[order], rows.fix_key[order]
    is_new = np.ones(len(order), np.bool_)
    is_new[1:] = (np.diff(fix_time_us) != 0) | (fix_key[1:] != fix_key[:-1])
    once = rows.take(order[is_new])
    points = projection.points(once.fixes.lon, once.fixes.lat)
    every = Earlier(points, once.fixes.fix_time_us, once.fixes.accuracy_m, once.fixes.mechanism)
    return Track(
        rows=once,
        activation=np.full(len(once), activation),
        person=np.full(len(once), person),
        points=points,
        before=_shifted(every, 1),
        before_that=_shifted(every, 2),
    )


def _shifted(every: Earlier, places: int) -> Earlier:
    """To each position the one so many places before it."""
    place = np.arange(len(every.fix_time_us))
    return every.take(np.maximum(place - places, 0)).or_else(Earlier.none(len(place)), place < places)


def implausible(track: Track, at: Integers, limit_mps: float) -> Booleans:
    """Which of the positions ``at``, shape (k,), nobody can have got to in the time.

    A position is implausible when it was reached faster than ``limit_mps``, and not merely because the one before it
    was the outlier: that one was itself reached by a jump, and from the one before that the way is plausible. Both
    accuracies are allowed for, so a cell-tower fix of a kilometre makes no jump.
    """
    now, before, before_that = here(track, at), track.before.take(at), track.before_that.take(at)
    outlier_before = _jumps(before_that, before, limit_mps) & ~_jumps(before_that, now, limit_mps)
    return _jumps(before, now, limit_mps) & ~outlier_before


def at_ordinary_pace(track: Track, at: Integers) -> Booleans:
    """Which of the positions ``at``, shape (k,), were reached no faster than ORDINARY_PACE_MPS; so is the first one.

    Both accuracies are allowed for. An outlier is rarely as far away as ``implausible`` lets nobody get to, and one
    position that is believed by itself, or a way that nobody saw, has nothing else to be checked by.
    """
    return ~_jumps(track.before.take(at), here(track, at), ORDINARY_PACE_MPS)


def here(track: Track, at: Integers) -> Earlier:
    """The positions ``at`` themselves, as those before them are held."""
    fixes = track.rows.fixes
    return Earlier(track.points.take(at), fixes.fix_time_us[at], fixes.accuracy_m[at], fixes.mechanism[at])


def _jumps(start: Earlier, end: Earlier, limit_mps: float) -> Booleans:
    """Whether the straight way is too fast, both accuracies taken off; False where there is no start."""
    distance_m = np.hypot(end.points.x - start.points.x, end.points.y - start.points.y)
    return np.asarray(distance_m - _unsure_m(start) - _unsure_m(end) > limit_mps * elapsed_s(start, end))


def elapsed_s(start: Earlier, end: Earlier) -> Floats:
    return np.asarray((end.fix_time_us.astype(np.float64) - start.fix_time_us) / SECOND_US)


def _unsure_m(one: Earlier) -> Floats:
    return effective_accuracy_m(one.accuracy_m, one.mechanism)
