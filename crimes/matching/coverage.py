"""Which positions rule out where a wearer was, and what room the gaps between them leave. In columns."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from crimes.matching.held import Held, SceneTable
from crimes.matching.journeys import have_common_moment, needed_speed_mps
from crimes.matching.worn import Events, of_wearer, with_open_strap
from crimes.scenes import Worn
from geofence.columns import Booleans, Floats, Integers, PositionRows
from model.crimes import (
    CLOCK_AHEAD_US,
    ERROR_ALLOWANCE_M,
    FASTEST_MPS,
    SHORT_GAP_S,
    USABLE_ACCURACY_M,
    MatchingSettings,
)
from model.enums import Mechanism, PositionFlag

TOLD_TO_S = 1.0
"""Many tags tell a fix's time to the second: two that differ by some metres at one time contradict nothing."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """The ``g`` times between two positions that rule out; arrays of the shape ``(g,)``. Rows are those of ``Held``."""

    pair: Integers
    before: Integers  # the row of the position that begins it
    after: Integers
    lasts_s: Floats
    limit_mps: Floats  # no journey is thought faster; infinite where the two positions contradict each other
    needed_mps: Floats  # of a journey by way of the scene in a window, the least of its windows; infinite where none
    has_room: Booleans  # for a journey by way of the scene in some window
    passes: Booleans  # the straight way leads over the scene's disc in a window, at a plausible pace and in short time


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the tracks of ``p`` pairs rule out."""

    on_person: Booleans  # (n,) made by a tag while it was on the person
    open_strap: Booleans  # (n,)
    kept: Booleans  # (n,) positions that rule out: usable, and no lone outlier
    outlier: Booleans  # (n,) usable, but nobody can have gone there and back in the time
    at_jump: Booleans  # (n,) reached or left faster than is plausible
    gaps: Gaps
    first: Integers  # (p,) the first kept row, or NO_POSITION
    last: Integers
    begins_before: Booleans  # (p,) a kept position is before, or at, the start of every window
    ends_after: Booleans

    def rules_out(self) -> Booleans:
        """Who cannot have been at the scene, shape (p,)."""
        room = np.bincount(self.gaps.pair[self.gaps.has_room], minlength=len(self.first)) > 0
        return self.begins_before & self.ends_after & ~room


NO_POSITION = -1


def coverage_of(
    held: Held, table: SceneTable, worn: Mapping[int, tuple[Worn, ...]], events: Events, settings: MatchingSettings
) -> Coverage:
    """What the positions rule out. One is usable that

    - was made by a tag on the person with its strap closed, by a mechanism other than LBS;
    - has a 95 % circle of at most USABLE_ACCURACY_M, a place on the plane, and a time not after its receipt.
    """
    on_person, open_strap = of_wearer(held, worn), with_open_strap(held, worn, events)
    usable = np.flatnonzero(on_person & ~open_strap & _is_sound(held))
    is_outlier, is_mild = _lone_outliers(held, usable, settings.plausible_speed_mps)
    rows = usable[~is_outlier]
    gaps, is_jump = _gaps(held, table, rows, np.cumsum(is_mild, dtype=np.int64)[~is_outlier], settings)
    kept, outlier, at_jump = (np.zeros(len(held.pair), np.bool_) for _ in range(3))
    kept[rows], outlier[usable[is_outlier]] = True, True
    at_jump[gaps.before[is_jump]] = at_jump[gaps.after[is_jump]] = True
    pairs = np.arange(len(held.scene))
    from_row, to_row = (np.searchsorted(held.pair[rows], pairs, side) for side in ("left", "right"))
    some = np.flatnonzero(to_row > from_row)
    first, last = np.full(len(pairs), NO_POSITION), np.full(len(pairs), NO_POSITION)
    first[some], last[some] = rows[from_row[some]], rows[to_row[some] - 1]
    begins_before, ends_after = np.zeros(len(pairs), np.bool_), np.zeros(len(pairs), np.bool_)
    begins_before[some] = held.time_s[first[some]] <= table.from_s[held.scene[some]].min(axis=1)
    ends_after[some] = held.time_s[last[some]] >= table.to_s[held.scene[some]].max(axis=1)
    return Coverage(on_person, open_strap, kept, outlier, at_jump, gaps, first, last, begins_before, ends_after)


def _is_sound(held: Held) -> Booleans:
    sound = (held.rows.fixes.mechanism != Mechanism.LBS) & (held.accuracy_m <= USABLE_ACCURACY_M)
    return np.asarray(sound & np.isfinite(held.distance_m) & made_when_it_says(held.rows))


def made_when_it_says(rows: PositionRows) -> Booleans:
    """Whether each is a tag's own position, of a time that it can have been made at."""
    ahead_us = rows.fixes.fix_time_us - rows.fixes.received_us
    return np.asarray((ahead_us <= CLOCK_AHEAD_US) & (rows.flags & PositionFlag.INFERRED == 0))


