"""What of a batch is written of when each device was heard: once in a while for a device, not with each batch."""

from dataclasses import dataclass

import numpy as np

from geofence.columns import Floats, Integers
from ingest.devices import DeviceTable
from ingest.pipeline import Batch
from ingest.screen import ScreenLimits, impossible_time
from model.devices import NEVER_US
from model.enums import Mechanism
from store.heard import HeardRow


@dataclass(frozen=True, slots=True)
class HeardNews:
    """Arrays of the shape ``(k,)``, a slot at most once; NEVER_US and NaN stand for what the batch does not say."""

    slot: Integers
    received_us: Integers
    fix_us: Integers
    battery_pct: Floats
    battery_us: Integers


def select_heard(batch: Batch, devices: DeviceTable, limits: ScreenLimits, every_us: int) -> HeardNews:
    """The devices of which nothing was written for ``every_us``, with the newest that the batch says of each.

    A position by a cell tower, or at an impossible time, is a message and no fix. A fix of the future counts as of its
    receipt: a wrong clock must not hide that there are none any more.
    """
    rows = devices.heard_written_us[batch.slot] <= batch.fixes.received_us - every_us
    fixes = batch.fixes.take(rows)
    slot, place = np.unique(batch.slot[rows], return_inverse=True)
    at_us = np.minimum(fixes.fix_time_us, fixes.received_us)
    sound = ~impossible_time(fixes, limits)
    is_fix = sound & (fixes.mechanism != Mechanism.LBS)
    told = sound & ~np.isnan(fixes.battery_pct)
    battery_us = _newest(len(slot), place[told], at_us[told])
    battery_pct = np.full(len(slot), np.nan)
    newest = at_us[told] == battery_us[place[told]]
    battery_pct[place[told][newest]] = fixes.battery_pct[told][newest]
    return HeardNews(
        slot=slot,
        received_us=_newest(len(slot), place, fixes.received_us),
        fix_us=_newest(len(slot), place[is_fix], at_us[is_fix]),
        battery_pct=battery_pct,
        battery_us=battery_us,
    )


def heard_rows(news: HeardNews, device_id: Integers) -> list[HeardRow]:
    """As they are written; ``device_id`` is the column by slot."""
    return [
        HeardRow(
            device_id=device,
            last_received_us=received_us,
            last_fix_us=None if fix_us == NEVER_US else fix_us,
            battery_pct=None if battery_us == NEVER_US else battery_pct,
            battery_us=None if battery_us == NEVER_US else battery_us,
        )
        for device, received_us, fix_us, battery_pct, battery_us in zip(
            device_id[news.slot].tolist(),
            news.received_us.tolist(),
            news.fix_us.tolist(),
            news.battery_pct.tolist(),
            news.battery_us.tolist(),
            strict=True,
        )
    ]


def _newest(count: int, place: Integers, time_us: Integers) -> Integers:
    newest = np.full(count, NEVER_US, dtype=np.int64)
    np.maximum.at(newest, place, time_us)
    return newest
