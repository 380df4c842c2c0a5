"""What is found of one wearer and one scene: positions at the scene, what hints at it, and the gaps that leave room."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crimes.matching.coverage import NO_POSITION, to_disc_m
from crimes.matching.gap_reasons import Heard, Told, gap_reason, told_by
from crimes.matching.held import SceneTable
from crimes.matching.labels import sequence_labels
from crimes.matching.reach import needed_speed_mps
from crimes.matching.weighed import Weighed
from crimes.matching.worn import Events
from crimes.scenes import Scene, Worn
from geofence.columns import Booleans, Integers
from model.crimes import (
    SHORT_GAP_S,
    USABLE_ACCURACY_M,
    CoverageGap,
    GapReason,
    MatchedPosition,
    MatchingSettings,
    Window,
)
from model.enums import Mechanism
from model.times import SECOND_US

NEW_VISIT_S = 600.0
"""After so long without a position that counts, the next one begins another visit."""


@dataclass(frozen=True, slots=True)
class Case:
    """Pairs that were weighed together, with all that is known of them."""

    table: SceneTable
    weighed: Weighed
    worn: Mapping[int, tuple[Worn, ...]]
    events: Events
    settings: MatchingSettings

    def scene(self, pair: int) -> Scene:
        return self.table.scenes[int(self.weighed.held.scene[pair])]

    def hull(self, pair: int) -> Window:
        """Of the padded windows."""
        return self.scene(pair).hull.padded(round(self.settings.padding_s * SECOND_US))


@dataclass(frozen=True, slots=True)
class Findings:
    """The positions near the scene fall into groups, each in the order of time; some belong to none."""

    positions: tuple[MatchedPosition, ...]  # all of them
    counting: list[MatchedPosition]
    most_in_a_window: int  # of the counting ones, at different times
    touching: list[MatchedPosition]  # usable, and too little of the circle at the scene
    jumped: list[MatchedPosition]  # reached or left too fast
    outliers: list[MatchedPosition]
    coarse: list[MatchedPosition]  # cover the scene, when there was time to be there
    strap_open: list[MatchedPosition]  # likewise
    passing: tuple[int, int] | None  # the fix times between which the straight way leads over the scene
    contradicts: bool
    gaps: tuple[CoverageGap, ...]


def findings_of(case: Case, pair: int) -> Findings:
    weighed = case.weighed
    places = np.arange(weighed.reported_from[pair], weighed.reported_from[pair + 1])
    rows, coverage = weighed.reported.row[places], weighed.coverage
    counts = weighed.reported.counts[places]
    labels = iter(sequence_labels(_begins_visit(case, rows[counts])))
    positions = [
        _position(case, row, overlap, next(labels) if label else None)
        for row, overlap, label in zip(
            rows.tolist(), weighed.reported.overlap[places].tolist(), counts.tolist(), strict=True
        )
    ]
    kept, at_jump = coverage.kept[rows], coverage.at_jump[rows]
    hints = ~kept & ~coverage.outlier[rows] & _telling(case, pair, rows)
    gaps = slice(int(weighed.gaps_from[pair]), int(weighed.gaps_from[pair + 1]))
    return Findings(
        positions=tuple(positions),
        counting=_some(positions, counts),
        most_in_a_window=_most_in_a_window(case, rows[counts]),
        touching=_some(positions, kept & ~at_jump & ~counts),
        jumped=_some(positions, kept & at_jump),
        outliers=_some(positions, coverage.outlier[rows]),
        coarse=_some(positions, hints & ~coverage.open_strap[rows]),
        strap_open=_some(positions, hints & coverage.open_strap[rows]),
        passing=_passing(case, gaps),
        contradicts=bool(np.any(coverage.gaps.has_room[gaps] & np.isinf(coverage.gaps.limit_mps[gaps]))),
        gaps=_gaps(case, pair, gaps),
    )


def _some(positions: Sequence[MatchedPosition], which: Iterable[bool]) -> list[MatchedPosition]:
    return [one for one, belongs in zip(positions, which, strict=True) if belongs]


def _position(case: Case, row: int, overlap: float, label: str | None) -> MatchedPosition:
    held = case.weighed.held
    rows, fixes = held.rows, held.rows.fixes
    stated_m, speed_mps, heading_deg = (
        float(one[row]) for one in (fixes.accuracy_m, fixes.speed_mps, fixes.heading_deg)
    )
    return MatchedPosition(
        device_id=int(rows.device_id[row]),
        fix_time_us=int(fixes.fix_time_us[row]),
        fix_key=int(rows.fix_key[row]),
        lat=float(fixes.lat[row]),
        lon=float(fixes.lon[row]),
        accuracy_m=float(held.accuracy_m[row]),
        accuracy_stated=0 < stated_m < np.inf,
        mechanism=Mechanism(int(fixes.mechanism[row])),
        speed_mps=None if np.isnan(speed_mps) else speed_mps,
        heading_deg=None if np.isnan(heading_deg) else heading_deg,
        flags=int(rows.flags[row]),
        distance_m=float(held.distance_m[row]),
        overlap=overlap,
        label=label,
    )


def _begins_visit(case: Case, rows: Integers) -> list[bool]:
    """Which of the counting rows begin a visit: the first, and each that is parted from the one before it.

    What parts two of them is a usable position between that does not touch the crime's circle, more than NEW_VISIT_S,
    or another window.
    """
    held, kept = case.weighed.held, case.weighed.coverage.kept
    begins = [True] * min(len(rows), 1)
    for before, after in zip(rows[:-1].tolist(), rows[1:].tolist(), strict=True):
        between = slice(before + 1, after)
        clear = held.distance_m[between] >= case.settings.radius_m + held.accuracy_m[between]
        begins.append(
            bool(np.any(kept[between] & clear))
            or bool(held.time_s[after] - held.time_s[before] > NEW_VISIT_S)
            or not bool(np.any(held.in_window[:, before] & held.in_window[:, after]))
        )
    return begins


def _most_in_a_window(case: Case, rows: Integers) -> int:
    """Two positions at one time are one observation."""
    held = case.weighed.held
    return max(len(np.unique(held.time_s[rows[inside[rows]]])) for inside in held.in_window)


def _telling(case: Case, pair: int, rows: Integers) -> Booleans:
    """Which of the rows, not usable as they are, put the tag at the scene when there was time to be there."""
    held, coverage = case.weighed.held, case.weighed.coverage
    uncertainty_m = case.scene(pair).place_uncertainty_m
    coarse = (held.rows.fixes.mechanism[rows] == Mechanism.LBS) | (held.accuracy_m[rows] > USABLE_ACCURACY_M)
    near = held.distance_m[rows] <= np.maximum(held.accuracy_m[rows], case.settings.radius_m) + uncertainty_m
    telling: Booleans = (coarse | coverage.open_strap[rows]) & near
    telling[telling] = [_had_time(case, pair, row) for row in rows[telling].tolist()]
    return telling


def _had_time(case: Case, pair: int, row: int) -> bool:
    """Whether the wearer can have been at the scene at the time of ``row``, by the kept positions about it."""
    weighed, gaps = case.weighed, case.weighed.coverage.gaps
    first, last = int(weighed.gaps_from[pair]), int(weighed.gaps_from[pair + 1])
    place = first + int(np.searchsorted(gaps.before[first:last], row)) - 1
    if not (first <= place and gaps.after[place] > row):
        return True  # at an open end of the track
    at = np.array([place])
    before, after = gaps.before[at], gaps.after[at]
    held, table, moment_s = weighed.held, case.table, weighed.held.time_s[np.array([row])]
    speed = needed_speed_mps(
        held.time_s[before],
        held.time_s[after],
        to_disc_m(held, table, before),
        to_disc_m(held, table, after),
        (moment_s, moment_s),
    )
    return not bool(speed[0] > gaps.limit_mps[place])


def _passing(case: Case, gaps: slice) -> tuple[int, int] | None:
    every, fix_time_us = case.weighed.coverage.gaps, case.weighed.held.rows.fixes.fix_time_us
    passes = np.flatnonzero(every.passes[gaps])
    if len(passes) == 0:
        return None
    place = gaps.start + int(passes[0])
    return int(fix_time_us[every.before[place]]), int(fix_time_us[every.after[place]])


def _gaps(case: Case, pair: int, gaps: slice) -> tuple[CoverageGap, ...]:
    """Those with room, and the open ends. Short ones that follow upon each other become one."""
    every, coverage = case.weighed.coverage.gaps, case.weighed.coverage
    fix_time_us = case.weighed.held.rows.fixes.fix_time_us
    rooms = gaps.start + np.flatnonzero(every.has_room[gaps])
    first, last = int(coverage.first[pair]), int(coverage.last[pair])
    told = _told(case, pair, rooms)
    found: list[CoverageGap] = []
    if first == NO_POSITION:
        return (CoverageGap(None, None, gap_reason(None, None, told), None),)
    if not coverage.begins_before[pair]:
        found.append(_gap(None, int(fix_time_us[first]), told, None))
    for room in rooms.tolist():
        needed_mps = float(every.needed_mps[room])
        from_us, to_us = (int(fix_time_us[one[room]]) for one in (every.before, every.after))
        _add(found, _gap(from_us, to_us, told, needed_mps if np.isfinite(needed_mps) else None))
    if not coverage.ends_after[pair]:
        found.append(_gap(int(fix_time_us[last]), None, told, None))
    return tuple(found)


def _gap(from_us: int | None, to_us: int | None, told: Told, needed_mps: float | None) -> CoverageGap:
    return CoverageGap(from_us, to_us, gap_reason(from_us, to_us, told), needed_mps)


def _add(found: list[CoverageGap], gap: CoverageGap) -> None:
    before = found[-1] if found else None
    if (
        before is not None
        and before.reason is gap.reason is GapReason.SHORT_GAP
        and before.to_us == gap.from_us
        and before.needed_speed_mps is not None
        and gap.needed_speed_mps is not None
    ):
        needed_mps = min(before.needed_speed_mps, gap.needed_speed_mps)
        found[-1] = CoverageGap(before.from_us, gap.to_us, gap.reason, needed_mps)
    else:
        found.append(gap)


def _told(case: Case, pair: int, rooms: Integers) -> Told:
    """Of the kept positions, those count as heard after which a longer gap begins: their battery tells why."""
    held, coverage = case.weighed.held, case.weighed.coverage
    rows = np.arange(held.start[pair], held.start[pair + 1])
    long = rooms[coverage.gaps.lasts_s[rooms] > SHORT_GAP_S]
    rows = np.unique(
        np.concatenate([rows[coverage.on_person[rows] & ~coverage.kept[rows]], coverage.gaps.before[long], rows[-1:]])
    )
    battery_pct = held.rows.fixes.battery_pct[rows].tolist()
    heard = [
        Heard(moment_us, None if np.isnan(level) else level)
        for moment_us, level in zip(held.rows.fixes.fix_time_us[rows].tolist(), battery_pct, strict=True)
    ]
    return told_by(case.worn.get(int(held.person[pair]), ()), case.events, heard, case.hull(pair))
