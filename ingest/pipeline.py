"""From a batch of fixes to what must be written, without touching anything (pure).

``process_batch`` reads the worker's state and changes none of it: the worker applies the outcome only once it is
written, so a batch can be decided again after a fence, an edit of a zone, or a crash.
"""

from dataclasses import dataclass

import numpy as np

from alerts.decide import decide
from geofence.columns import Booleans, Fixes, Floats, Integers, Points, PositionRows
from geofence.presence import Crossing, Inside, Place, step
from geofence.projection import Projection
from geofence.zone_index import NOBODY, ZoneIndex
from ingest.devices import DeviceTable
from ingest.fix_key import fix_keys
from ingest.screen import Moments, ScreenLimits, flags_of_fixes, implied_speed_exceeds, impossible_time
from model.enums import PositionFlag
from model.visits import AlertChange, EvidencePosition, Visit

PresenceKey = tuple[int, int]
"""(activation id, zone id)"""


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
    presence: dict[int, dict[int, Visit]]  # open visits by activation id, then zone id
    limits: ScreenLimits


@dataclass(frozen=True, slots=True)
class LastFixes:
    """The newest position of each device in the batch, for the device table once the batch is written."""

    slot: Integers
    fix_time_us: Integers
    fix_key: Integers
    x: Floats
    y: Floats


@dataclass(frozen=True, slots=True)
class Outcome:
    newer: PositionRows  # newer than anything of their device: cannot be there already
    older: PositionRows  # late or repeated
    quarantined: PositionRows
    last_fixes: LastFixes
    visits: list[Visit]  # as they stand after the batch, each once
    presence: dict[PresenceKey, Visit | None]  # None: clear now
    alert_changes: list[AlertChange]


def process_batch(batch: Batch, context: Context) -> Outcome:
    """Decide a batch. The outcome does not depend on how the stream was cut into batches."""
    order, in_order = _arrival_order(batch, context)
    fixes, slot = batch.fixes.take(order), batch.slot[order]
    activation, person = context.devices.wearers(slot, fixes.fix_time_us)
    points = context.projection.points(fixes.lon, fixes.lat)
    newest = _newest(in_order)
    flags = flags_of_fixes(fixes, context.limits)
    flags |= np.where(activation == NOBODY, PositionFlag.DEVICE_ON_NOBODY, 0)
    flags |= np.where(in_order.late, PositionFlag.LATE, 0)
    flags |= np.where(_implied_speed(context, slot, points, fixes.fix_time_us, in_order), PositionFlag.IMPLIED_SPEED, 0)
    rows = PositionRows(fixes, context.devices.device_id[slot], in_order.fix_key, flags, batch.partition[order])
    judged = in_order.newer & (activation != NOBODY)
    crossings, presence = _judge(
        _Judged(rows.take(judged), activation[judged], person[judged], points.take(judged)), context
    )
    return Outcome(
        newer=rows.take(in_order.newer),
        older=rows.take(in_order.late | in_order.repeated),
        quarantined=rows.take(in_order.quarantined),
        last_fixes=LastFixes(
            slot[newest], fixes.fix_time_us[newest], in_order.fix_key[newest], points.x[newest], points.y[newest]
        ),
        visits=list({visit.visit_id: visit for _, visit in crossings}.values()),
        presence=presence,
        alert_changes=decide(crossings),
    )


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
    last_us, last_key = devices.last_fix_us[slot], devices.last_fix_key[slot]
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


def _newest(in_order: _InOrder) -> Integers:
    """Places of the newest position of each device: the last one that was newer than all before it."""
    newer = np.flatnonzero(in_order.newer)
    slot = in_order.slot[newer]
    is_last = np.ones(len(newer), dtype=bool)
    is_last[:-1] = slot[1:] != slot[:-1]
    return newer[is_last]


