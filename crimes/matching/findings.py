"""What is found of one wearer and one scene: positions at the scene, what hints at it, and the gaps that leave room."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import isnan

import numpy as np

from crimes.matching.case import Case
from crimes.matching.coverage import made_when_it_says, to_disc_m
from crimes.matching.journeys import needed_speed_mps
from crimes.matching.labels import sequence_labels
from crimes.matching.room import gaps_with_room
from geofence.columns import Booleans, Floats, Integers
from model.crimes import USABLE_ACCURACY_M, CoverageGap, MatchedPosition
from model.enums import Mechanism

NEW_VISIT_S = 600.0
"""After so long without a position that counts, the next one begins another visit."""


Positions = tuple[MatchedPosition, ...]
"""In the order of time."""


@dataclass(frozen=True, slots=True)
class Findings:
    """The positions near the scene fall into groups; some belong to none."""

    passing: tuple[int, int] | None  # the fix times between which the straight way leads over the scene
    contradicts: bool
    gaps: tuple[CoverageGap, ...]
    positions: Positions = ()  # all of them
    counting: Positions = ()
    most_in_a_window: int = 0  # of the counting ones, at different times
    touching: Positions = ()  # usable, and too little of the circle at the scene
    jumped: Positions = ()  # reached or left too fast
    outliers: Positions = ()
    coarse: Positions = ()  # cover the scene, when there was time to be there
    strap_open: Positions = ()  # likewise


def findings_of(case: Case, pair: int) -> Findings:
    pairs, own = case.pairs, case.gaps(pair)
    gaps = pairs.coverage.gaps
    contradicts = bool(np.any(gaps.has_room[own] & np.isinf(gaps.limit_mps[own])))
    found = Findings(_passing(case, own), contradicts, gaps_with_room(case, pair))
    places = np.arange(pairs.reported_from[pair], pairs.reported_from[pair + 1])
    return _with_positions(found, case, pair, places) if len(places) else found


def _with_positions(found: Findings, case: Case, pair: int, places: Integers) -> Findings:
    coverage, reported = case.pairs.coverage, case.pairs.reported
    rows, counts = reported.row[places], reported.counts[places]
    labels = iter(sequence_labels(_begins_visit(case, pair, rows[counts])))
    named = [next(labels) if label else None for label in counts.tolist()]
    positions = _positions(case, rows, reported.overlap[places], named)
    kept, at_jump, outlier = coverage.kept[rows], coverage.at_jump[rows], coverage.outlier[rows]
    hints = ~kept & ~outlier & _telling(case, pair, rows)
    return replace(
        found,
        positions=tuple(positions),
        counting=_some(positions, counts),
        most_in_a_window=_most_in_a_window(case, rows[counts]),
        touching=_some(positions, kept & ~at_jump & ~counts),
        jumped=_some(positions, kept & at_jump),
        outliers=_some(positions, outlier),
        coarse=_some(positions, hints & ~coverage.open_strap[rows]),
        strap_open=_some(positions, hints & coverage.open_strap[rows]),
    )


def _some(positions: Sequence[MatchedPosition], which: Booleans) -> Positions:
    return tuple(one for one, belongs in zip(positions, which.tolist(), strict=True) if belongs)


def _positions(case: Case, rows: Integers, overlap: Floats, labels: Iterable[str | None]) -> list[MatchedPosition]:
    held = case.pairs.held
    every, fixes = held.rows, held.rows.fixes
    stated_m = fixes.accuracy_m[rows]
    columns = {
        "device_id": every.device_id[rows],
        "fix_time_us": fixes.fix_time_us[rows],
        "fix_key": every.fix_key[rows],
        "lat": fixes.lat[rows],
        "lon": fixes.lon[rows],
        "accuracy_m": held.accuracy_m[rows],
        "accuracy_stated": (stated_m > 0) & (stated_m < np.inf),
        "flags": every.flags[rows],
        "distance_m": held.distance_m[rows],
        "overlap": overlap,
    }
    values = zip(*(one.tolist() for one in columns.values()), strict=True)
    mechanisms, speeds, headings = (one[rows].tolist() for one in (fixes.mechanism, fixes.speed_mps, fixes.heading_deg))
    return [
        MatchedPosition(
            **dict(zip(columns, some, strict=True)),
            mechanism=Mechanism(mechanism),
            speed_mps=_given(speed_mps),
            heading_deg=_given(heading_deg),
            label=label,
        )
        for some, mechanism, speed_mps, heading_deg, label in zip(
            values, mechanisms, speeds, headings, labels, strict=True
        )
    ]


def _given(value: float) -> float | None:
    return None if isnan(value) else value


def _begins_visit(case: Case, pair: int, rows: Integers) -> list[bool]:
    """Which of the counting rows begin a visit: the first, and each that is parted from the one before it.

    What parts two of them is a usable position between that does not touch the crime's circle, more than NEW_VISIT_S,
    or another window.
    """
    held, begin = case.pairs.held, int(case.pairs.held.start[pair])
    whole = slice(begin, int(held.start[pair + 1]))
    clear = held.distance_m[whole] >= case.settings.radius_m + held.accuracy_m[whole]
    clear_so_far = np.cumsum(case.pairs.coverage.kept[whole] & clear)[rows - begin]
    before, after = rows[:-1], rows[1:]
    parted = (
        (np.diff(clear_so_far) > 0)
        | (held.time_s[after] - held.time_s[before] > NEW_VISIT_S)
        | ~np.any(held.in_window[:, before] & held.in_window[:, after], axis=0)
    )
    return [*([True] * min(len(rows), 1)), *parted.tolist()]


def _most_in_a_window(case: Case, rows: Integers) -> int:
    """Two positions at one time are one observation."""
    held = case.pairs.held
    return max(len(np.unique(held.time_s[rows[inside[rows]]])) for inside in held.in_window)


def _telling(case: Case, pair: int, rows: Integers) -> Booleans:
    """Which of the rows, not usable as they are, put the tag at the scene when there was time to be there."""
    held, coverage = case.pairs.held, case.pairs.coverage
    uncertainty_m = case.scene(pair).place_uncertainty_m
    coarse = (held.rows.fixes.mechanism[rows] == Mechanism.LBS) | (held.accuracy_m[rows] > USABLE_ACCURACY_M)
    near = held.distance_m[rows] <= np.maximum(held.accuracy_m[rows], case.settings.radius_m) + uncertainty_m
    telling: Booleans = (coarse | coverage.open_strap[rows]) & near & made_when_it_says(held.rows.take(rows))
    telling[telling] = [_had_time(case, pair, row) for row in rows[telling].tolist()]
    return telling


def _had_time(case: Case, pair: int, row: int) -> bool:
    """Whether the wearer can have been at the scene at the time of ``row``, by the kept positions about it.

    A kept position of the very same time is one of them, whichever key comes first.
    """
    own, gaps = case.gaps(pair), case.pairs.coverage.gaps
    held, table = case.pairs.held, case.table
    moment_s = held.time_s[np.array([row])]
    place = own.start + int(np.searchsorted(held.time_s[gaps.before[own]], moment_s[0], side="right")) - 1
    if not (own.start <= place and held.time_s[gaps.after[place]] >= moment_s[0]):
        return True  # at an open end of the track
    at = np.array([place])
    before, after = gaps.before[at], gaps.after[at]
    speed = needed_speed_mps(
        held.time_s[before],
        held.time_s[after],
        to_disc_m(held, table, before),
        to_disc_m(held, table, after),
        (moment_s, moment_s),
    )
    return not bool(speed[0] > gaps.limit_mps[place])


def _passing(case: Case, gaps: slice) -> tuple[int, int] | None:
    every, fix_time_us = case.pairs.coverage.gaps, case.pairs.held.rows.fixes.fix_time_us
    passes = np.flatnonzero(every.passes[gaps])
    if len(passes) == 0:
        return None
    place = gaps.start + int(passes[0])
    return int(fix_time_us[every.before[place]]), int(fix_time_us[every.after[place]])
