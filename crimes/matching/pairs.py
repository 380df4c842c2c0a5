"""What the positions of many pairs say, in columns, before anything is put into words."""

from dataclasses import dataclass

import numpy as np

from crimes.matching.coverage import NO_POSITION, Coverage
from crimes.matching.held import Held, SceneTable
from crimes.matching.overlap import overlap_share
from geofence.columns import Booleans, Floats, Integers
from model.crimes import MatchingSettings


@dataclass(frozen=True, slots=True)
class Reported:
    """The ``r`` positions near enough to be shown; arrays of the shape ``(r,)``."""

    row: Integers  # of ``Held``
    overlap: Floats
    counts: Booleans  # by its overlap, and because it was neither reached nor left by a jump


@dataclass(frozen=True, slots=True)
class Pairs:
    """``p`` pairs of a scene and a wearer; arrays of the shape ``(p,)``.

    Rows are those of ``Held``, NO_POSITION where there is none.
    """

    held: Held
    coverage: Coverage
    ruled_out: Booleans
    position_count: Integers  # of kept positions in some padded window
    nearest: Integers  # the row of the nearest of them, the first one in time
    covered_from: Integers  # the row of the last kept position before all windows, or else of the first one
    covered_to: Integers
    reported: Reported
    reported_from: Integers  # (p + 1,) where each pair's places in ``reported`` begin
    gaps_from: Integers  # (p + 1,) where each pair's gaps begin


def pairs_of(held: Held, table: SceneTable, coverage: Coverage, settings: MatchingSettings) -> Pairs:
    borders = np.arange(len(held.scene) + 1)
    in_window = held.in_some_window()
    reported = _reported(held, table, coverage, in_window, settings)
    rows = np.flatnonzero(coverage.kept)
    early = held.time_s[rows] <= table.from_s[held.scene].min(axis=1)[held.pair[rows]]
    late = held.time_s[rows] >= table.to_s[held.scene].max(axis=1)[held.pair[rows]]
    counted = np.flatnonzero(coverage.kept & in_window)
    return Pairs(
        held=held,
        coverage=coverage,
        ruled_out=coverage.rules_out(),
        position_count=np.bincount(held.pair[counted], minlength=len(held.scene)),
        nearest=_nearest(held, counted),
        covered_from=_last_of(held, rows[early], coverage.first),
        covered_to=_first_of(held, rows[late], coverage.last),
        reported=reported,
        reported_from=np.searchsorted(held.pair[reported.row], borders),
        gaps_from=np.searchsorted(coverage.gaps.pair, borders),
    )


def _reported(
    held: Held, table: SceneTable, coverage: Coverage, in_window: Booleans, settings: MatchingSettings
) -> Reported:
    """Those in a window whose circle reaches the disc in which the crime's circle may lie."""
    touches = held.distance_m <= table.disc_m[held.scene][held.pair] + held.accuracy_m
    row = np.flatnonzero(in_window & coverage.on_person & touches)
    overlap = overlap_share(held.distance_m[row], held.accuracy_m[row], settings.radius_m)
    counts = (overlap >= settings.least_overlap) & coverage.kept[row] & ~coverage.at_jump[row]
    return Reported(row, overlap, counts)


def _nearest(held: Held, rows: Integers) -> Integers:
    """Of each pair the row, of those given, that is nearest to the stated place."""
    nearest = np.full(len(held.scene), NO_POSITION)
    begins = np.flatnonzero(np.diff(held.pair[rows], prepend=-1))
    if len(begins):
        least_m = np.minimum.reduceat(held.distance_m[rows], begins)
        counts = np.diff(np.append(begins, len(rows)))
        at = rows[held.distance_m[rows] == np.repeat(least_m, counts)][::-1]
        nearest[held.pair[at]] = at  # the first in time is written last
    return nearest


def _last_of(held: Held, rows: Integers, otherwise: Integers) -> Integers:
    last = otherwise.copy()
    last[held.pair[rows]] = rows  # in their order: the last one stays
    return last


def _first_of(held: Held, rows: Integers, otherwise: Integers) -> Integers:
    first = otherwise.copy()
    first[held.pair[rows[::-1]]] = rows[::-1]
    return first