def _implied_speed(context: Context, slot: Integers, points: Points, time_us: Integers, in_order: _InOrder) -> Booleans:
    """Marks newer fixes too far from the one before; a device's first in the batch is held against its last stored."""
    newer = np.flatnonzero(in_order.newer)
    exceeds = np.zeros(len(slot), dtype=bool)
    if len(newer) == 0:
        return exceeds
    devices, slot, x, y = context.devices, slot[newer], points.x, points.y
    first = np.ones(len(newer), dtype=bool)
    first[1:] = slot[1:] != slot[:-1]
    before = np.roll(newer, 1)
    exceeds[newer] = implied_speed_exceeds(
        Moments(x[newer], y[newer], time_us[newer]),
        Moments(
            np.where(first, devices.last_x[slot], x[before]),
            np.where(first, devices.last_y[slot], y[before]),
            np.where(first, devices.last_fix_us[slot], time_us[before]),
        ),
        context.limits.implied_speed_limit_mps,
    )
    return exceeds


@dataclass(frozen=True, slots=True)
class _Judged:
    """The positions that presence is stepped through, by device and in the order of their fix times."""

    rows: PositionRows
    activation: Integers
    person: Integers
    points: Points


def _judge(judged: _Judged, context: Context) -> tuple[list[tuple[Crossing, Visit]], dict[PresenceKey, Visit | None]]:
    """Step presence through every (activation, zone) that a position touches or that was not clear before."""
    hits = _hits(judged, context.zones)
    runs = _runs(judged.activation)
    touched = hits.keys() | {
        (activation_id, zone_id) for activation_id in runs for zone_id in context.presence.get(activation_id, ())
    }
    crossings: list[tuple[Crossing, Visit]] = []
    presence: dict[PresenceKey, Visit | None] = {}
    for activation_id, zone_id in sorted(touched):
        run = runs[activation_id]
        place = Place(activation_id, zone_id, int(judged.person[run.start]))
        before = context.presence.get(activation_id, {}).get(zone_id)
        presence[activation_id, zone_id] = _walk(
            place, before, run, judged.rows.fixes.fix_time_us, hits.get((activation_id, zone_id), {}), crossings
        )
    return crossings, presence


def _walk(
    place: Place,
    visit: Visit | None,
    run: range,
    fix_time_us: Integers,
    hits: dict[int, Inside],
    crossings: list[tuple[Crossing, Visit]],
) -> Visit | None:
    """Step one place through its run of positions; the crossings are appended, the open visit is returned."""
    for at in run:
        inside = hits.get(at)
        if inside is None and visit is None:
            continue
        stepped = step(place, visit, int(fix_time_us[at]), inside)
        if stepped.crossing is not None and stepped.visit is not None:
            crossings.append((stepped.crossing, stepped.visit))
        visit = None if stepped.crossing is Crossing.LEFT else stepped.visit
    return visit


def _hits(judged: _Judged, zones: ZoneIndex) -> dict[PresenceKey, dict[int, Inside]]:
    """Positions inside a zone, by (activation, zone) and place in the batch."""
    found = zones.match(judged.person, judged.points, judged.rows.fixes.fix_time_us)
    depth_m = zones.depth_m(found.row, judged.points.take(found.position))
    hits: dict[PresenceKey, dict[int, Inside]] = {}
    for at, row, depth in zip(found.position.tolist(), found.row.tolist(), depth_m.tolist(), strict=True):
        version = zones.version(row)
        key = (int(judged.activation[at]), version.zone_id)
        hits.setdefault(key, {})[at] = Inside(_evidence(judged.rows, at, depth), version.version, version.kind)
    return hits


def _evidence(rows: PositionRows, at: int, depth_m: float) -> EvidencePosition:
    accuracy_m = float(rows.fixes.accuracy_m[at])
    return EvidencePosition(
        device_id=int(rows.device_id[at]),
        fix_time_us=int(rows.fixes.fix_time_us[at]),
        fix_key=int(rows.fix_key[at]),
        received_us=int(rows.fixes.received_us[at]),
        lat=float(rows.fixes.lat[at]),
        lon=float(rows.fixes.lon[at]),
        accuracy_m=None if np.isnan(accuracy_m) else accuracy_m,
        mechanism=int(rows.fixes.mechanism[at]),
        flags=int(rows.flags[at]),
        depth_m=depth_m,
    )


def _runs(activation: Integers) -> dict[int, range]:
    """The places of each activation: together, because fixes are sorted by device and a device has one at a time."""
    if len(activation) == 0:
        return {}
    starts = np.flatnonzero(np.concatenate([[True], activation[1:] != activation[:-1]])).tolist()
    ends = [*starts[1:], len(activation)]
    return {int(activation[start]): range(start, end) for start, end in zip(starts, ends, strict=True)}
