"""From a batch of fixes to what must be written, without touching anything (pure).

``process_batch`` reads the worker's state and changes none of it: the worker applies the outcome only once it is
written, so a batch can be decided again after a fence, an edit of a zone, or a crash.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alerts.commands import commands_of_visits
from alerts.decide import decide
from crimes.recent import RecentScenes, Stretches, select_rematches
from crimes.track_notes import TrackCells, TrackGaps, cells_of, coarse_of, gaps_of, usable_before
from geofence.columns import Booleans, Earlier, Fixes, Integers, Points, PositionRows
from geofence.detection import PresenceKey, VisitChange, detect
from geofence.projection import Projection
from geofence.sightings import DetectionLimits
from geofence.track import Track
from geofence.zone_index import NOBODY, ZoneIndex
from ingest.devices import DeviceTable
from ingest.fix_key import fix_keys
from ingest.screen import Moments, ScreenLimits, flags_of_fixes, implied_speed_exceeds, impossible_time
from model.alerts import AlertChange
from model.commands import Command
from model.enums import Aspect, PositionFlag
from model.visits import Visit


@dataclass(frozen=True, slots=True)
class Batch:
    """Fixes of known devices in the order of their arrival; arrays of the shape ``(n,)``."""

    fixes: Fixes
    slot: Integers  # of the device table
    partition: Integers


@dataclass(frozen=True, slots=True)
class Context:
    """What the worker knows; read only here."""

    devices: DeviceTable
    zones: ZoneIndex
    projection: Projection
    presence: Mapping[int, Mapping[tuple[int, Aspect], Visit]]  # open visits by activation id, then (zone id, aspect)
    limits: ScreenLimits
    scenes: RecentScenes


@dataclass(frozen=True, slots=True)
class LastFixes:
    """The newest positions of each device in the batch, for the device table once the batch is written."""

    slot: Integers
    fix_key: Integers  # of the last
    last: Earlier
    last_but_one: Earlier
    last_usable: Earlier


@dataclass(frozen=True, slots=True)
class Outcome:
    newer: PositionRows  # newer than anything of their device: cannot be there already
    older: PositionRows  # late or repeated
    quarantined: PositionRows
    gaps: TrackGaps  # between newer positions
    cells: TrackCells
    last_fixes: LastFixes
    visit_changes: list[VisitChange]
    presence: dict[PresenceKey, Visit | None]  # None: clear now
    alert_changes: list[AlertChange]
    commands: list[Command]
    rematches: Stretches  # for which crimes are to be matched again


def process_batch(batch: Batch, context: Context) -> Outcome:
    """Decide a batch. The outcome does not depend on how the stream was cut into batches."""
    order, in_order = _arrival_order(batch, context)
    fixes, slot = batch.fixes.take(order), batch.slot[order]
    activation, person, start_us = context.devices.wearers(slot, fixes.fix_time_us)
    points = context.projection.points(fixes.lon, fixes.lat)
    newer = np.flatnonzero(in_order.newer)
    before, before_that = _before(context.devices, slot[newer], fixes.take(newer), points.take(newer))
    flags = flags_of_fixes(fixes, context.limits)
    flags |= np.where(activation == NOBODY, PositionFlag.DEVICE_ON_NOBODY, 0)
    flags |= np.where(in_order.late, PositionFlag.LATE, 0)
    too_fast = _implied_speed(fixes.fix_time_us[newer], points.take(newer), before, context.limits)
    flags[newer] |= np.where(too_fast, PositionFlag.IMPLIED_SPEED, 0)
    rows = PositionRows(fixes, context.devices.device_id[slot], in_order.fix_key, flags, batch.partition[order])
    usable = usable_before(slot[newer], rows.take(newer), points.take(newer), context.devices.last_usable)
    worn = activation[newer] != NOBODY
    judged, start_us = newer[worn], start_us[newer[worn]]
    track = Track(
        rows=rows.take(judged),
        activation=activation[judged],
        person=person[judged],
        points=points.take(judged),
        before=before.take(worn).since(start_us),
        before_that=before_that.take(worn).since(start_us),
    )
    detection = detect(track, context.zones, context.presence, detection_limits(context.limits))
    gaps = gaps_of(slot[newer], rows.take(newer), usable.before)
    return Outcome(
        newer=rows.take(newer),
        older=rows.take(in_order.late | in_order.repeated),
        quarantined=rows.take(in_order.quarantined),
        gaps=TrackGaps.concatenate([gaps, coarse_of(rows.take(~in_order.quarantined))]),
        cells=cells_of(rows.take(newer), before, rows.take(in_order.late)),
        last_fixes=_last_fixes(slot[newer], rows.take(newer), points.take(newer), before, usable.newest),
        visit_changes=detection.changes,
        presence=detection.presence,
        alert_changes=decide(detection.changes),
        commands=commands_of_visits(detection.changes, context.zones),
        rematches=select_rematches(rows.take(newer), points.take(newer), before, gaps, context.scenes),
    )


def detection_limits(limits: ScreenLimits) -> DetectionLimits:
    return DetectionLimits(limits.implied_speed_limit_mps, limits.poor_accuracy_m)


@dataclass(frozen=True, slots=True)
class _InOrder:
    """Fixes by device and arrival, and what became of each; a fix has exactly one of the four marks."""

    slot: Integers
    fix_key: Integers
    newer: Booleans
    late: Booleans
    repeated: Booleans
    quarantined: Booleans


def _arrival_order(batch: Batch, context: Context) -> tuple[Integers, _InOrder]:
    """Sort by device and arrival, and mark each fix against the newest that arrived before it.

    A message is one arrival: the fixes of an array are taken in the order of their times. Being late is thus a fact
    of the stream, the same however it is cut into batches.
    """
    fixes, key = batch.fixes, fix_keys(batch.fixes)
    order = np.lexsort((key, fixes.fix_time_us, fixes.message_offset, batch.slot))
    slot, time_us, key = batch.slot[order], fixes.fix_time_us[order], key[order]
    quarantined = impossible_time(fixes, context.limits)[order]
    rank = _ranks(time_us, key)
    last_rank = _ranks_of_last(context.devices, slot, time_us, key, rank)
    before = np.maximum(_newest_before(slot, np.where(quarantined, -1, rank)), last_rank)
    newer = ~quarantined & (rank > before)
    repeated = ~quarantined & (rank == before)
    late = ~quarantined & (rank < before)
    return order, _InOrder(slot, key, newer, late, repeated, quarantined)


def _ranks(time_us: Integers, key: Integers) -> Integers:
    """Twice the dense rank of each (time, key), plus one: odd numbers, so that a rank can lie between two of them."""
    by_time = np.lexsort((key, time_us))
    fresh = np.ones(len(time_us), dtype=np.int64)
    fresh[1:] = (np.diff(time_us[by_time]) != 0) | (key[by_time][1:] != key[by_time][:-1])
    rank = np.empty(len(time_us), dtype=np.int64)
    rank[by_time] = 2 * np.cumsum(fresh) - 1
    return rank


def _ranks_of_last(devices: DeviceTable, slot: Integers, time_us: Integers, key: Integers, rank: Integers) -> Integers:
    """The rank of each device's last stored fix, as far as it decides against the fix at hand."""
    last_us, last_key = devices.last.fix_time_us[slot], devices.last_fix_key[slot]
    same = (time_us == last_us) & (key == last_key)
    after = (time_us > last_us) | ((time_us == last_us) & (key > last_key))
    return np.where(same, rank, np.where(after, -1, rank + 1))


