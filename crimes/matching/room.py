"""The gaps of one track in which its wearer could have been at the scene, each with its reason."""

from math import isfinite

import numpy as np

from crimes.matching.case import Case
from crimes.matching.coverage import NO_POSITION
from crimes.matching.gap_reasons import Heard, Told, gap_reason, told_by
from crimes.scenes import Worn
from geofence.columns import Integers
from model.crimes import SHORT_GAP_S, CoverageGap, GapReason


def gaps_with_room(case: Case, pair: int) -> tuple[CoverageGap, ...]:
    """Those between positions and the open ends, in the order of time."""
    coverage, fix_time_us = case.pairs.coverage, case.pairs.held.rows.fixes.fix_time_us
    gaps, own = coverage.gaps, case.gaps(pair)
    rooms = own.start + np.flatnonzero(gaps.has_room[own])
    told = _told(case, pair, rooms)
    first, last = int(coverage.first[pair]), int(coverage.last[pair])
    if first == NO_POSITION:
        return (_gap(None, None, None, told),)
    found = []
    if not coverage.begins_before[pair]:
        found.append(_gap(None, int(fix_time_us[first]), None, told))
    for from_room, to_room, needed_mps in _runs(case, rooms, told):
        from_us, to_us = int(fix_time_us[gaps.before[from_room]]), int(fix_time_us[gaps.after[to_room]])
        needed = needed_mps if isfinite(needed_mps) else None
        if from_room == to_room:
            found.append(_gap(from_us, to_us, needed, told))
        else:
            found.append(CoverageGap(from_us, to_us, GapReason.SHORT_GAP, needed))
    if not coverage.ends_after[pair]:
        found.append(_gap(int(fix_time_us[last]), None, None, told))
    return tuple(found)


def _gap(from_us: int | None, to_us: int | None, needed_mps: float | None, told: Told) -> CoverageGap:
    return CoverageGap(from_us, to_us, gap_reason(from_us, to_us, told), needed_mps)


def _runs(case: Case, rooms: Integers, told: Told) -> list[tuple[int, int, float]]:
    """First and last gap, and the least speed that one of them needs, of short gaps that follow upon each other.

    A wearer who stayed nearby has one at every position of the window: as one they say the same. Where the tag was off
    or not worn for a while, each gap is told by itself.
    """
    gaps = case.pairs.coverage.gaps
    if len(rooms) <= 1:  # as of most who have a gap
        return [(room, room, float(gaps.needed_mps[room])) for room in rooms.tolist()]
    short = (gaps.lasts_s[rooms] <= SHORT_GAP_S) & np.isfinite(gaps.limit_mps[rooms])
    joins = short[1:] & short[:-1] & (np.diff(rooms) == 1)
    joins &= len(told.worn) == 1 and not _strap_was_open(case, rooms, told)
    begins = np.flatnonzero(np.append(True, ~joins))
    ends = np.append(begins[1:], len(rooms)) - 1
    least_mps = np.minimum.reduceat(gaps.needed_mps[rooms], begins)
    return list(zip(rooms[begins].tolist(), rooms[ends].tolist(), least_mps.tolist(), strict=True))


def _strap_was_open(case: Case, rooms: Integers, told: Told) -> bool:
    """Whether it was at some time from the first of the gaps to the last."""
    gaps, fix_time_us = case.pairs.coverage.gaps, case.pairs.held.rows.fixes.fix_time_us
    from_us, to_us = int(fix_time_us[gaps.before[rooms[0]]]), int(fix_time_us[gaps.after[rooms[-1]]])
    return any(one.from_us < to_us and one.until_us > from_us for one in told.open_straps)


def _told(case: Case, pair: int, rooms: Integers) -> Told:
    """Of the kept positions, those count as heard after which a longer gap begins: their battery tells why."""
    held, coverage = case.pairs.held, case.pairs.coverage
    start, stop = int(held.start[pair]), int(held.start[pair + 1])
    not_kept = start + np.flatnonzero(coverage.on_person[start:stop] & ~coverage.kept[start:stop])
    long = rooms[coverage.gaps.lasts_s[rooms] > SHORT_GAP_S]
    newest = range(max(start, stop - 1), stop)
    rows = sorted({*not_kept.tolist(), *coverage.gaps.before[long].tolist(), *newest})
    battery_pct = held.rows.fixes.battery_pct[rows].tolist()
    heard = [
        Heard(moment_us, None if np.isnan(level) else level)
        for moment_us, level in zip(held.rows.fixes.fix_time_us[rows].tolist(), battery_pct, strict=True)
    ]
    unmonitored = case.unmonitored.get(int(held.person[pair]), ())
    return told_by(_worn_about(case, pair), case.events, heard, case.hull(pair), unmonitored)


def _worn_about(case: Case, pair: int) -> list[Worn]:
    """What was worn in the time of the pair's positions and windows: what was worn later changes no finding."""
    held, hull = case.pairs.held, case.hull(pair)
    own_us = held.rows.fixes.fix_time_us[held.start[pair] : held.start[pair + 1]]
    from_us, to_us = min([hull.from_us, *own_us[:1].tolist()]), max([hull.to_us, *own_us[-1:].tolist()])
    worn = case.worn.get(int(held.person[pair]), ())
    return [one for one in worn if one.from_us <= to_us and one.until_us > from_us]