def _lone_outliers(held: Held, usable: Integers, plausible_mps: float) -> tuple[Booleans, Booleans]:
    """Which of the usable positions nobody can have gone to and come back from, and which of them a fast train could.

    As in ``geofence.track.implausible``: the ways to it and from it are too fast, the one past it is not; both
    accuracies are allowed for. What was reached by a jump and not left by one, or was never left, is no lone outlier.
    """
    pair = held.pair[usable]
    speed = np.where(np.diff(pair) == 0, implied_speed_mps(held, usable[:-1], usable[1:]), 0.0)
    fast = speed > plausible_mps
    middle = 1 + np.flatnonzero(fast[:-1] & fast[1:])
    past = implied_speed_mps(held, usable[middle - 1], usable[middle + 1])
    alone = middle[~(past > plausible_mps)]
    is_outlier, is_mild = np.zeros(len(usable), np.bool_), np.zeros(len(usable), np.bool_)
    is_outlier[alone] = True
    is_mild[alone] = np.maximum(speed[alone - 1], speed[alone]) <= FASTEST_MPS
    return is_outlier, is_mild


def implied_speed_mps(held: Held, start: Integers, end: Integers) -> Floats:
    """Of the straight way between rows, both 95 % circles taken off, in TOLD_TO_S at least."""
    way_m = np.hypot(held.x[end] - held.x[start], held.y[end] - held.y[start])
    way_m = np.maximum(way_m - held.accuracy_m[start] - held.accuracy_m[end], 0)
    return np.asarray(way_m / np.maximum(held.time_s[end] - held.time_s[start], TOLD_TO_S))


def _gaps(
    held: Held, table: SceneTable, rows: Integers, mild_before: Integers, settings: MatchingSettings
) -> tuple[Gaps, Booleans]:
    """The gaps between consecutive ``rows`` of one pair, and which are jumps.

    ``mild_before`` counts the lone outliers before each row that a fast train could have made.
    """
    same = np.flatnonzero(np.diff(held.pair[rows]) == 0)
    before, after, pair = rows[same], rows[same + 1], held.pair[rows[same]]
    direct = implied_speed_mps(held, before, after)
    plausible, fastest = settings.plausible_speed_mps, max(settings.plausible_speed_mps, FASTEST_MPS)
    is_jump = direct > plausible
    # Who was that fast may have been that fast by way of the scene, too.
    on_fast_train = is_jump | (mild_before[same + 1] > mild_before[same])
    limit = np.where(direct > fastest, np.inf, np.where(on_fast_train, fastest, plausible))
    start_s, end_s = held.time_s[before], held.time_s[after]
    start_m, end_m = (to_disc_m(held, table, one) for one in (before, after))
    needed, has_room, passes = np.full(len(pair), np.inf), np.zeros(len(pair), np.bool_), np.zeros(len(pair), np.bool_)
    may_pass = (end_s - start_s <= SHORT_GAP_S) & ~is_jump
    for number in range(table.from_s.shape[1]):
        window_s = table.from_s[held.scene[pair], number], table.to_s[held.scene[pair], number]
        at = np.flatnonzero(have_common_moment(start_s, end_s, window_s))
        ends_s = window_s[0][at], window_s[1][at]
        speed = needed_speed_mps(start_s[at], end_s[at], start_m[at], end_m[at], ends_s)
        needed[at] = np.minimum(needed[at], speed)
        has_room[at] |= ~(speed > limit[at])  # what cannot be reckoned leaves room
        passes[at] |= may_pass[at] & _passes(held, table, before[at], after[at], ends_s)
    return Gaps(pair, before, after, end_s - start_s, limit, needed, has_room, passes), is_jump


def to_disc_m(held: Held, table: SceneTable, rows: Integers) -> Floats:
    """The least way from where the wearer may have been to the scene's disc."""
    unsure_m = np.maximum(held.accuracy_m[rows], ERROR_ALLOWANCE_M)
    return np.maximum(held.distance_m[rows] - table.disc_m[held.scene[held.pair[rows]]] - unsure_m, 0)


def _passes(
    held: Held, table: SceneTable, before: Integers, after: Integers, window_s: tuple[Floats, Floats]
) -> Booleans:
    """Whether the straight ways, each at an even pace, lead over the scene's disc in the window."""
    scene = held.scene[held.pair[before]]
    lasts_s = held.time_s[after] - held.time_s[before]
    with np.errstate(divide="ignore", invalid="ignore"):
        earliest, latest = (np.nan_to_num(np.clip((one - held.time_s[before]) / lasts_s, 0, 1)) for one in window_s)
    east, north = held.x[after] - held.x[before], held.y[after] - held.y[before]
    to_east, to_north = table.x[scene] - held.x[before], table.y[scene] - held.y[before]
    length = east * east + north * north
    with np.errstate(divide="ignore", invalid="ignore"):
        nearest = np.nan_to_num((to_east * east + to_north * north) / length)
    nearest = np.clip(nearest, earliest, latest)
    return np.asarray(np.hypot(to_east - nearest * east, to_north - nearest * north) <= table.disc_m[scene])