def _newest_before(slot: Integers, rank: Integers) -> Integers:
    """The greatest rank among the earlier arrivals of the same device, -1 where there is none; sorted by slot."""
    if len(slot) == 0:
        return rank
    device = np.cumsum(np.concatenate([[0], np.diff(slot) != 0]))
    step_up = 2 * len(slot) + 4  # more than any rank, so that no device sees the one before it
    running = np.maximum.accumulate(rank + 1 + device * step_up)
    before = np.concatenate([[0], running[:-1]]) - device * step_up - 1
    return np.where(before < -1, -1, before)


def _before(devices: DeviceTable, slot: Integers, fixes: Fixes, points: Points) -> tuple[Earlier, Earlier]:
    """The position before each newer fix of its device, and the one before that; sorted by slot and time.

    A device's first in the batch has its last stored one before it.
    """
    here = _earlier(fixes, points)
    place = np.arange(len(slot))
    first = np.diff(slot, prepend=-1) != 0
    second = np.roll(first, 1) & ~first
    last, last_but_one = devices.last.take(slot), devices.last_but_one.take(slot)
    before = here.take(np.maximum(place - 1, 0)).or_else(last, first)
    before_that = here.take(np.maximum(place - 2, 0)).or_else(last, second).or_else(last_but_one, first)
    return before, before_that


def _earlier(fixes: Fixes, points: Points) -> Earlier:
    return Earlier(points, fixes.fix_time_us, fixes.accuracy_m, fixes.mechanism)


def _last_fixes(slot: Integers, rows: PositionRows, points: Points, before: Earlier, last_usable: Earlier) -> LastFixes:
    """Of each device the last one that was newer than all before it."""
    newest = np.flatnonzero(np.diff(slot, append=-1) != 0)
    here = _earlier(rows.fixes, points).take(newest)
    return LastFixes(slot[newest], rows.fix_key[newest], here, before.take(newest), last_usable)


def _implied_speed(fix_time_us: Integers, points: Points, before: Earlier, limits: ScreenLimits) -> Booleans:
    """Marks newer fixes too far from the one before, whoever wore the device then."""
    return implied_speed_exceeds(
        Moments(points.x, points.y, fix_time_us),
        Moments(before.points.x, before.points.y, before.fix_time_us),
        limits.implied_speed_limit_mps,
    )
